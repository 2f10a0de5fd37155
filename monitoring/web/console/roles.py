"""What each role may see and do in the console. This table is the only place that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

Role: TypeAlias = Literal["operator", "risk", "compliance", "auditor", "admin"]
Right: TypeAlias = Literal[
    "alerts",  # See alerts, why they are there, and prove them.
    "aml",  # See those of confidential packs too.
    "act",  # Acknowledge, assign, snooze, resolve, reopen.
    "rules",  # See the rules, their limits and how often they fired.
    "audit",  # Ask the audit log, verify and export it.
    "quarantine",  # See what was refused, mend it and send it again.
    "health",  # See how the engine does.
    "users",  # See who may log in.
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    "operator": frozenset({"alerts", "act", "health"}),
    "risk": frozenset({"alerts", "act", "rules", "quarantine", "health"}),
    "compliance": frozenset({"alerts", "aml", "act", "rules", "audit", "quarantine", "health"}),
    "auditor": frozenset({"alerts", "aml", "rules", "audit", "health"}),
    "admin": frozenset({"alerts", "rules", "quarantine", "health", "users"}),
}
# Who is told of a suspicion of money laundering may warn the suspect, or be one: few see alerts of these packs.
CONFIDENTIAL_PACKS: Final = frozenset({"structuring"})


def may(role: Role, right: Right) -> bool:
    """Return whether a role has a right."""
    return right in RIGHTS[role]
