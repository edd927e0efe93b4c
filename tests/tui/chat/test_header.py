"""The right part of the header: who answers can be read at every width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gptalk_tui.chat.bar_texts import header_right


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (120, "3.1k / 32k · terse · qwen3:8b · ollama"),
        (80, "3.1k / 32k · terse · qwen3:8b · ollama"),
        (58, "terse · qwen3:8b · ollama"),
        (44, "terse · qwen3:8b · ollama"),
        (40, "qwen3:8b · ollama"),
        (20, "qwen3:8b"),
    ],
)
def test_what_matters_least_goes_first(width: int, shown: str) -> None:
    found = header_right("qwen3:8b", "ollama", width, persona="terse", context="3.1k / 32k")
    assert found.plain == shown


@pytest.mark.parametrize("width", range(16, 130, 3))
def test_long_names_are_cut_and_leave_room_for_the_title(width: int) -> None:
    found = header_right(
        "anthropic/claude-opus-4.5:thinking",
        "openrouter",
        width,
        persona="日本語の先生",
        context="3.1k / 32k",
    ).plain
    assert found.startswith(("3.1k", "日本", "anth"))
    assert "anth" in found
    assert cell_len(found) <= width - min(24, width // 3) - 3
