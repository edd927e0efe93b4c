"""The height index gives the same answers as a plain list of heights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_tui.widgets.transcript.heights import HeightIndex

CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("measure"), st.integers(0, 200), st.integers(0, 50)),
        st.tuples(st.just("forget"), st.integers(0, 200), st.just(0)),
        st.tuples(st.just("append"), st.integers(1, 900), st.just(0)),
        st.tuples(st.just("pop"), st.just(0), st.just(0)),
        st.tuples(st.just("learn"), st.just(0), st.just(0)),
        st.tuples(st.just("forget all"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


def tops(index: HeightIndex, weights: list[int], heights: list[int | None]) -> list[int]:
    lines = weight = 0
    result = [0]
    for each, height in zip(weights, heights, strict=True):
        if height is None:
            weight += each
        else:
            lines += height
        result.append(lines + int(weight * index.lines_per_weight))
    return result


@given(st.lists(st.integers(1, 5000), max_size=80), CHANGES)
def test_the_index_agrees_with_a_plain_list(weights: list[int], changes: list[tuple[str, int, int]]) -> None:
    index = HeightIndex(weights)
    heights: list[int | None] = [None] * len(weights)
    weights = list(weights)
    for what, a, b in changes:
        if what == "append":
            index.append(a)
            weights.append(a)
            heights.append(None)
        elif what == "learn":
            index.learn()
        elif what == "forget all":
            index.forget_all(1 / 30)
            heights = [None] * len(weights)
        elif not weights:
            continue
        elif what == "pop":
            index.pop()
            weights.pop()
            heights.pop()
        else:
            row = a % len(weights)
            if what == "measure":
                index.measure(row, b)
                heights[row] = b
            else:
                index.forget(row)
                heights[row] = None
    expected = tops(index, weights, heights)
    assert [index.top_of(row) for row in range(len(weights) + 1)] == expected
    assert index.total == expected[-1]
    assert len(index) == len(weights)
    for line in range(0, index.total, max(1, index.total // 50)):
        row, offset = index.find(line)
        assert expected[row] + offset == line
        assert line < expected[row + 1]


def test_measuring_returns_the_change_in_the_total() -> None:
    index = HeightIndex([400, 400], lines_per_weight=1 / 40)
    assert index.measure(0, 25) == 15
    assert index.measure(0, 20) == -5
    assert index.total == 30


def test_a_line_out_of_range_is_the_first_or_the_last() -> None:
    index = HeightIndex([1, 1, 1])
    for row, height in enumerate((3, 2, 0)):
        index.measure(row, height)
    assert index.find(-7) == (0, 0)
    assert index.find(99) == (1, 1)


def test_an_empty_index_contains_no_line() -> None:
    with pytest.raises(IndexError):
        HeightIndex().find(0)
