"""Long texts in the composer, each folded to a one-line label."""

from __future__ import annotations

import re

from gptalk_tui.markdown.chips import is_long, size_title

REOPEN_FROM_CHARS = 20_000
REOPEN_FROM_LINES = 400
"""A draft or an earlier prompt longer than either of these is folded as a whole."""

UNFOLD_TO_CHARS = 100_000
"""Largest fold that can be expanded: with more text, typing would be slow."""

KEPT = 16
"""How many folds are kept besides those in the text, so that switching drafts and back keeps them."""

_LABEL = re.compile(r"\[pasted text #\d+ · [^\[\]\n]*\]")


class Folds:
    """Folded texts by label."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._expanded = ("", "")

    def __bool__(self) -> bool:
        return bool(self._texts)

    @property
    def texts(self) -> list[str]:
        """What was folded lately."""
        return list(self._texts.values())

    @staticmethod
    def is_long(text: str) -> bool:
        """Whether this text is folded when pasted."""
        return is_long(text)

    def add(self, text: str) -> str:
        """Fold a text and return its label."""
        for label, known in self._texts.items():
            if known == text:
                return label
        lines = text.count("\n") + (not text.endswith("\n"))
        numbers = {int(label.split("#")[1].split(" ")[0]) for label in self._texts}
        number = next(each for each in range(1, len(numbers) + 2) if each not in numbers)
        size = f"{lines:,} line{'s' if lines != 1 else ''} · {size_title(len(text.encode()))}"
        label = f"[pasted text #{number} · {size}]"
        self._texts[label] = text
        self._expanded = ("", "")
        return label

    def expand(self, shown: str) -> str:
        """Return the text with every label replaced by what it stands for."""
        if not self._texts or "[pasted text #" not in shown:
            return shown
        if self._expanded[0] != shown:
            self._expanded = (shown, _LABEL.sub(lambda match: self._texts.get(match[0], match[0]), shown))
        return self._expanded[1]

    def fold(self, text: str) -> str:
        """Return the text to show for a text: parts that were folded before are folded again.

        Forgets folds that are neither in the text nor among the latest.
        """
        shown = text
        used = []
        for label, folded in sorted(self._texts.items(), key=lambda item: -len(item[1])):
            if folded in shown and label not in shown:
                shown = shown.replace(folded, label, 1)
                used.append(label)
        if self.expand(shown) != text:  # a typed line looked like a fold
            self._texts = {label: each for label, each in self._texts.items() if label not in text}
            shown, used = text, []
        self._forget(used)
        if len(shown) > REOPEN_FROM_CHARS or shown.count("\n") >= REOPEN_FROM_LINES:
            return self.add(text)
        return shown

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Return start and end of each fold in a shown line, in characters."""
        if not self._texts or "[pasted text #" not in line:
            return []
        return [match.span() for match in _LABEL.finditer(line) if match[0] in self._texts]

    def text_of(self, label: str) -> str | None:
        """Return the text behind a label."""
        return self._texts.get(label)

    def _forget(self, used: list[str]) -> None:
        idle = [label for label in self._texts if label not in used]
        for label in idle[: max(0, len(idle) - KEPT)]:
            del self._texts[label]
        self._expanded = ("", "")
