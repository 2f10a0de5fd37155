"""Pages as HTML: the same Markdown, rendered by markdown-it with raw HTML switched off, inside one small frame."""

from __future__ import annotations

from html import escape
from typing import Final

from markdown_it import MarkdownIt

from monitoring.wording.words import Language

_STYLE: Final = """\
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; color: #1a1a1a; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { background: #f2f2f2; }
pre { background: #f6f6f6; padding: .8rem; overflow-x: auto; }
blockquote { margin: 1rem 0; padding: .2rem 1rem; border-left: .3rem solid #c60; background: #fff6ec; }
a { color: #0552b5; }
"""
_CODES: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}
_READER: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


def html_page(title: str, markdown: str, lang: Language) -> str:
    """Return a page that stands by itself: it loads nothing and runs nothing."""
    return (
        f'<!doctype html>\n<html lang="{_CODES[lang]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f"{_READER.render(markdown)}</body>\n</html>\n"
    )
