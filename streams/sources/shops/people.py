"""Stories of people: friend requests, contacts, posts, messages."""

from __future__ import annotations

from streams.sources.shops.happenings import WECOM, answer, ask, post, receive_request, request_friend
from streams.sources.shops.ledger import Data
from streams.sources.shops.moments import HOUR, MINUTE, SECOND
from streams.sources.shops.scene import Scene


def requests_all_day(scene: Scene) -> None:
    """Twenty-four friend requests, well spread from morning to night."""
    for place in range(24):
        moment = scene.at("08:00") + place * 34 * MINUTE
        request_friend(scene, scene.personal[0], moment)


def request_burst(scene: Scene) -> None:
    """Sixteen requests with one greeting within eight minutes."""
    for place in range(16):
        moment = scene.at("19:30") + place * 30 * SECOND
        request_friend(scene, scene.personal[1], moment, greeting="greeting-template")


def new_member_adds(scene: Scene) -> None:
    """Tell how a staff account twelve days old sends forty-two requests within an hour."""
    member = scene.shop.of_kind("wecom_member")[1]
    for place in range(42):
        request_friend(scene, member, scene.at("14:00") + place * 80 * SECOND)


def customers_stream_in(scene: Scene) -> None:
    """After a live show two hundred customers add one staff account, sixty-two of them a new one within a minute."""
    first, young = scene.shop.of_kind("wecom_member")
    for place in range(205):
        receive_request(scene, first, scene.at("20:00") + place * 40 * SECOND)
    for place in range(62):
        moment = scene.at("20:30") + place * 900
        receive_request(scene, young, moment)


def contact_cap(scene: Scene) -> None:
    """Tell of the nightly count of contacts: 4,730 on one account."""
    moment = scene.at("03:00") + scene.rng.randint(0, 59) * SECOND
    scene.write("friend.count_snapshot", moment, scene.personal[0], {"count": 4_730}, source=WECOM)


def clean_up(scene: Scene) -> None:
    """Tell of a hundred and four contacts removed in one evening."""
    for place in range(104):
        data: Data = {"contact_id": scene.rng.choice(scene.shop.contacts), "by": "self"}
        moment = scene.at("21:00") + place * 20 * SECOND
        scene.write("friend.removed", moment, scene.personal[1], data, source=WECOM)


def posting_spree(scene: Scene) -> None:
    """Tell of a slow day: six posts within half an hour, and five more until night."""
    for place in range(6):
        post(scene, scene.personal[2], scene.at("12:00") + place * 5 * MINUTE)
    for place in range(5):
        post(scene, scene.personal[2], scene.at("15:30") + place * HOUR)


def matrix_text(scene: Scene) -> None:
    """One text from all three accounts within minutes, and once more from the first."""
    content = f"{scene.rng.getrandbits(64):016x}"
    for place, account in enumerate((*scene.personal[:3], scene.personal[0])):
        post(scene, account, scene.at("18:10") + place * 7 * MINUTE, content_hash=content)


def clumsy_posts(scene: Scene) -> None:
    """Tell of a wall of text, and a post of five small pictures."""
    account = scene.personal[1]
    post(scene, account, scene.at("10:40"), chars=231, lines=9)
    post(scene, account, scene.at("16:20"), images=5, image_width_px=800, image_height_px=600)


def unanswered(scene: Scene) -> None:
    """Tell how a question at lunch waits nine minutes, one in the evening for ever."""
    account = scene.personal[0]
    lunch, evening = scene.number("talk"), scene.number("talk")
    ask(scene, account, scene.at("12:31"), lunch)
    answer(scene, account, scene.at("12:40"), lunch)
    ask(scene, account, scene.at("21:40"), evening)


def answer_arrives_late(scene: Scene) -> None:
    """Tell how an answer given within a minute arrives an hour later: what was raised meanwhile is taken back."""
    account, conversation = scene.personal[0], scene.number("talk")
    ask(scene, account, scene.at("15:10"), conversation)
    answer(scene, account, scene.at("15:10:50"), conversation, delay=HOUR)
