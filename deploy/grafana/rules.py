"""All rules side by side: which fire, which are taken back, which cannot be decided, which say nothing."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana import panels, queries
from deploy.grafana.frame import begin, to_console, to_rule
from deploy.grafana.panels import Face
from deploy.grafana.queries import eq, grown, like, now, of, over_time, rate, rows, step
from deploy.grafana.risk import ALERTS, NEW, RAISED, RETRACTED, SHADOWS
from deploy.grafana.words import Say

UNDECIDED = "weiguard_undecided_total"


def rules(say: Say) -> Dashboard:
    """Return the page."""
    page = begin(
        say,
        "rules",
        say("规则", "Rules"),
        say(
            "每条规则触发、升级、更正、撤回与未能判定的次数。",
            "How often each rule raised, escalated, corrected, took back or could not decide.",
        ),
    )
    return _over_time(say, _table(say, _numbers(say, page)))


def _numbers(say: Say, page: Dashboard) -> Dashboard:
    raised = f"sum by (rule) ({grown(ALERTS, RAISED)})"
    page.with_row(Row(say("概况", "At a glance")))
    for face, query in (
        (
            Face(say("规则数", "Rules"), say("正在判定的规则。", "Rules that decide."), width=6),
            over_time(f"count(count by (rule) ({of(ALERTS)}))"),
        ),
        (
            Face(
                say("触发过", "Fired"),
                say("所选时间内触发过的规则。", "Rules that raised an alert within the time shown."),
                width=6,
            ),
            now(f"count({raised} > 0)"),
        ),
        (
            Face(
                say("沉默", "Silent"),
                say(
                    "所选时间内未触发的规则（影子规则除外）：可能一切正常，也可能缺少它所需的事件。",
                    "Rules, shadows aside, that raised nothing within the time shown: "
                    "all is well, or their events do not come.",
                ),
                width=6,
            ),
            now(f"count(({raised} == 0) unless on (rule) sum by (rule) ({of(SHADOWS)}))"),
        ),
        (
            Face(
                say("有未判定", "With undecided events"),
                say(
                    "所选时间内有表达式因缺字段而无值的规则。",
                    "Rules with expressions that had no value within the time shown, as a field was missing.",
                ),
                width=6,
            ),
            now(f"count(sum by (rule) ({grown(UNDECIDED)}) > 0)"),
        ),
    ):
        page.with_panel(panels.number(face, query, first="blue"))
    return page  # fmt: skip


def _table(say: Say, page: Dashboard) -> Dashboard:
    def column(metric: str, *labels: str) -> str:
        return f"round(sum by (rule) ({grown(metric, *labels)}))"

    page.with_row(Row(say("逐条", "One by one")))
    return page.with_panel(
        panels.listing(
            Face(
                say("每条规则", "Each rule"),
                say("所选时间内的次数；点规则号看这条规则，或到控制台看它的预警。",
                    "Counts within the time shown. Click an id for its own page, or for its alerts in the console."),
                width=24,
            ),
            [
                (say("触发", "Raised"), rows(column(ALERTS, RAISED))),
                (say("升级", "Escalated"), rows(column(ALERTS, eq("state", "escalated")))),
                (say("更正", "Corrected"), rows(column(ALERTS, like("state", "lowered", "amended")))),
                (say("撤回", "Retracted"), rows(column(ALERTS, RETRACTED))),
                (say("未判定", "Undecided"), rows(column(UNDECIDED))),
            ],
            to_rule(say),
            to_console(say, "rule=${__value.raw}"),
        )
    )  # fmt: skip


def _over_time(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("走势", "Over time")))
    page.with_panel(
        panels.bars(
            Face(
                say("触发最多的规则", "Rules that raise most"),
                say("每一时段触发最多的十条规则。", "The ten rules that raised most in each step."),
            ),
            queries.bars(f"topk(10, sum by (rule) ({step(ALERTS, RAISED)}) > 0)", "{{rule}}"),
        )
    )
    page.with_panel(
        panels.bars(
            Face(
                say("记录的种类", "What records say"),
                say("每一时段的预警记录：触发、升级、降级、更正、撤回。",
                    "Alert records in each step: raised, escalated, lowered, amended, retracted."),
            ),
            queries.bars(f"sum by (state) ({step(ALERTS)})", "{{state}}"),
        )
    )  # fmt: skip
    page.with_panel(
        panels.lines(
            Face(
                say("未判定", "Undecided"),
                say("每秒因缺字段而无值的表达式，最多的十条规则：补上来源的字段，规则才看得全。",
                    "Expressions without a value a second, the ten rules with most of them: the source lacks a field."),
                unit="cps",
            ),
            over_time(f"topk(10, sum by (rule) ({rate(UNDECIDED)}))", "{{rule}}"),
        )
    )  # fmt: skip
    page.with_panel(
        panels.bars(
            Face(
                say("影子规则", "Shadow rules"),
                say("每一时段影子规则本会触发或升级的预警，最多的十条规则；未通知任何人。",
                    "What shadow rules would have raised or escalated in each step, the ten with most of it."),
            ),
            queries.bars(f"topk(10, sum by (rule) ({step(SHADOWS, NEW)}) > 0)", "{{rule}}"),
        )
    )  # fmt: skip
    taken_back = f"(sum by (rule) ({grown(ALERTS, RETRACTED)}) > 0) / sum by (rule) ({grown(ALERTS, RAISED)})"
    return page.with_panel(
        panels.ranking(
            Face(
                say("撤回最多的规则", "Rules taken back most"),
                say("撤回数比触发数，最高的十条规则：数据来得太迟，或时限太短。",
                    "Retracted for each raised, the ten highest: data comes too late, or its term is too short."),
                unit="percentunit",
                steps=((0.1, "orange"), (0.3, "red")),
            ),
            now(f"topk(10, {taken_back})", "{{rule}}"),
            to_rule(say),
        ).decimals(1)
    )  # fmt: skip
