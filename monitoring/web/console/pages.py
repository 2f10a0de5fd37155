"""How pages are made: templates, static files, and the headers that keep strangers' scripts out."""

from __future__ import annotations

import gzip
import mimetypes
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from monitoring.web.console.visit import Visit
from monitoring.web.console.words import LANGUAGES

# No inline script or style, nothing from elsewhere, and no frame around it.
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# `same-origin`: under `no-referrer` browsers send `Origin: null` with forms, which could not be checked then.
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_HERE: Final = Path(__file__).parent
# In the order of the menu: path, the right that it takes, and the name of its words.
MENU: Final = (
    ("/", "alerts"), ("/rules", "rules"), ("/quarantine", "quarantine"), ("/audit", "audit"), ("/health", "health"),
    ("/users", "users"),
)  # fmt: skip


class Static:
    """The files beside the pages, in memory, packed once; their addresses change with what is in them."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, bytes, str]] = {}
        self._addresses: dict[str, str] = {}
        for path in sorted((_HERE / "static").iterdir()):
            body = path.read_bytes()
            kind = mimetypes.guess_type(path.name)[0] or "text/plain"
            self._files[path.name] = (body, gzip.compress(body, 9, mtime=0), kind)
            self._addresses[path.name] = f"/static/{path.name}?{sha256(body).hexdigest()[:12]}"

    def address(self, name: str) -> str:
        """Return where a file is found."""
        return self._addresses[name]

    async def file(self, request: Request) -> Response:
        """Answer with a file."""
        found = self._files.get(request.path_params["name"])
        if found is None:
            return Response("weiguard: no such file\n", 404, HEADERS)
        body, packed, kind = found
        headers = {**HEADERS, "Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=kind)
        return Response(body, headers=headers, media_type=kind)


class Pages:
    """The templates."""

    def __init__(self, static: Static) -> None:
        self._env = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals |= {"static": static.address, "menu": MENU, "languages": LANGUAGES}

    def show(self, visit: Visit, name: str, status: int = 200, **values: Any) -> Response:
        """Return a page, or a part of one."""
        body = self._env.get_template(name).render(
            visit=visit, t=visit.words, lang=visit.lang, status=status, **values
        )
        headers = {**HEADERS, "Content-Language": visit.lang, "Vary": "HX-Request, Accept-Language, Cookie"}
        return Response(body, status, headers, "text/html; charset=utf-8")
