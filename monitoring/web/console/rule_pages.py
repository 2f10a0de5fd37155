"""The rules that decide: what they say, the limits they read, how often each fired, and what shadow rules found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from starlette.responses import Response

from monitoring.web.answers import Refusal
from monitoring.web.console.pages import Pages
from monitoring.web.console.results import Results, results_by_rule, results_of
from monitoring.web.console.sight import Sight
from monitoring.web.console.visit import Visit
from monitoring.web.desk import Desk
from monitoring.wording.rule_page import case_lines, sourced, sourced_limit
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

_RULE: Final = msgspec.json.Decoder(dict[str, Any])


class RulePages:
    """The list of rules, and one of them."""

    def __init__(self, desk: Desk, pages: Pages, runner: Callable[[], Runner | None]) -> None:
        self._desk, self._pages, self._runner = desk, pages, runner

    async def page(self, visit: Visit) -> Response:
        """List the rules that decide now, each with how often it fired."""
        everything = visit.may("aml")
        runner = self._runner()
        on = (
            {face.rule for face in runner.engine.program.faces if face.written}
            if runner is not None
            else set()
        )

        def read(
            reader: SqliteReader,
        ) -> tuple[dict[str, bytes], dict[str, dict[str, int]], Sight, dict[str, Results]]:
            sight = Sight.of(reader, everything=everything)
            return dict(reader.rule_texts()), reader.fired(), sight, results_by_rule(reader, sight)

        texts, fired, sight, results = await self._desk.look(read)
        rules = [_RULE.decode(body) for name, body in texts.items() if name in on]
        return self._pages.show(
            visit, "rules.html", rules=rules, fired=fired, sight=sight, results=results, none=Results()
        )

    async def one(self, visit: Visit) -> Response:
        """Show a rule, and what it found where it is or was a shadow. Raises Refusal where there is none of that id."""
        name, lang = visit.request.path_params["rule"], visit.lang
        everything = visit.may("aml")

        def read(reader: SqliteReader) -> tuple[bytes | None, Results | None]:
            sight = Sight.of(reader, everything=everything)
            return reader.rule(name), results_of(reader, sight, name)

        body, results = await self._desk.look(read)
        if body is None:
            why = RefusedError(
                "the rule", f"none {name[:80]!r}", "the id of one", "look at the list of rules"
            )
            raise Refusal(404, why)
        rule = _RULE.decode(body)
        return self._pages.show(
            visit,
            "rule.html",
            rule=rule,
            results=results,
            source=sourced(rule, lang),
            cases=["\n".join(case_lines(case, lang, (lang,))) for case in rule["cases"]],
            limits={each: sourced_limit(limit, lang) for each, limit in rule["limits"].items()},
        )
