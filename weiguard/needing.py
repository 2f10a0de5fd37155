"""What some commands need that a plain install does not bring."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from streams.refusing import RefusedError


def need_kafka() -> None:
    """Raise RefusedError where a library of the Kafka runner is not installed."""
    missing = [name for name in ("aiokafka", "faust-streaming", "kafka-python") if not _installed(name)]
    if missing:
        raise RefusedError(
            "Kafka",
            f"no {', '.join(missing)}",
            "the libraries it is spoken to with",
            "install weiguard[kafka]",
        )


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
