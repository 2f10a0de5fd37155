"""Posts, broadcasts, offers, commissions, reviews, products, advertising and live streams."""

from __future__ import annotations

from engine.payloads.fields import Amount, Day, Payload, Simhash, Whole


class PostPublished(Payload, kw_only=True, gc=False):
    """Data of `post.published`."""

    post_id: str
    channel: str
    media: str | None = None
    chars: Whole | None = None
    lines: Whole | None = None
    images: Whole | None = None
    image_width_px: Whole | None = None
    image_height_px: Whole | None = None
    content_hash: str | None = None
    simhash: Simhash | None = None
    text: str | None = None
    sponsored: bool = False
    ad_label: bool = False
    has_buy_link: bool = False
    has_chat_screenshot: bool = False
    consent_id: str | None = None
    category: str | None = None
    product_id: str | None = None
    audience_min_age: Whole | None = None
    key_info_ms: Whole | None = None


class PostRemoved(Payload, kw_only=True, gc=False):
    """Data of `post.removed`."""

    post_id: str


class PostMetricsSnapshot(Payload, kw_only=True, gc=False):
    """Data of `post.metrics_snapshot`."""

    post_id: str
    kind: str | None = None
    reach: Whole
    opens: Whole | None = None
    interactions: Whole | None = None
    conversions: Whole | None = None


class BroadcastSent(Payload, kw_only=True, gc=False):
    """Data of `broadcast.sent`."""

    broadcast_id: str
    kind: str
    audience: Whole | None = None
    contact_ids: list[str] | None = None
    is_marketing: bool = False
    text: str | None = None


class PromoStarted(Payload, kw_only=True, gc=False):
    """Data of `promo.started` · `promo.ended`."""

    promo_id: str
    sku: str


class KocCommissionSet(Payload, kw_only=True, gc=False):
    """Data of `koc.commission_set`."""

    koc_id: str
    rate_bp: Whole
    depth: Whole | None = None
    basis: str | None = None
    contract_id: str | None = None


class ReviewPosted(Payload, kw_only=True, gc=False):
    """Data of `review.posted`."""

    review_id: str
    order_id: str | None = None
    payer_id: str | None = None
    sku: str | None = None
    stars: Whole | None = None
    by_staff: bool = False


class ProductListed(Payload, kw_only=True, gc=False):
    """Data of `product.listed`."""

    product_id: str
    category: str
    device_class: Whole | None = None
    qual_ids: list[str] | None = None


class AppLaunched(Payload, kw_only=True, gc=False):
    """Data of `app.launched`."""

    app_id: str
    icp_no: str | None = None


class AdSpend(Payload, kw_only=True, gc=False):
    """Data of `ad.spend`."""

    channel: str
    spend_fen: Amount
    impressions: Whole


class LeadConverted(Payload, kw_only=True, gc=False):
    """Data of `lead.converted`."""

    channel: str
    leads: Whole
    converted: Whole


class LiveStarted(Payload, kw_only=True, gc=False):
    """Data of `live.started` · `live.heartbeat` · `live.ended` · `live.recording_stored`."""

    live_id: str
    host_id: str | None = None
    host_birth_date: Day | None = None
    guardian_consent: bool = False
    ai_generated: bool = False
    ai_labelled: bool = False


class LiveTranscript(Payload, kw_only=True, gc=False):
    """Data of `live.transcript`."""

    live_id: str
    text: str
