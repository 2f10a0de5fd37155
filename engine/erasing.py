"""Somebody was forgotten: a tenant's state is folded again from what its log still says; what was said stays.

State is a cache of the log, so after this it holds nothing that the log does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.keeping import everything
from engine.switching import Switch, switch

if TYPE_CHECKING:
    from engine.fold import Engine


def forget(engine: Engine, name: str) -> None:
    """Fold a tenant again from its log, which can be read again and no longer says what is to be forgotten.

    Its rules are the same, so nothing new is said. Raises NoPastError where the log cannot be read again.
    """
    tenant = engine.tenants[name]
    before = tenant.touched | everything(tenant) if tenant.touched is not None else set()
    again, said = switch(engine, tenant, Switch(tenant.program, frozenset()), ("", ""), tenant.clock)
    assert not said, "rules that did not change say nothing new"
    if again.touched is not None:
        again.touched |= before
