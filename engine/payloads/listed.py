"""Fields whose values the contract lists. Platforms add new ones: a value outside a list is kept, and counted."""

from __future__ import annotations

from typing import Final, TypeAlias

_Lists: TypeAlias = dict[str, tuple[str, ...]]

_MESSAGE: Final[_Lists] = {
    "chat": ("direct", "group", "service"),
    "content": ("text", "payment_code", "other"),
}
_TICKET: Final[_Lists] = {"kind": ("return", "refund", "other")}
_CONSENT: Final[_Lists] = {"scope": ("marketing", "testimonial", "guardian")}

LISTED: Final[dict[str, _Lists]] = {
    "payment.received": {
        "method": ("code", "transfer", "red_packet", "group_collect", "jsapi", "native", "h5", "mini", "app"),
        "code_kind": ("personal_static", "personal_dynamic", "business_individual", "merchant"),
    },
    "payout.sent": {"kind": ("withdraw", "transfer", "commission", "red_packet")},
    "friend.request_decided": {"decision": ("accepted", "rejected", "expired")},
    "friend.removed": {"by": ("self", "peer")},
    "friend.count_snapshot": {"scope": ("member", "organisation")},
    "message.received": _MESSAGE,
    "message.sent": _MESSAGE,
    "post.published": {
        "channel": ("moments", "official", "video", "live", "group"),
        "media": ("text", "image", "video"),
    },
    "post.metrics_snapshot": {"kind": ("moments", "article", "video")},
    "broadcast.sent": {"kind": ("subscription", "service", "template", "wecom")},
    "koc.commission_set": {"basis": ("sale", "recruit")},
    "login.attempted": {
        "result": ("success", "failure"),
        "asn_type": ("residential", "mobile", "hosting", "proxy", "tor"),
    },
    "owner.registered": {
        "kind": ("natural", "individual_business", "enterprise"),
        "vat_status": ("none", "small_monthly", "small_quarterly", "general"),
    },
    "account.registered": {
        "kind": (
            "personal", "subscription", "service", "wecom_member", "mini_program", "merchant_ordinary",
            "merchant_special", "video_channel", "wechat_shop",
        ),
    },
    "csat.recorded": {"channel": ("private", "group", "mini")},
    "ticket.opened": _TICKET,
    "ticket.resolved": _TICKET,
    "consent.granted": _CONSENT,
    "consent.withdrawn": _CONSENT,
}  # fmt: skip
