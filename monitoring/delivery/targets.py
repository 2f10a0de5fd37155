"""Addresses of receivers: which may be sent to, and how much of one may be shown."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

Why: TypeAlias = tuple[str, str, str]  # What was found, what was expected, how to mend it.


def wrong_with(url: str, *, plain: bool) -> Why | None:
    """Return why nothing can be sent to an address. `plain`: it may do without TLS, on this machine any may.

    The address is not in what is returned: its path or query may be a secret.
    """
    parts = _parts(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return "no address", "an address that begins with https://", "write it whole"
    if parts.username is not None or parts.password is not None:
        return "a name or password in the address", "none", "name the receiver without them"
    if parts.scheme == "http" and not (plain or _here(parts.hostname)):
        return (
            f"http to {parts.hostname}",
            "https: alerts name people",
            "give the receiver TLS, or a proxy here",
        )
    if parts.fragment:
        return "a # in the address", "none", "remove it"
    return None


def shown(url: str) -> str:
    """Return as much of an address as may be shown: its scheme, host and port."""
    parts = _parts(url)
    assert parts is not None, "it was looked at before"
    return f"{parts.scheme}://{parts.netloc}"


def _parts(url: str) -> SplitResult | None:
    if any(character.isspace() or not character.isprintable() for character in url):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # it raises where it is none
    except ValueError:
        return None
    return parts


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
