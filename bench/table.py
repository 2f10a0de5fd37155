"""The result as a table, or as JSON: what each case costs, and which comparisons hold."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.cases import COMPARISONS, LONGEST_MS, QUERY_MS, Comparison
from bench.measuring import Measured


def ratio(comparison: Comparison, found: dict[str, Measured]) -> float:
    """Return the median over the rounds of the ratio within one round."""
    one, other = found[comparison.case], found[comparison.against]
    turns = range(len(one.cpu_s))
    return median(
        one.value(comparison.measure, turn) / other.value(comparison.measure, turn) for turn in turns
    )


def report(found: dict[str, Measured]) -> dict[str, Any]:
    """Return everything measured as plain values."""
    cases = {
        name: {
            "events": one.events,
            "us_per_event": round(one.typical_us(), 3),
            "start_s": round(median(one.start_s), 2),
            "peak_mib": round(median(one.peak_kib) / 1024, 1),
            **one.extra,
        }
        for name, one in found.items()
    }
    comparisons = [
        {
            "case": each.case,
            "against": each.against,
            "measure": each.measure,
            "ratio": round(ratio(each, found), 2),
            "most": each.most,
            "aim": each.aim,
        }
        for each in COMPARISONS
        if each.case in found and each.against in found
    ]
    return {"cases": cases, "comparisons": comparisons}


def text(found: dict[str, Measured]) -> str:
    """Return the tables for people."""
    result = report(found)
    rows = [f"{'case':34}{'events':>12}{'µs/event':>10}{'start s':>9}{'MiB':>8}"]
    for name, one in result["cases"].items():
        title = found[name].case.title
        cost = f"{one['us_per_event']:>10.2f}{one['start_s']:>9.2f}{one['peak_mib']:>8.0f}"
        rows.append(f"{title:34}{one['events']:>12,}{cost}")
    rows += ["", f"{'comparison':52}{'ratio':>7}{'most':>6}{'aim':>6}"]
    for row in result["comparisons"]:
        title = f"{found[row['case']].case.title} / {found[row['against']].case.title}"
        what = "memory, " if row["measure"] == "peak_kib" else ""
        verdict = "met" if row["ratio"] <= row["most"] else "MISSED"
        rows.append(f"{what + title:52}{row['ratio']:>7.2f}{row['most']:>6.2f}{row['aim']:>6.2f}  {verdict}")
    return "\n".join(
        rows + _longest(result["cases"], found) + _keys(result["cases"]) + _queries(result["cases"])
    )


def _longest(cases: dict[str, Any], found: dict[str, Measured]) -> list[str]:
    rows = []
    for name, one in cases.items():
        if "longest_us" in one:
            longest = one["longest_us"] / 1000
            verdict = "met" if longest <= LONGEST_MS else "MISSED"
            rest = f"median {one['median_us']:.1f} µs, 99.99 % {one['p9999_us']:.0f} µs; most {LONGEST_MS:.0f} ms"
            where = f"{longest:.1f} ms of CPU at line {one['longest_line']:,}"
            rows.append(f"longest arrival, {found[name].case.title}: {where} ({rest})  {verdict}")
    return ["", *rows] if rows else []


def _keys(cases: dict[str, Any]) -> list[str]:
    return [
        f"memory of an active key, all rules: {one['bytes_a_key']:,} bytes "
        f"({one['grown_mib']:,} MiB for {one['keys']:,})"
        for one in cases.values()
        if "bytes_a_key" in one
    ]


def _queries(cases: dict[str, Any]) -> list[str]:
    return [
        f"a week of an account among {one['entries']:,} audit entries: {one['query_ms']} ms, at worst "
        f"{one['query_worst_ms']} ms; most {QUERY_MS:.0f} ms  {'met' if one['query_ms'] <= QUERY_MS else 'MISSED'}; "
        f"index once {one['index_us_per_entry']} µs an entry"
        for one in cases.values()
        if "query_ms" in one
    ]
