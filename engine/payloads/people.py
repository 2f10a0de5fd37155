"""Friends, groups, messages, consent, service tickets and complaints."""

from __future__ import annotations

from engine.payloads.fields import Payload, Whole


class FriendRequestSent(Payload, kw_only=True, gc=False):
    """Data of `friend.request_sent` · `friend.request_received`."""

    request_id: str
    contact_id: str | None = None
    add_way: str | None = None
    message_hash: str | None = None
    device_id: str | None = None


class FriendRequestDecided(Payload, kw_only=True, gc=False):
    """Data of `friend.request_decided`."""

    request_id: str
    decision: str
    contact_id: str | None = None


class FriendRemoved(Payload, kw_only=True, gc=False):
    """Data of `friend.removed`."""

    contact_id: str
    by: str
    blocked: bool = False


class FriendCountSnapshot(Payload, kw_only=True, gc=False):
    """Data of `friend.count_snapshot`."""

    count: Whole
    scope: str | None = None


class GroupCreated(Payload, kw_only=True, gc=False):
    """Data of `group.created` · `group.snapshot`."""

    group_id: str
    members: Whole | None = None


class GroupMemberJoined(Payload, kw_only=True, gc=False):
    """Data of `group.member_joined` · `group.member_left` · `group.welcome_sent`."""

    group_id: str
    contact_id: str


class GroupDismissed(Payload, kw_only=True, gc=False):
    """Data of `group.dismissed` · `group.qr_issued`."""

    group_id: str


class MessageReceived(Payload, kw_only=True, gc=False):
    """Data of `message.received` · `message.sent`."""

    conversation_id: str
    message_id: str | None = None
    chat: str | None = None
    content: str | None = None
    payment_code_id: str | None = None
    group_id: str | None = None
    group_age_days: Whole | None = None
    stranger_ratio_bp: Whole | None = None
    vip: bool = False
    is_marketing: bool = False
    contact_id: str | None = None
    text: str | None = None


class MessageOpened(Payload, kw_only=True, gc=False):
    """Data of `message.opened`."""

    message_id: str


class MessageIntent(Payload, kw_only=True, gc=False):
    """Data of `message.intent`."""

    intent: str
    kb_entry_id: str | None = None


class BotReplied(Payload, kw_only=True, gc=False):
    """Data of `bot.replied`."""

    conversation_id: str
    latency_ms: Whole


class CsatRecorded(Payload, kw_only=True, gc=False):
    """Data of `csat.recorded`."""

    channel: str
    satisfied: bool


class CsatSurveySent(Payload, kw_only=True, gc=False):
    """Data of `csat.survey_sent`."""

    owner_id: str


class TicketOpened(Payload, kw_only=True, gc=False):
    """Data of `ticket.opened` · `ticket.resolved`."""

    ticket_id: str
    kind: str | None = None
    refused: bool = False


class ComplaintOpened(Payload, kw_only=True, gc=False):
    """Data of `complaint.opened` · `complaint.replied`."""

    complaint_id: str
    transaction_id: str | None = None


class ConsentGranted(Payload, kw_only=True, gc=False):
    """Data of `consent.granted` · `consent.withdrawn`."""

    contact_id: str
    scope: str | None = None
    consent_id: str | None = None


class ContactProfileUpdated(Payload, kw_only=True, gc=False):
    """Data of `contact.profile_updated`."""

    contact_id: str
    age_band: str | None = None


class ContactErased(Payload, kw_only=True, gc=False):
    """Data of `contact.erased`."""

    contact_id: str
    data_class: str | None = None


class ListedPartyAdded(Payload, kw_only=True, gc=False):
    """Data of `listed_party.added` · `listed_party.removed`."""

    party_id: str
    list: str
