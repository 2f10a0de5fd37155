"""Deadlines: what is raised when the clock passes and nothing came, and what a late answer takes back."""

from __future__ import annotations

import pytest

from engine.fold import Settings
from tests.engine.driving import brief, event, fed, program, stands, tick
from tests.engine.soundness import check
from tests.logs.arrival import Line

# SLA-01: a customer's message is answered within three minutes of business time (warn), five (critical).
RULES = program("SLA-01")


def asked(name: str, at: str, arrives: str = "", chat: str = "V") -> Line:
    return event(name, "message.received", at, arrives, conversation_id=chat, chat="direct")


def answered(name: str, at: str, arrives: str = "", chat: str = "V") -> Line:
    return event(name, "message.sent", at, arrives, conversation_id=chat)


Said = list[tuple[str, str, str]]
WARNED: Said = [("raised", "warn", "q")]
BOTH: Said = [*WARNED, ("escalated", "critical", "q")]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        pytest.param([asked("q", "10:00"), tick("10:03")], [], id="at the deadline nothing is missed"),
        pytest.param([asked("q", "10:00"), tick("10:03:01")], WARNED, id="past it, it is"),
        pytest.param([asked("q", "10:00"), tick("10:05:01")], BOTH, id="past both"),
        pytest.param([asked("q", "10:00"), answered("a", "10:03"), tick("10:30")], [],
                     id="an answer at the deadline is in time"),
        pytest.param([asked("q", "10:00"), answered("a", "10:03:01"), tick("10:30")], WARNED,
                     id="a second later it is not, and ends what would follow"),
        pytest.param([asked("q", "10:00"), answered("a", "10:05:01"), tick("10:30")], BOTH,
                     id="an answer too late for either"),
        pytest.param([asked("q", "10:00"), answered("a", "10:01", chat="W"), tick("10:04")], WARNED,
                     id="another chat's answer"),
        pytest.param([answered("a", "09:59"), asked("q", "10:00"), tick("10:04")], WARNED,
                     id="an answer before the question"),
        pytest.param([asked("q", "10:00"), asked("r", "10:02"), tick("10:10")], BOTH,
                     id="one question waits for one answer"),
        pytest.param([asked("q", "10:00"), answered("a", "10:01"), asked("r", "10:02"), tick("10:06")],
                     [("raised", "warn", "r")], id="answered, the next question waits anew"),
    ],
)  # fmt: skip
def test_what_is_missed(log: list[Line], said: Said) -> None:
    run = fed(log, RULES)
    check(run.engine)
    assert brief(run.records) == said


@pytest.mark.parametrize(
    ("log", "said"),
    [
        pytest.param([asked("q", "10:00"), tick("10:04"), answered("a", "10:02", "10:10")],
                     [*WARNED, ("retracted", "warn", "q")], id="it had been in time: retracted"),
        pytest.param([asked("q", "10:00"), tick("10:06"), answered("a", "10:04", "10:10")],
                     [*BOTH, ("lowered", "warn", "q")], id="it had come between the two: lowered"),
        pytest.param([asked("q", "10:00"), tick("10:06"), answered("a", "10:07", "10:10")], BOTH,
                     id="it was too late anyhow"),
        pytest.param([asked("q", "10:00"), answered("a", "10:02", "10:30"), tick("11:00")], [],
                     id="it moves the clock past the deadline itself"),
        pytest.param([asked("q", "10:00"), answered("a", "10:03:30", "10:03:40"), tick("11:00")], WARNED,
                     id="an answer later than the deadline while the clock was still before it"),
        pytest.param([answered("a", "10:02"), asked("q", "10:00", "10:10")], [],
                     id="the question is late, the answer was there"),
        pytest.param([tick("10:10"), asked("q", "10:00", "10:10")], [("raised", "critical", "q")],
                     id="the question is later than its deadlines: one record"),
        pytest.param([asked("r", "10:02"), tick("10:06"), asked("q", "10:00", "10:10")],
                     [("raised", "warn", "r"), ("retracted", "warn", "r"), ("raised", "critical", "q")],
                     id="an earlier question takes the place of the one that waited"),
    ],
)  # fmt: skip
def test_what_a_late_event_changes(log: list[Line], said: Said) -> None:
    run = fed(log, RULES)
    check(run.engine)
    assert brief(run.records) == said
    ordered = sorted(({**line, "receivedtime": line["time"]} for line in log), key=lambda line: line["time"])
    end = max(line["receivedtime"] for line in log)
    last = {**tick("10:00", "end"), "time": end, "receivedtime": end}
    assert stands(run.engine) == stands(fed([*ordered, last], RULES).engine)


def test_business_hours_end_at_night() -> None:
    """Half a minute before closing, the other two and a half minutes run from the opening of the next day."""
    run = fed([asked("q", "d1 21:59:30"), tick("d2 09:02:30")], RULES)
    assert run.records == []
    (warned,) = run.feed([tick("d2 09:02:31", "past")]).records
    assert warned.at == "2026-03-10T09:02:30+08:00"
    assert warned.window == {
        "kind": "deadline",
        "start": "2026-03-09T21:59:30+08:00",
        "end": "2026-03-10T09:04:30+08:00",
    }


# --- ladders ---------------------------------------------------------------------------------------------------------

LADDER = program("QUA-01")
ISSUED = event("q", "qualification.issued", "2027-06-01 10:00", account=None, qual_id="Q1", qual_type="food_licence",
               owner_id="O1", valid_from="2027-06-01", valid_to="2028-02-29")  # fmt: skip
RUNGS = [
    ("2027-12-01", "info"), ("2027-12-31", "info"), ("2028-01-30", "warn"), ("2028-02-22", "critical"),
    ("2028-03-01", "critical"),
]  # fmt: skip


def renewed(at: str, arrives: str = "", supersedes: str = "Q1") -> Line:
    return event("r", "qualification.renewed", at, arrives, account=None, qual_id="Q2", qual_type="food_licence",
                 owner_id="O1", valid_from="2028-02-01", valid_to="2099-02-01", supersedes=supersedes)  # fmt: skip


def rungs(log: list[Line], settings: Settings = Settings()) -> list[tuple[str, str]]:  # noqa: B008  # frozen
    """Return day and level of each alert of the ladder that stands."""
    run = fed(log, LADDER, settings)
    return sorted((each["at"][:10], each["level"]) for each in stands(run.engine))


def test_every_rung_is_an_alert_at_its_own_midnight() -> None:
    run = fed([ISSUED, tick("2028-03-02 00:00")], LADDER)
    assert [(record.at, record.level, record.state) for record in run.records] == [
        (f"{day}T00:00:00+08:00", level, "raised") for day, level in RUNGS
    ]
    assert len({record.id for record in run.records}) == len(RUNGS)


@pytest.mark.parametrize(
    ("at", "count"),
    [
        ("2027-12-01 00:00", 0),
        ("2027-12-01 00:00:01", 1),
        ("2028-02-29 23:59", 4),
        ("2028-03-01 00:00:01", 5),
    ],
    ids=["a clock that stands at a rung", "a second later", "the last valid day is valid", "the day after"],
)
def test_a_rung_is_reached_once_the_clock_is_past_it(at: str, count: int) -> None:
    assert rungs([ISSUED, tick(at)]) == RUNGS[:count]


@pytest.mark.parametrize(
    ("log", "count"),
    [
        pytest.param([ISSUED, renewed("2028-02-10 10:00")], 3,
                     id="a renewal ends the ladder where it stands"),
        pytest.param([ISSUED, renewed("2028-02-10 10:00", supersedes="Q9")], 5,
                     id="another licence's renewal does not"),
        pytest.param([ISSUED, tick("2028-02-22 09:00"), renewed("2028-02-21 23:00", "+1d 12:00")], 3,
                     id="a renewal heard of a day later takes the rung back"),
        pytest.param([ISSUED, tick("2028-02-22 09:00"), renewed("2028-02-22 08:00", "+0d 12:00")], 4,
                     id="one that came after the rung lets it stand"),
        pytest.param([ISSUED, event("x", "qualification.revoked", "2028-01-01 10:00", account=None, qual_id="Q1")], 2,
                     id="a revocation ends it"),
    ],
)  # fmt: skip
def test_a_ladder_ends(log: list[Line], count: int) -> None:
    assert rungs([*log, tick("2028-03-02 00:00", "end")]) == RUNGS[:count]


@pytest.mark.parametrize(
    ("at", "first"),
    [("2027-12-20 10:00", 1), ("2028-02-25 10:00", 4)],
    ids=["rungs that were past when it was armed are skipped", "in the last week only the day after is left"],
)
def test_a_ladder_begins_where_it_is_armed(at: str, first: int) -> None:
    late = {**ISSUED, "time": tick(at)["time"], "receivedtime": tick(at)["time"]}
    assert rungs([late, tick("2028-03-02 00:00", "end")]) == RUNGS[first:]


def test_a_ladder_that_lies_wholly_in_the_past_speaks_at_once() -> None:
    late = {
        **ISSUED,
        "time": tick("2028-03-05 10:00")["time"],
        "receivedtime": tick("2028-03-05 10:00")["time"],
    }
    assert brief(fed([late], LADDER).records) == [("raised", "critical", "q")]


def verified(name: str, at: str, until: str, arrives: str = "") -> Line:
    return event(name, "account.verified", at, arrives, verified_until=until)


def test_what_an_obligation_said_stands_when_it_has_been_forgotten() -> None:
    """Its rung stands at the instant of the event that ended it; a late event then reads the key's truth again."""
    log = [
        verified("a", "d1 23:59:59", "2026-03-09"),
        verified("b", "d2 00:00", "2026-05-08"),
        tick("d3 04:00", "past lateness"),
        verified("late", "d2 15:00", "2026-05-20", "+1d 06:00"),
    ]
    run = fed(log, program("QUA-07"))
    assert brief(run.records) == [("raised", "critical", "a")]


def test_two_verifications_that_speak_at_one_instant_speak_in_their_order() -> None:
    """The second is given at the very instant of a rung of the first; the first may come late."""
    night, midnight = "2026-03-24T23:00:00+08:00", "2026-03-25T00:00:00+08:00"  # A week before the end.
    registered = event("r", "account.registered", "d1 00:00", kind="merchant_ordinary", owner_id="O1")
    first, second = (
        event(name, "account.verified", "d1 00:00", verified_until="2026-04-01") for name in "ab"
    )
    second |= {"time": midnight, "receivedtime": midnight}
    for heard in (night, "2026-03-25T14:00:00+08:00"):
        first |= {"time": night, "receivedtime": heard}
        log = sorted([registered, first, second], key=lambda line: str(line["receivedtime"]))
        said = stands(fed([*log, tick("d60 00:00")], program("QUA-07")).engine)
        assert next(each["trigger"]["id"] for each in said if each["at"] == midnight) == "a", heard
