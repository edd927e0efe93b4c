"""The header: the title and who answers can be read at every width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gptalk_tui.chat.bar_texts import header


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (120, "3.1k / 32k · terse · qwen3:8b · ollama"),
        (80, "3.1k / 32k · terse · qwen3:8b · ollama"),
        (58, "3.1k / 32k · terse · qwen3:8b · ollama"),
        (50, "terse · qwen3:8b · ollama"),
        (40, "qwen3:8b · ollama"),
        (30, "qwen3:8b"),
    ],
)
def test_what_matters_least_goes_first_and_the_title_is_whole(width: int, shown: str) -> None:
    left, right = header(
        "Pasta for eight", "qwen3:8b", "ollama", width, persona="terse", context="3.1k / 32k"
    )
    assert right.plain == shown
    assert left.plain.endswith("Pasta for eight")


@pytest.mark.parametrize("width", range(20, 130, 3))
@pytest.mark.parametrize("title", ["Rust lifetimes explained", "日本語の助詞", "word " * 40])
def test_long_names_are_cut_and_leave_room_for_the_title(width: int, title: str) -> None:
    left, right = header(
        title,
        "anthropic/claude-opus-4.5:thinking",
        "openrouter",
        width,
        persona="日本語の先生",
        context="3.1k / 32k",
    )
    assert right.plain.startswith(("3.1k", "日本", "anth"))
    assert "anth" in right.plain
    assert left.cell_length + 2 + right.cell_length <= width - 2
    is_whole = left.plain.endswith(title)
    assert is_whole or cell_len(right.plain) <= max(8, width // 3)


def test_a_long_title_is_cut_before_where_it_is_filed() -> None:
    left, right = header("word " * 40, "qwen3:8b", "ollama", 58, place="archived")
    assert left.plain.endswith("…  archived")
    assert right.plain == "qwen3:8b · ollama"


def test_nobody_is_named_until_one_is_chosen() -> None:
    assert header("New chat", "", "gptalk", 58)[1].plain == ""
