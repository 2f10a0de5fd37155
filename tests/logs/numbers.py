"""Made-up identity and card numbers whose check digits are right."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from tests.oracle.clear_text import ISSUERS, PROVINCES, is_issued, is_resident

DIGITS = "0123456789"


@st.composite
def cards(draw: st.DrawFn) -> str:
    """Draw a card number of any issuer that is looked for."""
    low, high, least, most = draw(st.sampled_from(ISSUERS))
    first = str(draw(st.integers(int(low), int(high))))
    length = draw(st.integers(least, most))
    body = first + draw(st.text(DIGITS, min_size=length - len(first) - 1, max_size=length - len(first) - 1))
    return next(body + digit for digit in DIGITS if is_issued(body + digit))


@st.composite
def identities(draw: st.DrawFn) -> str:
    """Draw a resident identity number."""
    born = draw(st.dates(date(1900, 1, 1), date(2026, 3, 1)))
    district, order = draw(st.text(DIGITS, min_size=4, max_size=4)), draw(st.integers(1, 999))
    body = f"{draw(st.sampled_from(sorted(PROVINCES)))}{district}{born:%Y%m%d}{order:03}"
    return next(body + sign for sign in DIGITS + "X" if is_resident(body + sign))


def numbers() -> st.SearchStrategy[str]:
    """Draw a number of either kind."""
    return st.one_of(cards(), identities())


@st.composite
def written(draw: st.DrawFn, number: str) -> str:
    """Draw a way in which a person or a program may write a number."""
    how = draw(st.sampled_from(["plain", "fours", "wide", "small"]))
    if how == "wide":
        return number.translate(str.maketrans(DIGITS + "X", "０１２３４５６７８９Ｘ"))
    if how == "fours" and 16 <= len(number) <= 19:
        joint = draw(st.sampled_from(" -\u00a0\u3000\u2011"))
        return joint.join(number[at : at + 4] for at in range(0, len(number), 4))
    return number.lower() if how == "small" else number
