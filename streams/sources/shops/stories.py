"""Stories: one breach of each kind, told inside a day of ordinary trade.

A story is a function that writes what happens to one shop of the cast on one day, a name to ask for it by, and the
rules it is about. The chapters hold the functions; the table here is the list. Licences and verifications near their
end need no story: their dates are in the registers, and time does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from streams.sources.shops import access, intake, money, papers, people, structuring
from streams.sources.shops.scene import Scene

Telling: TypeAlias = Callable[[Scene], None]


@dataclass(frozen=True, slots=True)
class Story:
    """One breach: whose it is (a place in the cast), which rules it is about, and how it goes."""

    name: str
    rules: tuple[str, ...]
    place: int
    tell: Telling


STORIES = (
    Story("a personal account collects too much", ("COL-01",), 1, money.over_the_daily_limit),
    Story("late payments move an alert", ("COL-01",), 3, money.late_payments),
    Story("a code collects too much, one payer on a static code", ("COL-02", "COL-03"), 8, money.code_limits),
    Story("a static code used from afar", ("COL-04",), 4, money.remote_static_code),
    Story("personal codes used like a business", ("COL-05",), 9, money.business_on_personal_codes),
    Story("a merchant's large payment", ("COL-06",), 10, money.large_payment),
    Story("a flash sale", ("COL-07",), 11, money.flash_sale),
    Story("many refunds", ("COL-10",), 7, money.many_refunds),
    Story("payments in the night", ("COL-15",), 8, money.night_trade),
    Story("a worse settlement cycle", ("COL-16",), 7, money.settlement_cycle),
    Story("a special merchant without its contract limit", ("COL-17",), 5, money.no_contract_limit),
    Story("an order split into payments", ("AML-01",), 10, structuring.split_order),
    Story("payments just below a limit", ("AML-02", "AML-03"), 3, structuring.below_the_limit),
    Story("one payer, two accounts", ("AML-04",), 10, structuring.two_accounts),
    Story("an owner above the limit, no account is", ("AML-05",), 9, structuring.spread_over_accounts),
    Story("a day at the large-value line", ("AML-06",), 4, structuring.large_value),
    Story("a probe, then a large sum", ("AML-10",), 2, structuring.probe_then_large),
    Story("freeze evasion", ("MTX-05",), 4, structuring.freeze_evasion),
    Story("turnover without registration", ("TAX-01",), 0, structuring.unregistered_turnover),
    Story("sales above the VAT exemption", ("TAX-02",), 6, structuring.vat_month),
    Story("many friend requests in a day", ("FRD-01",), 0, people.requests_all_day),
    Story("a burst of templated friend requests", ("FRD-02", "FRD-08"), 1, people.request_burst),
    Story("a new staff account adds customers", ("FRD-03",), 2, people.new_member_adds),
    Story("customers stream in", ("FRD-04",), 5, people.customers_stream_in),
    Story("contacts near the cap", ("FRD-05",), 6, people.contact_cap),
    Story("a bulk clean-up", ("FRD-10",), 11, people.clean_up),
    Story("too many posts, in a burst", ("PST-01", "PST-02"), 3, people.posting_spree),
    Story("the same text from three accounts", ("PST-03",), 4, people.matrix_text),
    Story("long copy and odd images", ("PST-04", "PST-05"), 6, people.clumsy_posts),
    Story("an unanswered message", ("SLA-01",), 9, people.unanswered),
    Story("an answer that arrives late", ("SLA-01",), 1, people.answer_arrives_late),
    Story("impossible travel", ("LOG-01", "LOG-03"), 0, access.impossible_travel),
    Story("a takeover: new device, new city, then a payout", ("LOG-02", "LOG-15", "LOG-16"), 11, access.takeover),
    Story("a login through a proxy", ("LOG-04",), 5, access.proxy),
    Story("failed logins, then success", ("LOG-05", "LOG-06"), 6, access.guessing),
    Story("a login at four in the morning", ("LOG-08",), 7, access.odd_hour),
    Story("an account wakes after months", ("LOG-10",), 2, access.dormant),
    Story("four accounts on one device", ("MTX-01",), 10, access.shared_device),
    Story("trade on an expired licence", ("QUA-03",), 6, papers.expired_licence),
    Story("an event far ahead of its time", ("ENG-02",), 3, intake.far_ahead),
    Story("an event too late to fold", ("ENG-03",), 3, intake.too_late),
    Story("one payment, two contents", ("ENG-04",), 1, intake.conflict),
    Story("copies", (), 1, intake.copies),
    Story("a line nobody can read", (), 5, intake.unreadable),
)  # fmt: skip
