"""The payload fields of every event type, transcribed from the contract, and the check of one payload against them.

`name*` is required; after a colon stands the kind of value (a text where nothing is said); `=false` and the like give
the value of an absent field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracle.instants import micros

_TABLE = """
payment.received: transaction_id* amount_fen*:int payer_id* currency=CNY method code_id code_kind
  face_to_face:bool order_id
  product_id category fee_fen:int cross_border:bool=false cash:bool=false
payment.refunded: refund_id* transaction_id* amount_fen*:int to_payer_id reason
payout.sent: payout_id* amount_fen*:int payee_id kind
settlement.posted: settlement_id* transaction_ids*:list amount_fen*:int fee_fen:int rate_bp:int
settlement.cycle_changed: old_days*:int new_days*:int
fund.frozen fund.released: case_id* amount_fen:int reason
appeal.submitted: case_id*
order.created: order_id* total_fen:int buyer_id counterparty_id b2b:bool=false instalment_plan_id contract_id
inventory.moved: movement_id* order_id product_id quantity*:int
invoice.requested invoice.issued: invoice_id* order_id amount_fen:int
tax.filed: period* tax
platform.income_reported: period* amount_fen*:int
friend.request_sent friend.request_received: request_id* contact_id add_way message_hash device_id
friend.request_decided: request_id* decision* contact_id
friend.removed: contact_id* by* blocked:bool=false
friend.count_snapshot: count*:int scope
group.created group.snapshot: group_id* members:int
group.member_joined group.member_left group.welcome_sent: group_id* contact_id*
group.dismissed group.qr_issued: group_id*
message.received message.sent: conversation_id* message_id chat content payment_code_id group_id
  group_age_days:int
  stranger_ratio_bp:int vip:bool=false is_marketing:bool=false contact_id text
message.opened: message_id*
message.intent: intent* kb_entry_id
bot.replied: conversation_id* latency_ms*:int
post.published: post_id* channel* media chars:int lines:int images:int image_width_px:int image_height_px:int
  content_hash
  simhash:simhash text sponsored:bool=false ad_label:bool=false has_buy_link:bool=false
  has_chat_screenshot:bool=false
  consent_id category product_id audience_min_age:int key_info_ms:int
post.removed: post_id*
post.metrics_snapshot: post_id* kind reach*:int opens:int interactions:int conversions:int
broadcast.sent: broadcast_id* kind* audience:int contact_ids:list is_marketing:bool=false text
promo.started promo.ended: promo_id* sku*
koc.commission_set: koc_id* rate_bp*:int depth:int basis contract_id
review.posted: review_id* order_id payer_id sku stars:int by_staff:bool=false
product.listed: product_id* category* device_class:int qual_ids:list
app.launched: app_id* icp_no
ad.spend: channel* spend_fen*:int impressions*:int
lead.converted: channel* leads*:int converted*:int
login.attempted: result* failure_reason method ip ip_hash device_id lat:float lon:float acc_km:float city
  country carrier asn asn_type
  net_type ua_browser ua_os ua_type operator_id
session.started session.ended: session_id* device_id city lat:float lon:float
device.registered: device_id* managed*:bool owner_id
device.integrity_reported: device_id* emulator:bool=false hooked:bool=false multi_open:bool=false
credential.changed: kind
data.exported: actor_id* records*:int
security.review_done: owner_id*
owner.registered: owner_id* kind* registered*:bool vat_status*
account.registered: kind* owner_id* staff_id opened_at:instant
account.verified: verified_until*:date
account.restricted account.unrestricted account.closed: case_id reason
matrix.registered: operator_id* device_id purpose
staff.onboarded staff.offboarded: staff_id* owner_id
customer.transferred: from_staff_id* to_staff_id* customers:any
qualification.issued qualification.renewed: qual_id* qual_type* owner_id* licence_no_hash scope:list
  valid_from*:date
  valid_to:date term_years:int supersedes
qualification.revoked qualification.displayed qualification.renewal_filed: qual_id*
license.annual_report_filed: owner_id* year*:int
limit_profile.set limit_profile.reviewed: limit* value:any unit account owner_id source
live.started live.heartbeat live.ended live.recording_stored: live_id* host_id host_birth_date:date
  guardian_consent:bool=false ai_generated:bool=false ai_labelled:bool=false
live.transcript: live_id* text*
csat.recorded: channel* satisfied*:bool
csat.survey_sent: owner_id*
ticket.opened ticket.resolved: ticket_id* kind refused:bool=false
complaint.opened complaint.replied: complaint_id* transaction_id
consent.granted consent.withdrawn: contact_id* scope consent_id
contact.profile_updated: contact_id* age_band
contact.erased: contact_id* data_class
listed_party.added listed_party.removed: party_id* list*
connector.heartbeat: connector_id*
clock.tick:
rule.changed: rule* ruleset* author* approver
override.set: limit* value*:any author* approver* account owner_id until reason
correction.requested: by* reason
audit.queried: by* query*
subject.erased: subject* by* reason*
alert.acknowledged alert.resolved alert.reopened: alert_id* by* reason record:int
alert.assigned: alert_id* by* reason record:int assignee
alert.snoozed: alert_id* by* reason record:int until:instant
suppression.added suppression.ended: rule* key*:any until author* approver* reason
audit.verified: log_id* ok*:bool
alert.raised: alert_id* rule* level*
expectation.met expectation.missed: rule* waited:int
"""
_FIELD = re.compile(r"(?P<name>\w+)(?P<required>\*?)(?::(?P<kind>\w+))?(?:=(?P<default>\w+))?")
GREATEST_INT = (1 << 53) - 1  # JSON integers beyond are not exact everywhere.


@dataclass(frozen=True, slots=True)
class Field:
    """One payload field."""

    name: str
    required: bool
    kind: str
    default: bool | str | None


def _fields(line: str) -> dict[str, Field]:
    fields = {}
    for word in line.split():
        match = _FIELD.fullmatch(word)
        assert match is not None, word
        default: bool | str | None = match["default"]
        if default == "false":
            default = False
        fields[match["name"]] = Field(
            match["name"], bool(match["required"]), match["kind"] or "text", default
        )
    return fields


def _table() -> dict[str, dict[str, Field]]:
    types = {}
    for line in _TABLE.replace("\n  ", " ").strip().splitlines():
        names, _, fields = line.partition(":")
        for name in names.split():
            types[name] = _fields(fields)
    return types


PAYLOADS: dict[str, dict[str, Field]] = _table()
FIELD_NAMES = frozenset(name for fields in PAYLOADS.values() for name in fields)


def flaw(kind: str, data: dict[str, Any]) -> str:
    """Name the first field of a payload that cannot be read; "" where all can, or the type is unknown."""
    for field in PAYLOADS.get(kind, {}).values():
        value = data.get(field.name)
        if value is None:
            if field.required:
                return field.name
        elif not _fits(field.kind, value):
            return field.name
    return ""


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "int":
            return type(value) is int and abs(value) <= GREATEST_INT
        case "float":
            return type(value) in (int, float)
        case "bool":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "any":
            return True
    return isinstance(value, str) and _reads(kind, value)


def _reads(kind: str, text: str) -> bool:
    try:
        if kind == "date":
            return date.fromisoformat(text).isoformat() == text
        if kind == "instant":
            return micros(text) >= 0
    except ValueError:
        return False
    return kind != "simhash" or re.fullmatch(r"[0-9a-fA-F]{16}", text) is not None
