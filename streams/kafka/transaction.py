"""One transaction of an aiokafka producer, which says why it broke off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.errors import IllegalOperation


@asynccontextmanager
async def transaction(producer: Any) -> AsyncIterator[None]:
    """Begin a transaction, and commit it at the end. Raises what it met: ProducerFenced or another KafkaError.

    A transaction may break off between two sends. aiokafka then says of the next send that none is under way, and of
    the commit that the state is wrong; the reason is kept in what ends the transaction.
    """
    await producer.begin_transaction()
    try:
        yield
        await producer.commit_transaction()
    except (IllegalOperation, AssertionError):
        await producer._txn_manager.wait_for_transaction_end()  # noqa: SLF001
        raise
