"""Lets in who is logged in and may, and none but requests of our own pages: every page and call goes through here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitoring.web.answers import Refusal
from monitoring.web.console.pages import HEADERS, Pages
from monitoring.web.console.roles import Right
from monitoring.web.console.sessions import LONGEST_S, Session, Sessions
from monitoring.web.console.users import Users
from monitoring.web.console.visit import Visit
from monitoring.web.console.words import COOKIE as LANG_COOKIE
from monitoring.web.console.words import LANGUAGES
from streams.refusing import RefusedError

Shown: TypeAlias = Callable[[Visit], Awaitable[Response]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
CSRF_HEADER: Final = "x-csrf-token"
_A_YEAR_S: Final = 365 * 86_400
_AGAIN_S: Final = 5


class Guard:
    """Stands before every page."""

    def __init__(self, pages: Pages, sessions: Sessions, users: Users | None, public_url: str | None) -> None:
        """`users` None: nobody can log in but who is invited. `public_url`: under which address browsers come."""
        self.sessions, self.users = sessions, users
        self._pages, self._public = pages, public_url
        self._secure = public_url is not None and public_url.startswith("https:")
        # A cookie whose name begins so is taken by browsers only from this very host, over https.
        self._cookie = "__Host-weiguard" if self._secure else "weiguard"

    def page(self, right: Right, show: Shown) -> Endpoint:
        """Return an endpoint for who is logged in and has a right; the page is shown in HTML whatever happens."""

        async def answered(request: Request) -> Response:
            visit = Visit(request)
            try:
                visit.session = self.found(request)
                if visit.session is None:
                    return self._stranger(visit)
                _check_right(visit, right)
                if request.method == "POST":
                    await self._check_post(visit)
                response = await show(visit)
            except (Refusal, RefusedError) as error:
                response = self.refusal(visit, error)
            return self.dressed(visit, response)

        return answered

    def open(self, show: Shown) -> Endpoint:
        """Return an endpoint for everybody: where people log in."""

        async def answered(request: Request) -> Response:
            visit = Visit(request)
            try:
                visit.session = self.found(request)
                if request.method == "POST":
                    self._check_origin(request)
                    await visit.read_form()
                response = await show(visit)
            except (Refusal, RefusedError) as error:
                response = self.refusal(visit, error)
            return self.dressed(visit, response)

        return answered

    def begin(self, visit: Visit, response: Response, name: str) -> None:
        """Give a browser the id of its session, in the place of any that it bore."""
        self.forget(visit)
        response.set_cookie(
            self._cookie,
            name,
            max_age=LONGEST_S,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def forget(self, visit: Visit) -> None:
        """End the session that a request bears."""
        self.sessions.end(visit.request.cookies.get(self._cookie, ""))

    def end(self, visit: Visit, response: Response) -> None:
        """Log a browser out."""
        self.forget(visit)
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="strict")

    def found(self, request: Request) -> Session | None:
        """Return the session that a request bears, if its user is still the one who logged in."""
        name = request.cookies.get(self._cookie, "")
        session = self.sessions.of(name) if name else None
        if session is not None and not self._known(session):
            self.sessions.end(name)
            return None
        return session

    def stands(self, session: Session) -> bool:
        """Return whether a session has not ended, nor its user been taken away. Does not count as use."""
        try:
            return self.sessions.lives(session) and self._known(session)
        except Refusal:  # Who cannot be looked up is shown nothing.
            return False

    def address(self, request: Request) -> str:
        """Return from where a request comes. A proxy on this machine says so last in X-Forwarded-For."""
        host = request.client.host if request.client is not None else ""
        told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return told if self._public is not None and told and host in ("127.0.0.1", "::1") else host

    def refusal(self, visit: Visit, error: Refusal | RefusedError) -> Response:
        """Return the page, or the part of one, that a refusal is."""
        status, why = (error.status, error.why) if isinstance(error, Refusal) else (400, error)
        name = "refused_part.html" if visit.partial else "refused.html"
        response = self._pages.show(visit, name, status, why=why)
        if isinstance(error, Refusal) and error.seconds is not None:
            response.headers["Retry-After"] = str(error.seconds)
        return response

    def dressed(self, visit: Visit, response: Response) -> Response:
        """Return an answer with the headers of all, and remember a language that was chosen."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        chosen = visit.request.query_params.get("lang")
        if chosen in LANGUAGES:
            response.set_cookie(
                LANG_COOKIE,
                chosen,
                max_age=_A_YEAR_S,
                path="/",
                secure=self._secure,
                httponly=True,
                samesite="lax",
            )
        return response

    def _known(self, session: Session) -> bool:
        """Return whether a user is as at the log-in: the same role, the same password."""
        if self.users is None:
            return True
        try:
            return self.users.of(session.user.name) == session.user
        except RefusedError as error:
            raise Refusal(503, error, _AGAIN_S) from None

    def _stranger(self, visit: Visit) -> Response:
        """Answer somebody who is not logged in."""
        request = visit.request
        to = f"/login?next={quote(visit.here(lang=None))}" if request.method == "GET" else "/login"
        if request.headers.get("accept", "").startswith("text/event-stream"):
            return Response("weiguard: nobody is logged in\n", 401)
        if visit.partial:
            return Response(status_code=401, headers={"HX-Redirect": "/login"})
        if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET":
            # Behind a link of another site a browser holds a strict cookie back: our own page asks again, and bears it.
            return self._pages.show(visit, "again.html", to=visit.here())
        return RedirectResponse(to, 303)

    async def _check_post(self, visit: Visit) -> None:
        """Raise Refusal where a request was made by no page of this session."""
        self._check_origin(visit.request)
        await visit.read_form()
        assert visit.session is not None, "who is not logged in is sent away before"
        given = visit.request.headers.get(CSRF_HEADER) or visit.form.get("csrf", "")
        if not compare_digest(given.encode(), visit.session.csrf.encode()):
            why = RefusedError(
                "the form", "no token of this session", "the page's own", "load the page again"
            )
            raise Refusal(403, why)

    def _check_origin(self, request: Request) -> None:
        """Raise Refusal where a request was made by a page of another origin. Browsers send it with every form."""
        origin = request.headers.get("origin", "")
        own = self._public or f"http://{request.headers.get('host', '')}"
        if urlsplit(origin)[:2] != urlsplit(own)[:2]:
            why = RefusedError("Origin", repr(origin[:200]), own, "open the console under that address")
            raise Refusal(403, why)


def _check_right(visit: Visit, right: Right) -> None:
    """Raise Refusal where a user has not a right."""
    if not visit.may(right):
        found = f"the role {visit.user.role}"
        why = RefusedError(
            visit.request.url.path, found, f"one with the right to {right}", "ask somebody who has it"
        )
        raise Refusal(403, why)
