"""Stories of papers: licences and verifications; their dates are in the registers, and time does the rest."""

from __future__ import annotations

from streams.sources.shops.happenings import pay
from streams.sources.shops.moments import MINUTE
from streams.sources.shops.scene import Scene


def expired_licence(scene: Scene) -> None:
    """Food is sold the day after the licence's last day."""
    merchant = scene.merchant
    for place in range(3):
        moment = scene.at("08:20") + place * 50 * MINUTE
        pay(scene, merchant, moment, 36_00, scene.payer(), method="jsapi", category=scene.shop.category)
