"""Kafka: whether every partition has one worker, and whether workers keep up."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana import panels
from deploy.grafana.engine import COMMIT
from deploy.grafana.frame import begin
from deploy.grafana.panels import Face
from deploy.grafana.queries import of, over_time, quantile, rate
from deploy.grafana.risk import EVENTS
from deploy.grafana.words import Say

LAG = "weiguard_kafka_lag"
STEPS = ((5_000.0, "orange"), (100_000.0, "red"))  # The first is where /readyz says no.


def kafka(say: Say) -> Dashboard:
    """Return the page."""
    page = begin(
        say,
        "kafka",
        say("Kafka 工作进程", "Kafka workers"),
        say("分区由谁判定，各落后多少。", "Who decides which partition, and how far behind each is."),
        shown_by=LAG,
    )
    return _workers(say, _partitions(say, _numbers(say, page)))


def _numbers(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("此刻", "Now")))
    for face, expr, first in (
        (
            Face(
                say("等待的输入", "Inputs waiting"),
                say("所有分区未判定的输入。", "Inputs of all partitions that are not decided yet."),
                "short",
                STEPS,
                5,
            ),
            f"sum({of(LAG)})",
            "green",
        ),
        (
            Face(
                say("追上还需", "Time to catch up"),
                say("按现在的速度判完等待的输入要多久。", "How long what waits takes at the speed of now."),
                "s",
                ((60, "orange"), (600, "red")),
                5,
            ),
            f"sum({of(LAG)}) / clamp_min(sum({rate(EVENTS)}), 1)",
            "green",
        ),
        (
            Face(
                say("打开的分区", "Partitions open"),
                say(
                    "有工作进程判定的分区；应为全部分区。",
                    "Partitions that a worker decides: it should be all of them.",
                ),
                width=5,
            ),
            f"count(count by (partition) ({of(LAG)}))",
            "blue",
        ),
        (
            Face(
                say("一个分区的进程", "Workers of a partition"),
                say(
                    "声称拥有同一分区的进程数；交接之外应为一。",
                    "How many workers say that they have the same partition: one, but for a moment.",
                ),
                steps=((2, "red"),),
                width=5,
            ),
            f"max(count by (partition) ({of(LAG)}))",
            "green",
        ),
        (
            Face(
                say("工作进程", "Workers"),
                say("至少有一个分区的进程。", "Workers that have a partition."),
                steps=((1, "green"),),
                width=4,
            ),
            f"count(count by (instance) ({of(LAG)}))",
            "red",
        ),
    ):
        page.with_panel(panels.number(face, over_time(expr), first=first))
    return page  # fmt: skip


def _partitions(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("分区", "Partitions")))
    page.with_panel(
        panels.lines(
            Face(
                say("各分区落后", "Waiting, by partition"),
                say(
                    "一条线独高：该分区的租户过大，或它的进程停住。",
                    "One line above all others: a tenant too large for its partition, or a worker that stands still.",
                ),
                "short",
                STEPS,
            ),
            over_time(f"max by (partition) ({of(LAG)})", "{{partition}}"),
        )
    )
    return page.with_panel(
        panels.lines(
            Face(say("各进程的分区", "Partitions, by worker"),
                 say("分区如何分给进程；频繁变动说明有进程在反复重启。",
                     "How partitions are shared out. Many changes say that some worker starts again and again.")),
            over_time(f"count by (instance) ({of(LAG)})", "{{instance}}"),
        )
    )  # fmt: skip


def _workers(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("进程", "Workers")))
    for face, expr in (
        (
            Face(
                say("各进程速度", "Speed, by worker"),
                say("每秒判定的输入。", "Inputs decided a second."),
                "cps",
                width=8,
            ),
            f"sum by (instance) ({rate(EVENTS)})",
        ),
        (
            Face(
                say("提交一批，p99", "To commit a batch, p99"),
                say(
                    "百分之九十九的事务在此时间之内；高则看 Kafka 的磁盘与副本。",
                    "99 of 100 transactions took no longer. When it rises, look at the brokers' disks and replicas.",
                ),
                "s",
                ((0.25, "orange"), (1, "red")),
                8,
            ),
            quantile(0.99, COMMIT, "instance"),
        ),
        (
            Face(
                say("时钟落后", "Clock behind"),
                say(
                    "各进程的最新事件距今多久；打点每分钟一次。",
                    "How long ago the newest event of each worker was; a tick comes once a minute.",
                ),
                "s",
                ((300, "orange"), (900, "red")),
                8,
            ),
            f"max by (instance) ({of('weiguard_clock_lag_seconds')})",
        ),
        (
            Face(
                say("内存", "Memory"), say("各进程的常驻内存。", "Resident memory of each worker."), "bytes"
            ),
            f"max by (instance) ({of('process_resident_memory_bytes')})",
        ),
        (
            Face(
                say("运行时间", "Uptime"),
                say(
                    "各进程自启动以来多久；锯齿说明反复重启。",
                    "Time since each worker started. Teeth of a saw say that it is restarted.",
                ),
                "s",
            ),
            f"time() - max by (instance) ({of('process_start_time_seconds')})",
        ),
    ):
        page.with_panel(panels.lines(face, over_time(expr, "{{instance}}")))
    return page  # fmt: skip
