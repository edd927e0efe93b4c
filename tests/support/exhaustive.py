"""Tests that could try thousands of cases: a share of them by default, every one where the environment asks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

EVERY_CASE = os.environ.get("GPTALK_TEST_EVERY_CASE") == "1"
"""`GPTALK_TEST_EVERY_CASE=1`, before a release or after a change of what these tests cover, takes minutes."""


def a_share(cases: Sequence[T], one_in: int) -> Sequence[T]:
    """Return all cases where the environment asks for them, else one of so many, spread evenly.

    Args:
        cases: All of them, in a fixed order.
        one_in: A number that shares no divisor with the length of the inner loop that made the cases, or the
            same few would be taken each time.
    """
    return cases if EVERY_CASE else cases[::one_in]
