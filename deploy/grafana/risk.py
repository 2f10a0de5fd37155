"""The risk overview: what stands, what is new, where it comes from. For the risk team's wall."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana import panels, queries
from deploy.grafana.frame import begin, to_console, to_rule
from deploy.grafana.panels import LEVELS, Face
from deploy.grafana.queries import eq, grown, like, now, of, over_time, rate, step, unlike
from deploy.grafana.words import Say

ALERTS = "weiguard_alerts_total"
EVENTS = "weiguard_events_total"
SHADOWS = "weiguard_shadow_records_total"
NEW = like("state", "raised", "escalated")
RAISED = eq("state", "raised")
RETRACTED = eq("state", "retracted")


def risk(say: Say) -> Dashboard:
    """Return the page."""
    page = begin(
        say,
        "risk",
        say("风险总览", "Risk overview"),
        say(
            "现存与新增预警，按级别、规则包与规则；数字能否相信。",
            "Alerts that stand and alerts that are new, by level, pack and rule; and whether to trust the numbers.",
        ),
    )
    return _trust(say, _sources(say, _over_time(say, _now(say, page))))


def _now(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("此刻", "Now")))
    for level, title, steps in (
        ("critical", say("现存严重预警", "Critical alerts standing"), ((1, "red"),)),
        ("warn", say("现存警告预警", "Warnings standing"), ((1, "orange"),)),
        ("info", say("现存提示预警", "Infos standing"), ((1, "blue"),)),
    ):
        text = say(
            "未撤回的预警数，含已处理者：处理状态在控制台。",
            "Alerts that were not retracted, handled ones among them: who handled what is in the console.",
        )
        query = over_time(f"sum({of('weiguard_open_alerts', eq('level', level))})")
        page.with_panel(
            panels.number(Face(title, text, steps=steps, width=4), query, to_console(say, f"level={level}"))
        )
    page.with_panel(
        panels.number(
            Face(
                say("新增预警", "Alerts raised"),
                say("所选时间内首次触发的预警。", "Alerts raised for the first time within the time shown."),
                width=4,
                decimals=0,
            ),
            now(f"sum({grown(ALERTS, RAISED)})"),
            first="blue",
        )
    )
    page.with_panel(
        panels.number(
            Face(
                say("新增严重预警", "New critical alerts"),
                say(
                    "所选时间内触发或升级为严重的预警。",
                    "Alerts raised at, or escalated to, critical within the time shown.",
                ),
                steps=((1, "red"),),
                width=4,
                decimals=0,
            ),
            now(f"sum({grown(ALERTS, NEW, eq('level', 'critical'))})"),
            to_console(say, "level=critical"),
        )
    )
    return page.with_panel(
        panels.number(
            Face(
                say("触发的规则", "Rules that fired"),
                say("所选时间内至少触发一次的规则数。", "Rules that raised at least one alert within the time shown."),
                width=4,
                decimals=0,
            ),
            now(f"count(sum by (rule) ({grown(ALERTS, RAISED)}) > 0)"),
            first="blue",
        )
    )  # fmt: skip


def _over_time(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("走势", "Over time")))
    page.with_panel(
        panels.bars(
            Face(
                say("新增与升级的预警", "Alerts raised and escalated"),
                say(
                    "每一时段触发或升级的预警，按级别。", "Alerts raised or escalated in each step, by level."
                ),
                decimals=0,
            ),
            queries.bars(f"sum by (level) ({step(ALERTS, NEW)})", "{{level}}"),
            colours=LEVELS,
        )
    )
    return page.with_panel(
        panels.lines(
            Face(
                say("现存预警", "Alerts standing"),
                say("未撤回的预警，按级别；只升不降说明无人清源。",
                    "Alerts not retracted, by level. A line that only rises says that causes stay."),
            ),
            over_time(f"sum by (level) ({of('weiguard_open_alerts')})", "{{level}}"),
            colours=LEVELS,
        )
    )  # fmt: skip


def _sources(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("来自何处", "Where they come from")))
    pack = f'label_replace({grown(ALERTS, NEW)}, "pack", "$1", "rule", "([A-Z]+)-.*")'
    page.with_panel(
        panels.ranking(
            Face(
                say("按规则包", "By pack"),
                say("所选时间内触发或升级的预警，按规则包。",
                    "Alerts raised or escalated within the time shown, by pack."),
                width=8,
            ),
            now(f"sort_desc(sum by (pack) ({pack}) > 0)", "{{pack}}"),
        )
    )  # fmt: skip
    page.with_panel(
        panels.listing(
            Face(
                say("最常触发的规则", "Rules that fired most"),
                say("所选时间内触发或升级最多的十条规则，按级别。",
                    "The ten rules that raised or escalated most within the time shown, by level."),
                width=8,
            ),
            [(say("次数", "Times"), queries.rows(f"topk(10, sum by (rule, level) ({grown(ALERTS, NEW)}) > 0)"))],
            to_rule(say),
            to_console(say, "rule=${__value.raw}"),
        )
    )  # fmt: skip
    return page.with_panel(
        panels.lines(
            Face(
                say("业务量", "Business"),
                say("每秒输入最多的八种事件：先看业务有无变化，再看预警。",
                    "The eight types of event that come most often: whether business changed, before alerts did."),
                unit="cps",
                width=8,
            ),
            over_time(f"topk(8, sum by (type) ({rate(EVENTS, unlike('type', 'clock.tick'))}))", "{{type}}"),
        )
    )  # fmt: skip


def _trust(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("数字可信吗", "Can the numbers be trusted?")))
    refused = grown(EVENTS, eq("disposition", "quarantined"))
    for face, expr in (
        (
            Face(
                say("隔离的输入", "Inputs quarantined"),
                say(
                    "无法读取而未判定的输入所占份额；细节见引擎健康页。",
                    "The share of inputs that could not be read, and decide nothing; see engine health.",
                ),
                "percentunit",
                ((0.001, "orange"), (0.01, "red")),
                6,
                2,
            ),
            f"sum({refused}) / clamp_min(sum({grown(EVENTS)}), 1)",
        ),
        (
            Face(
                say("撤回的份额", "Alerts taken back"),
                say(
                    "撤回数比触发数；高则说明数据迟到，或规则过早下结论。",
                    "Retracted for each raised. Much of it says that data comes late, or a rule concludes too soon.",
                ),
                "percentunit",
                ((0.1, "orange"), (0.3, "red")),
                6,
                1,
            ),
            f"(sum({grown(ALERTS, RETRACTED)}) or vector(0)) / clamp_min(sum({grown(ALERTS, RAISED)}), 1)",
        ),
    ):
        page.with_panel(panels.number(face, now(expr)))
    page.with_panel(
        panels.number(
            Face(
                say("太迟而未计入", "Too late to count"),
                say(
                    "晚于迟到界限的输入：`weiguard correct` 才会计入。",
                    "Inputs beyond the bound of lateness: `weiguard correct` folds them.",
                ),
                "short",
                ((1, "orange"),),
                6,
                0,
            ),
            now(f"sum({grown(EVENTS, eq('disposition', 'late'))})"),
        )
    )
    return page.with_panel(
        panels.number(
            Face(
                say("时钟落后", "Clock behind"),
                say("最新事件距今多久；预警不会比它更新。",
                    "How long ago the newest event was: no alert is newer."),
                "s", ((300, "orange"), (900, "red")), 6,
            ),
            over_time(f"max({of('weiguard_clock_lag_seconds')})"),
        )
    )  # fmt: skip
