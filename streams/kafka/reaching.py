"""A connection to administer Kafka, and its failures in words.

kafka-python does it; of all that administers, only this module knows that library.
"""

from __future__ import annotations

import socket
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from streams.kafka.naming import Cluster
from streams.refusing import RefusedError

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", DeprecationWarning
    )  # It reads its schemas in a way of before Python 3.11.
    from kafka import KafkaAdminClient
    from kafka.admin import ConfigResource, ConfigResourceType
    from kafka.errors import AuthorizationError, KafkaError, SaslAuthenticationFailedError, for_code

WITHIN_S: Final = 10.0
_SAID: Final = 300  # Characters of what Kafka says.


class UnreachableError(RefusedError):
    """No broker answers: it may be the wrong address, or Kafka is away."""


@contextmanager
def administrator(cluster: Cluster, within_s: float | None = None) -> Iterator[Any]:
    """Yield kafka-python's admin client.

    Raises RefusedError for whatever it cannot do, UnreachableError where no broker answers.
    Each request has `within_s` seconds; None: WITHIN_S.
    """
    within_s = WITHIN_S if within_s is None else within_s
    _knock(cluster, within_s)
    client = None
    try:
        client = KafkaAdminClient(
            bootstrap_servers=list(cluster.brokers),
            client_id="weiguard",
            bootstrap_timeout_ms=int(within_s * 1000),
            request_timeout_ms=int(within_s * 1000),
        )
        yield client
    except KafkaError as error:
        if client is None:
            raise _unreachable(cluster, "something that does not answer as Kafka does") from None
        raise refusal(cluster.bootstrap, error) from None
    finally:
        if client is not None:
            client.close()


def _knock(cluster: Cluster, within_s: float) -> None:
    """See that some broker takes a connection; the client would not say why none does, and take all its time."""
    reasons = []
    for broker in cluster.brokers:
        host, _, port = broker.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), within_s / len(cluster.brokers)).close()
        except OSError as error:
            reasons.append(f"{broker} “{(error.strerror or str(error)).lower()}”")
        else:
            return
    raise _unreachable(cluster, f"no broker that answers ({', '.join(reasons)})")


def _unreachable(cluster: Cluster, found: str) -> UnreachableError:
    return UnreachableError(
        cluster.bootstrap,
        found,
        "a Kafka broker",
        "start it, or name another with --brokers or WEIGUARD_BROKERS",
    )


def refusal(where: str, error: KafkaError) -> RefusedError:
    """Return what Kafka refused, in words."""
    found = f"“{' '.join(str(error).split())[:_SAID]}”"
    if isinstance(error, AuthorizationError):
        return RefusedError(
            where,
            found,
            "the rights to describe, create and alter topics and their settings",
            "have them granted, or let someone call it who has them",
        )
    if isinstance(error, SaslAuthenticationFailedError):
        return RefusedError(where, found, "a login that Kafka knows", "mend the login")
    return RefusedError(
        where, found, "Kafka to do as asked", "call it again, or see what the broker's log says"
    )


def settings_of(topic: str, settings: Mapping[str, str | None] | Sequence[str]) -> Any:
    """Name settings of a topic: to be read, or with their values to be set."""
    named = dict(settings) if isinstance(settings, Mapping) else list(settings)
    return ConfigResource(ConfigResourceType.TOPIC, topic, named)


def check(topic: str, code: int, message: str | None) -> None:
    """Raise RefusedError where the code that Kafka answers for a topic is one of an error."""
    kind = for_code(code)
    if code:
        raise refusal(topic, kind(*([message] if message else [])))
