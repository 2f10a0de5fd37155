"""Faust, set up for what a worker needs of it: to fetch, and to share partitions out among all workers."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import faust
from mode import CrashingSupervisor

from streams.kafka.naming import Cluster
from streams.kafka.transport import NoTables, install


def make_app(cluster: Cluster, session_s: float, instance: str | None) -> faust.App:
    """Return an app. `session_s`: seconds of silence after which a worker is dead; `instance`: its static id."""
    logging.getLogger("faust").setLevel(logging.CRITICAL)
    logging.getLogger("mode").setLevel(logging.CRITICAL)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = Path(tempfile.gettempdir()) / "weiguard-worker"
    folder.mkdir(parents=True, exist_ok=True)  # Faust makes it without its parents, and keeps nothing in it.
    own: Any = {"consumer_group_instance_id": instance} if instance else {}
    app = faust.App(
        cluster.prefix,
        broker=[f"kafka://{broker}" for broker in cluster.brokers],
        store="memory://",
        TableManager=NoTables,
        datadir=folder,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        agent_supervisor=CrashingSupervisor,
        stream_wait_empty=False,
        stream_buffer_maxsize=64,
        broker_commit_interval=1.0,
        broker_session_timeout=session_s,
        broker_heartbeat_interval=session_s / 6,
        broker_rebalance_timeout=max(session_s, 10.0),
        broker_max_poll_records=None,
        producer_acks=-1,
        consumer_auto_offset_reset="earliest",
        **own,
    )
    install(app)
    return app
