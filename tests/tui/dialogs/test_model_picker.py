"""The list of a provider's models: found by a few letters, favourites first, unknown names asked about."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, Static

from gptalk_client.errors import NetworkError
from gptalk_client.model_choices import MOST_USED, mark_favourite, note_used, read_choices
from gptalk_client.providers.model_info import ModelInfo
from gptalk_client.settings import Settings
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.fuzzy import fuzzy_match
from gptalk_tui.dialogs.model_picker import ModelPicker
from gptalk_tui.dialogs.settings import SettingsScreen
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

MODELS = [
    ModelInfo("llama3.2:3b", 131072, "3.2B", "Q4_K_M"),
    ModelInfo("qwen3:8b", 32768, "8.2B", "Q4_K_M"),
    ModelInfo("openai/gpt-4o-mini", 128000, prompt_price=0.15, reply_price=0.6),
    ModelInfo("openai/gpt-4o"),
]


class Listing(ScriptedProvider):
    """A provider that lists `MODELS`."""

    def __init__(self) -> None:
        super().__init__(["ok"])

    async def list_models(self) -> list[ModelInfo]:
        """Return the models."""
        return MODELS


def names(app: Running) -> list[str]:
    return [row.text for row in app.app.screen.query_one(RowList).rows]


async def opened(app: Running) -> None:
    await app.press(*"/model", "enter")
    await app.until(lambda: isinstance(app.app.screen, ModelPicker) and len(names(app)) >= len(MODELS))


def header(app: Running) -> str:
    plain: str = app.chat.query_one("#header").right.plain  # type: ignore[attr-defined]
    return plain


async def test_a_model_is_found_by_letters_and_shown_with_what_is_known_of_it(tmp_path: Path) -> None:
    provider = Listing()
    async with running_app(provider, tmp_path) as app:
        await opened(app)
        rows = app.app.screen.query_one(RowList).rows
        assert [row.right for row in rows] == [model.summary for model in MODELS]
        assert "Q4_K_M" in rows[0].right
        assert "$0.15" in rows[2].right
        await app.press(*"g4m")
        assert names(app) == ["openai/gpt-4o-mini", "“g4m”"]
        await app.press("enter")
        await app.until(lambda: app.app.screen is app.chat)
        await app.until(lambda: "openai/gpt-4o-mini" in header(app))
        await app.send("Hello")
        await app.until_idle()
        assert provider.requests[-1].model == "openai/gpt-4o-mini"


async def test_words_after_the_command_are_looked_for_at_once(tmp_path: Path) -> None:
    async with running_app(Listing(), tmp_path) as app:
        await app.press(*"/model g4m", "enter")
        await app.until(lambda: isinstance(app.app.screen, ModelPicker))
        await app.until(lambda: names(app) == ["openai/gpt-4o-mini", "“g4m”"])
        await app.press("enter")
        await app.until(lambda: "openai/gpt-4o-mini" in header(app))


async def test_favourites_and_what_was_used_last_come_first_also_after_a_restart(tmp_path: Path) -> None:
    async with running_app(Listing(), tmp_path) as app:
        await opened(app)
        await app.press("end", "up", "down", "f4")
        await app.until(lambda: app.paths.model_choices.exists())
        await app.press(*"llama", "enter")
        await app.until(lambda: "llama" in header(app))
        choices = app.paths.model_choices
        await app.until(lambda: read_choices(choices, "gptalk").used == ["llama3.2:3b"])
    favourite = read_choices(choices, "gptalk").favourites
    assert len(favourite) == 1
    async with running_app(Listing(), tmp_path, new=True) as app:
        await opened(app)
        expected = ["Favourites", *favourite, "Used last", "llama3.2:3b", "All"]
        assert names(app)[: len(expected)] == expected
        assert next(row.mark for row in app.app.screen.query_one(RowList).rows if row.key) == "★"
        await app.press("home", "f4")
        await app.until(lambda: read_choices(choices, "gptalk").favourites == [])


async def test_a_name_that_is_not_listed_is_kept_only_after_a_question(tmp_path: Path) -> None:
    async with running_app(Listing(), tmp_path) as app:
        await opened(app)
        await app.press(*"qw!", "enter")
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("escape")
        assert isinstance(app.app.screen, ModelPicker)
        await app.press("enter", "y")
        await app.until(lambda: "qw!" in header(app))


async def test_a_name_typed_into_the_settings_is_asked_about_too(tmp_path: Path) -> None:
    async with running_app(Listing(), tmp_path) as app:
        await app.press("ctrl+t", "tab", *"qw", "ctrl+t")
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("n")
        assert isinstance(app.app.screen, SettingsScreen)
        assert app.chat.session.chosen.model == ""
        await app.press("ctrl+t", "y")
        await app.until(lambda: app.chat.session.chosen.model == "qw")


async def test_where_models_cannot_be_listed_a_name_can_still_be_typed(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])

    async def refuse() -> list[str]:
        raise NetworkError("No connection.")

    provider.models = refuse  # type: ignore[method-assign]
    async with running_app(provider, tmp_path) as app:
        await app.press(*"/model", "enter")
        shown = lambda: str(app.app.screen.query_one(".dialog-error", Static).content)  # noqa: E731
        await app.until(lambda: isinstance(app.app.screen, ModelPicker) and "No connection." in shown())
        await app.press(*"mine", "enter")
        await app.until(lambda: "mine" in header(app))


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (58, 24), (40, 12)])
async def test_the_list_can_be_used_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running_app(Listing(), tmp_path, size=size) as app:
        await opened(app)
        await app.press("end")
        rows, box = app.app.screen.query_one(RowList), app.app.screen.query_one(Input)
        assert rows.region.bottom <= size[1]
        assert box.region.y >= 0
        await app.press("down", "down", "down")
        assert rows.highlighted is not None
        assert 0 <= rows.at - int(rows.scroll_y) < rows.size.height


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("gpt-4o", ["gpt-4o", "gpt-4o-mini", "openai/gpt-4o", "my-gpt-4oz", "xgpt-4o"]),
        ("mini 4o", ["gpt-4o-mini"]),
        ("g4m", ["gpt-4o-mini"]),
        ("MINI", ["gpt-4o-mini"]),
        ("zz9", []),
        ("", ["gpt-4o", "gpt-4o-mini", "openai/gpt-4o", "my-gpt-4oz", "xgpt-4o"]),
    ],
)
def test_better_matches_come_first(query: str, texts: list[str]) -> None:
    names = ["xgpt-4o", "my-gpt-4oz", "gpt-4o-mini", "openai/gpt-4o", "gpt-4o"]
    found = {name: match for name in names if (match := fuzzy_match(query, name)) is not None}
    assert set(found) == set(texts)
    ranks = [found[name].rank for name in texts]
    assert ranks == sorted(ranks)


@given(st.text(max_size=20), st.text(max_size=40))
def test_a_match_marks_disjoint_parts_of_the_text(query: str, text: str) -> None:
    match = fuzzy_match(query, text)
    if match is not None:
        flat = [at for span in match.spans for at in span]
        assert flat == sorted(flat)
        assert all(0 <= start < end <= len(text) for start, end in match.spans)


def test_a_damaged_file_of_choices_counts_as_empty_and_few_are_remembered(tmp_path: Path) -> None:
    file = tmp_path / "data" / "choices.json"
    for number in range(MOST_USED + 3):
        note_used(file, "p", f"m{number}")
    assert read_choices(file, "p").used == [f"m{number}" for number in range(MOST_USED + 2, 2, -1)]
    file.write_bytes(b'{"p": [')
    assert read_choices(file, "p").used == []
    mark_favourite(file, "p", "m", is_favourite=True)
    mark_favourite(file, "p", "m", is_favourite=True)
    assert read_choices(file, "p").favourites == ["m"]
    mark_favourite(file, "p", "m", is_favourite=False)
    assert read_choices(file, "p").favourites == []


async def test_a_long_list_of_hostile_names_does_not_hold_the_app_up(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"], models=["a" * 2000 + f"\x1b[2J{number}" for number in range(2000)])
    async with running_app(provider, tmp_path, settings=Settings(provider="gptalk")) as app:
        await app.press(*"/model", "enter")
        await app.until(lambda: isinstance(app.app.screen, ModelPicker) and len(names(app)) == 2000)
        await app.press(*"aaaaaaaaaaaaaaaaab")
        assert len(names(app)) == 1  # what was typed
        assert not any("\x1b" in name for name in names(app))
