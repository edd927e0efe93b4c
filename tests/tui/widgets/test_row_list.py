"""A list shows which row Enter takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.style import Style
from textual.strip import Strip

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from gptalk_tui.widgets.row_list import RowList
from support.apps import paths_in, running_app
from support.scripted_provider import ScriptedProvider

WAYS = {
    "completions": ["/"],
    "commands": ["ctrl+p"],
    "earlier prompts": ["ctrl+r"],
    "conversations": ["ctrl+s"],
    "export formats": ["ctrl+o"],
}


def colours(strip: Strip) -> set[tuple[object, object]]:
    """Return what distinguishes rows: their backgrounds, and whether they are reversed."""
    styles = [style or Style() for _, style, _ in strip]
    return {(style.bgcolor, style.reverse) for style in styles}


@pytest.mark.parametrize("way", WAYS)
async def test_the_highlighted_row_looks_different_from_the_others(tmp_path: Path, way: str) -> None:
    with Store.open(paths_in(tmp_path).database) as store:
        for title in ("one", "two"):
            conversation = store.create_conversation(title=title)
            _, reply = store.open_turn(conversation.id, f"prompt of {title}")
            store.close_turn(reply.id, Status.COMPLETE)
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        await running.press(*WAYS[way])

        def rows() -> RowList | None:
            lists = [each for each in running.app.screen.query(RowList) if each.region and each.at >= 0]
            return lists[-1] if lists else None

        await running.until(lambda: (shown := rows()) is not None and len(shown.rows) > 1, "the rows show")
        shown = rows()
        assert shown is not None
        others = [
            colours(shown.render_line(index))
            for index, row in enumerate(shown.rows[: shown.size.height])
            if not row.is_heading and index != shown.at
        ]
        assert others
        assert colours(shown.render_line(shown.at)) not in others
