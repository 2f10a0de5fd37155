"""The bench log has the mix, the order and the lateness its parameters say."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from bench.lines import Shape
from bench.log import Parameters, lines

SMALL = Parameters(events=20_000, accounts=500, owners=100, registered=500, days=5)


def decoded(parameters: Parameters) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(parameters)]


def seconds(event: dict[str, Any], name: str = "time") -> float:
    return datetime.fromisoformat(event.get(name, event["time"])).timestamp()


def test_the_same_parameters_give_the_same_bytes() -> None:
    assert list(lines(SMALL)) == list(lines(SMALL))


@pytest.mark.parametrize("events", [1, 699, 700, 701, 5_000])
def test_the_log_has_exactly_as_many_lines_as_asked_for(events: int) -> None:
    small = Parameters(events=events, accounts=500, owners=100, registered=500)
    assert sum(1 for _ in lines(small)) == events


def test_the_mix_is_the_one_it_says() -> None:
    kinds = Counter(event["type"] for event in decoded(SMALL))
    trade = sum(count for kind, count in kinds.items() if not kind.endswith(("registered", "issued")))
    shares = {kind: kinds[kind] / trade for kind in kinds}
    assert shares["payment.received"] == pytest.approx(0.55, abs=0.03)
    assert shares["friend.request_sent"] == pytest.approx(0.20, abs=0.02)
    assert shares["post.published"] == pytest.approx(0.15, abs=0.02)
    assert shares["login.attempted"] == pytest.approx(0.10, abs=0.02)


def test_identities_are_unique() -> None:
    log = decoded(SMALL)
    assert len({(event["source"], event["id"]) for event in log}) == len(log)


def test_the_plain_log_is_in_the_order_of_time() -> None:
    times = [seconds(event) for event in decoded(SMALL)]
    assert times == sorted(times)


def test_a_share_of_the_late_log_arrives_within_a_day() -> None:
    log = decoded(Parameters(events=20_000, accounts=500, owners=100, registered=500, late=0.1))
    delays = [seconds(event, "receivedtime") - seconds(event) for event in log if "receivedtime" in event]
    assert len(delays) / len(log) == pytest.approx(0.1, abs=0.01)
    assert min(delays) >= 600
    assert max(delays) <= 24 * 3600
    arrivals = [seconds(event, "receivedtime") for event in log]
    assert arrivals == sorted(arrivals)


def test_the_hot_owner_holds_its_share() -> None:
    parameters = Parameters(events=20_000, accounts=500, owners=100, registered=500, hot=0.2)
    shape = Shape(500, 100, 500)
    trade = [event for event in decoded(parameters) if event["type"] == "payment.received"]
    hot = [event for event in trade if int(event["subject"][1:]) % shape.owners == 0]
    assert len(hot) / len(trade) == pytest.approx(0.2, abs=0.05)
