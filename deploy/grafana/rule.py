"""One rule: how often it speaks, how often it takes back, what it could not decide."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana import panels, queries
from deploy.grafana.frame import begin, rule_variable, to_console
from deploy.grafana.panels import LEVELS, Face
from deploy.grafana.queries import eq, grown, like, now, over_time, rate, step
from deploy.grafana.risk import ALERTS, NEW, RAISED, RETRACTED, SHADOWS
from deploy.grafana.rules import UNDECIDED
from deploy.grafana.words import Say

IT = eq("rule", "$rule")


def rule(say: Say) -> Dashboard:
    """Return the page."""
    page = begin(
        say,
        "rule",
        say("单条规则", "One rule"),
        say(
            "一条规则的触发、升级、更正与撤回；它的文字、限额与出处用 `weiguard rules show` 查看。",
            "What one rule raised, escalated, corrected and took back. `weiguard rules show` has its words and limits.",
        ),
    ).with_variable(rule_variable(say))
    return _over_time(say, _numbers(say, page))


def _numbers(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row("$rule"))
    share = f"sum({grown(ALERTS, IT, RAISED)}) / clamp_min(sum({grown(ALERTS, RAISED)}), 1)"
    for title, text, expr, unit, colour in (
        (
            say("触发", "Raised"),
            say("所选时间内首次触发的预警。", "Alerts raised for the first time within the time shown."),
            f"sum({grown(ALERTS, IT, RAISED)})",
            "short",
            "blue",
        ),
        (
            say("升级", "Escalated"),
            say(
                "所选时间内升到更高级别的预警。", "Alerts that rose to a higher level within the time shown."
            ),
            f"sum({grown(ALERTS, IT, eq('state', 'escalated'))})",
            "short",
            "orange",
        ),
        (
            say("更正", "Corrected"),
            say("因迟到事件而降级或改动的预警。", "Alerts that late events lowered or changed."),
            f"sum({grown(ALERTS, IT, like('state', 'lowered', 'amended'))}) or vector(0)",
            "short",
            "text",
        ),
        (
            say("撤回", "Retracted"),
            say("因迟到事件而撤回的预警。", "Alerts that late events took back."),
            f"sum({grown(ALERTS, IT, RETRACTED)}) or vector(0)",
            "short",
            "text",
        ),
        (
            say("未判定", "Undecided"),
            say("因缺字段而无值的表达式。", "Expressions without a value, as a field was missing."),
            f"sum({grown(UNDECIDED, IT)}) or vector(0)",
            "short",
            "text",
        ),
        (
            say("占全部触发", "Share of all raised"),
            say("所有规则触发的预警中，这条规则所占份额。", "This rule's part of what all rules raised."),
            share,
            "percentunit",
            "blue",
        ),
    ):
        face = Face(title, text, unit, width=4, decimals=0)
        page.with_panel(panels.number(face, now(expr), to_console(say, "rule=${rule}"), first=colour))
    return page  # fmt: skip


def _over_time(say: Say, page: Dashboard) -> Dashboard:
    page.with_row(Row(say("走势", "Over time")))
    page.with_panel(
        panels.bars(
            Face(
                say("新增与升级，按级别", "Raised and escalated, by level"),
                say("每一时段触发或升级的预警。", "Alerts raised or escalated in each step."),
            ),
            queries.bars(f"sum by (level) ({step(ALERTS, IT, NEW)})", "{{level}}"),
            colours=LEVELS,
        )
    )
    page.with_panel(
        panels.bars(
            Face(
                say("记录的种类", "What records say"),
                say("每一时段的记录：触发、升级、降级、更正、撤回。",
                    "Records in each step: raised, escalated, lowered, amended, retracted."),
            ),
            queries.bars(f"sum by (state) ({step(ALERTS, IT)})", "{{state}}"),
        )
    )  # fmt: skip
    page.with_panel(
        panels.lines(
            Face(
                say("累计", "In all"),
                say("各进程自启动以来的记录数，按级别。", "Records since the processes started, by level."),
            ),
            over_time(f"sum by (level) ({queries.of(ALERTS, IT)})", "{{level}}"),
            colours=LEVELS,
        )
    )
    # A rule that is no shadow has no such series: it is shown at 0 by its levels.
    shadow = f"sum by (level) ({step(SHADOWS, IT, NEW)}) or 0 * sum by (level) ({step(ALERTS, IT, NEW)})"
    page.with_panel(
        panels.bars(
            Face(
                say("影子结果，按级别", "As a shadow, by level"),
                say("若不是影子规则，每一时段本会触发或升级的预警；未通知任何人。",
                    "Alerts that it would have raised or escalated in each step were it no shadow. Nobody was told."),
            ),
            queries.bars(shadow, "{{level}}"),
            colours=LEVELS,
        )
    )  # fmt: skip
    return page.with_panel(
        panels.lines(
            Face(
                say("未判定", "Undecided"),
                say("每秒因缺字段而无值的表达式；没有可缺的字段时为零。",
                    "Expressions without a value a second; 0 for a rule that no missing field can stop."),
                unit="cps",
            ),
            over_time(f"sum({rate(UNDECIDED, IT)}) or vector(0)", say("未判定", "undecided")),
        )
    )  # fmt: skip
