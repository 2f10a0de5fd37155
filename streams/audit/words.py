"""The words by which a text is found, Chinese and English: the same cut for what is kept and for what is looked for.

Chinese is written without spaces, so a run of it is cut into overlapping pairs of signs, 已收款 into 已收 and 收款, and
its last sign stands behind them, so that a single sign is found as what a pair begins with. Everything else is cut into
words as they stand. Signs that are neither letters nor digits separate words and are none, so no text can be read as an
expression of the index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# Han, kana and hangul, which are written without spaces or nearly so.
_RUN: Final = r"\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_BETWEEN: Final = "¶"  # Stands between two texts, so that no phrase reaches from one into the next.
_PARTS: Final = re.compile(f"[{_RUN}]+|[^\\W_{_RUN}]+|{_BETWEEN}")
_BEGINS_RUN: Final = re.compile(f"[{_RUN}]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side; `begins`: the last of them may be the beginning of a longer one."""

    words: tuple[str, ...]
    begins: bool = False

    def expression(self) -> str:
        """Return it as FTS5 (sqlite.org/fts5.html) reads it; words are letters and digits alone, so nothing escapes."""
        return f'"{" ".join(self.words)}"' + ("*" if self.begins else "")

    def within(self, words: Sequence[str]) -> bool:
        """Return whether it stands among these words."""
        *first, last = self.words
        width = len(self.words)
        for at in range(len(words) - width + 1):
            end = words[at + width - 1]
            if words[at : at + width - 1] == first and (end.startswith(last) if self.begins else end == last):
                return True
        return False


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the words of texts, in order, with a mark between two texts."""
    return _cut(_BETWEEN.join(texts))[0]


def phrases_of(text: str) -> list[Phrase]:
    """Return what is looked for: a phrase for each part between spaces, all of which must be found; none for signs."""
    found = []
    for part in text.replace(_BETWEEN, " ").split():
        words, run = _cut(part)
        if run > 1:
            words.pop()  # The last sign of a run that may go on where it is found.
        if words:
            found.append(Phrase(tuple(words), begins=run == 1))
    return found


def _cut(text: str) -> tuple[list[str], int]:
    """Return the words of a text, and how many signs the run has that it ends with; 0 where it ends otherwise."""
    words: list[str] = []
    size = 0
    for part in _PARTS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if not _BEGINS_RUN.match(part):
            words.append(part)
            size = 0
            continue
        size = len(part)
        words += [part[at : at + 2] for at in range(size)]  # The last of them is one sign.
    return words, size
