"""One request to the console: who makes it, and in which language and colours the answer is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request

from monitoring.web.bodies import body_of
from monitoring.web.console.roles import Right, may
from monitoring.web.console.sessions import Session
from monitoring.web.console.users import User
from monitoring.web.console.words import Words, language_of, words_of
from monitoring.wording.words import Language
from streams.refusing import RefusedError

THEME: Final = "weiguard-theme"
THEMES: Final = ("light", "dark")
MOST_FORM: Final = 2 << 20  # Bytes: a refused line may be mended whole.
_MOST_FIELDS: Final = 1_200


@dataclass(slots=True)
class Visit:
    """A request. `session` is None where nobody is logged in; `form` has what was posted, the last of each name."""

    request: Request
    session: Session | None = None
    form: dict[str, str] = field(default_factory=dict)
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def lang(self) -> Language:
        """The language of the answer."""
        return language_of(self.request)

    @property
    def words(self) -> Words:
        """The words of the answer."""
        return words_of(self.lang)

    @property
    def theme(self) -> str:
        """The colours that were chosen; empty: those of the system."""
        chosen = self.request.cookies.get(THEME, "")
        return chosen if chosen in THEMES else ""

    @property
    def user(self) -> User:
        """Who is logged in."""
        assert self.session is not None, "only who is logged in comes here"
        return self.session.user

    @property
    def partial(self) -> bool:
        """Whether only a part of a page is asked for, by htmx."""
        return (
            "hx-request" in self.request.headers and "hx-history-restore-request" not in self.request.headers
        )

    def may(self, right: Right) -> bool:
        """Return whether the user has a right."""
        return self.session is not None and may(self.session.user.role, right)

    async def read_form(self) -> None:
        """Read what was posted. Raises Refusal, RefusedError."""
        body = await body_of(self.request, MOST_FORM)
        try:
            self.fields = parse_qsl(
                body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            raise RefusedError(
                "the form", "what cannot be read", "fields in UTF-8", "send it from its page"
            ) from None
        self.form = dict(self.fields)

    def here(self, **changed: str | None) -> str:
        """Return the address of this page with some parameters changed, or without them where they are None."""
        kept = [pair for pair in self.request.query_params.multi_items() if pair[0] not in changed]
        kept += [(name, value) for name, value in changed.items() if value is not None]
        return f"{quote(self.request.scope['path'])}{'?' if kept else ''}{urlencode(kept)}"
