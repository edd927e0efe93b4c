"""How far something long is: click's bar on standard error, on a terminal only, once the work takes a moment."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

import click

from gptalk_client.text import one_line

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_SHOWN_AFTER_S = 0.5
_STEPS = 1000


class Progress:
    """A bar to use in a `with`; `show` takes the share that is done.

    Args:
        label: What is being done.
    """

    def __init__(self, label: str) -> None:
        self._label = one_line(label, max_chars=40)
        self._bar: ProgressBar[int] | None = None
        self._begun_s = time.monotonic()
        self._is_for_people = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, share: float) -> None:
        """Show the share that is done, from 0 to 1."""
        if self._bar is None:
            if not self._is_for_people or time.monotonic() - self._begun_s < _SHOWN_AFTER_S:
                return
            self._bar = click.progressbar(
                length=_STEPS, label=self._label, file=sys.stderr, show_eta=False, width=30
            )
        self._bar.update(max(0, int(min(1.0, share) * _STEPS) - self._bar.pos))
