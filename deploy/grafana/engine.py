"""Engine health: whether it runs, keeps up and forgets, and what became of every input."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana import panels, queries
from deploy.grafana.frame import begin
from deploy.grafana.panels import DISPOSITIONS, Face
from deploy.grafana.queries import eq, grown, now, of, over_time, quantile, rate, rows, step, unlike
from deploy.grafana.risk import EVENTS
from deploy.grafana.words import Say

DECIDE, COMMIT = "weiguard_decide_seconds", "weiguard_commit_seconds"
QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))


def engine(say: Say) -> Dashboard:
    """Return the page."""
    page = begin(
        say,
        "engine",
        say("引擎健康", "Engine health"),
        say(
            "进程、时钟、速度、内存与每条输入的去向。",
            "Processes, clock, speed, memory, and what became of every input.",
        ),
    )
    return _state(say, _audit(say, _speed(say, _inputs(say, _numbers(say, page)))))


def _numbers(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("此刻", "Now")))
    refused = grown(EVENTS, eq("disposition", "quarantined"))
    for face, query, first in (
        (
            Face(
                say("进程", "Processes"),
                say("被抓取到的进程数。", "Processes that are scraped."),
                steps=((1, "green"),),
                width=4,
            ),
            over_time(f"count({of('weiguard_build_info')})"),
            "red",
        ),
        (
            Face(
                say("规则集", "Rule sets"),
                say(
                    "同时运行的规则集数；升级之外应为一。",
                    "Rule sets that run at once: one, but for a change.",
                ),
                steps=((2, "orange"),),
                width=4,
            ),
            over_time(f"count(count by (ruleset) ({of('weiguard_build_info')}))"),
            "green",
        ),
        (
            Face(
                say("时钟落后", "Clock behind"),
                say(
                    "最新事件距今多久；读旧文件时很大，属正常。",
                    "How long ago the newest event was; large while a file of the past is read, which is right.",
                ),
                "s",
                ((300, "orange"), (900, "red")),
                4,
            ),
            over_time(f"max({of('weiguard_clock_lag_seconds')})"),
            "green",
        ),
        (
            Face(say("输入", "Inputs"), say("每秒判定的输入。", "Inputs decided a second."), "cps", width=4),
            over_time(f"sum({rate(EVENTS)})"),
            "blue",
        ),
        (
            Face(
                say("隔离份额", "Quarantined"),
                say(
                    "所选时间内无法读取的输入所占份额。",
                    "The share of inputs within the time shown that could not be read.",
                ),
                "percentunit",
                ((0.001, "orange"), (0.01, "red")),
                4,
                2,
            ),
            now(f"sum({refused}) / clamp_min(sum({grown(EVENTS)}), 1)"),
            "green",
        ),
        (
            Face(
                say("最短运行时间", "Shortest uptime"),
                say("最近一次启动距今多久。", "How long ago a process last started."),
                "s",
                width=4,
            ),
            over_time(f"min(time() - {of('process_start_time_seconds')})"),
            "blue",
        ),
    ):
        page.with_panel(panels.number(face, query, first=first))
    return page  # fmt: skip


def _inputs(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("输入", "Inputs")))
    page.with_panel(
        panels.lines(
            Face(
                say("去向", "What became of them"),
                say(
                    "每秒输入，按处置；五种之和即全部输入。",
                    "Inputs a second by disposition; the five of them are all inputs.",
                ),
                "cps",
            ),
            over_time(f"sum by (disposition) ({rate(EVENTS)})", "{{disposition}}"),
            colours=DISPOSITIONS,
        )
    )
    page.with_panel(
        panels.bars(
            Face(
                say("未判定的输入", "Inputs not decided"),
                say(
                    "每一时段重复、冲突、迟到与隔离的输入。",
                    "Duplicates, conflicts, late and quarantined inputs in each step.",
                ),
            ),
            queries.bars(
                f"sum by (disposition) ({step(EVENTS, unlike('disposition', 'decided'))})", "{{disposition}}"
            ),
            colours=DISPOSITIONS,
        )
    )
    page.with_panel(
        panels.bars(
            Face(
                say("隔离，按类型", "Quarantined, by type"),
                say(
                    "隔离最多的八种事件；other 为合同之外或无法读出类型。",
                    "The eight types quarantined most; `other` is a type outside the contract, or none at all.",
                ),
            ),
            queries.bars(
                f"topk(8, sum by (type) ({step(EVENTS, eq('disposition', 'quarantined'))}) > 0)", "{{type}}"
            ),
        )
    )
    return page.with_panel(
        panels.lines(
            Face(say("时钟落后", "Clock behind"),
                 say("各进程的最新事件距今多久。", "How long ago the newest event of each process was."),
                 "s", ((300, "orange"), (900, "red"))),
            over_time(f"max by (instance) ({of('weiguard_clock_lag_seconds')})", "{{instance}}"),
        )
    )  # fmt: skip


def _speed(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("速度", "Speed")))
    for name, metric in (
        (say("判定一批", "To decide a batch"), DECIDE),
        (say("提交一批", "To commit a batch"), COMMIT),
    ):
        page.with_panel(
            panels.lines(
                Face(
                    name,
                    say(
                        "中位数、九成与百分之九十九的批次在此时间之内。",
                        "Half, nine tenths and 99 of 100 batches took no longer.",
                    ),
                    "s",
                    ((0.25, "orange"), (1, "red")),
                    8,
                ),
                *(over_time(quantile(share, metric), legend) for share, legend in QUANTILES),
            )
        )
    page.with_panel(
        panels.heat(
            Face(
                say("提交用时的分布", "How long commits take"),
                say("每一时段提交的批次，按用时。", "Batches committed in each step, by how long it took."),
                "s",
                width=8,
            ),
            queries.heat(f"sum by (le) ({step(f'{COMMIT}_bucket')})"),
        )
    )
    each = f"clamp_min(sum({rate(EVENTS)}), 1)"
    page.with_panel(
        panels.lines(
            Face(
                say("每条输入用时", "Time an input"),
                say(
                    "判定与提交一条输入平均所需时间。",
                    "What one input costs on average, to decide and to commit.",
                ),
                "s",
            ),
            over_time(f"sum({rate(f'{DECIDE}_sum')}) / {each}", say("判定", "decide")),
            over_time(f"sum({rate(f'{COMMIT}_sum')}) / {each}", say("提交", "commit")),
        )
    )
    return page.with_panel(
        panels.lines(
            Face(say("忙碌", "Busy"),
                 say("各进程判定与提交所占时间；接近一则跟不上。",
                     "The share of time in which a process decides or commits. Near 1 it cannot keep up."),
                 "percentunit", ((0.7, "orange"), (0.9, "red"))),
            over_time(
                f"sum by (instance) ({rate(f'{DECIDE}_sum')}) + sum by (instance) ({rate(f'{COMMIT}_sum')})",
                "{{instance}}",
            ),
        )
    )  # fmt: skip


def _audit(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("审计日志", "Audit log")))
    for face, expr in (
        (
            Face(
                say("新增记录", "New entries"),
                say(
                    "每秒随判定一并提交的审计记录。",
                    "Audit entries a second, committed with what they speak of.",
                ),
                "cps",
            ),
            f"sum by (instance) ({rate('weiguard_audit_entries_total')})",
        ),
        (
            Face(
                say("记录总数", "Size"),
                say(
                    "日志共有多少条记录；变小则数据库已被替换或截断。",
                    "How many entries the log has. Where it shrinks, the database was replaced or cut off.",
                ),
            ),
            f"max by (instance) ({of('weiguard_audit_tree_size')})",
        ),
    ):
        page.with_panel(panels.lines(face, over_time(expr, "{{instance}}")))
    return page


def _state(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("记忆", "Memory")))
    for face, expr in (
        (
            Face(
                say("记住的单元", "Cells remembered"),
                say(
                    "一个键与窗口的一个度量为一单元；随活跃的键增减，不随历史增长。",
                    "One measure of one key and window each. They follow the keys that are active, not history.",
                ),
                width=8,
            ),
            f"sum by (instance) ({of('weiguard_state_cells')})",
        ),
        (
            Face(
                say("内存", "Memory"),
                say("各进程的常驻内存。", "Resident memory of each process."),
                "bytes",
                width=8,
            ),
            f"max by (instance) ({of('process_resident_memory_bytes')})",
        ),
        (
            Face(
                say("处理器", "CPU"),
                say("各进程所用核数。", "Cores that each process uses."),
                "short",
                width=8,
            ),
            f"sum by (instance) ({rate('process_cpu_seconds_total')})",
        ),
        (
            Face(
                say("迟到引起的重算", "Refolds for late events"),
                say(
                    "每秒因迟到事件而重算的次数；多则来源不按序。",
                    "How often a second something was folded again for a late event. Much of it says that sources lag.",
                ),
                "cps",
            ),
            f"sum by (instance) ({rate('weiguard_late_refolds_total')})",
        ),
    ):
        page.with_panel(panels.lines(face, over_time(expr, "{{instance}}")))
    return page.with_panel(
        panels.listing(
            Face(say("版本与规则集", "Versions and rule sets"),
                 say("每个进程运行什么。", "What each process runs."), "none"),
            [(say("运行", "Runs"), rows(f"max by (instance, version, ruleset) ({of('weiguard_build_info')})"))],
            key="instance",
        )
    )  # fmt: skip
