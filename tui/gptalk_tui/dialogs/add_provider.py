"""Add a provider: what runs on this computer, and the engines and services that many people use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from gptalk_client.addresses import Address
from gptalk_client.presets import OTHER, PRESETS, Preset
from gptalk_client.settings import ProviderSettings
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.provider_form import ProviderForm, free_name
from gptalk_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from gptalk_client.providers.discovery import FoundEngine
    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_tui.dialogs.engine_book import EngineBook

_FOUND, _PRESET, _GPTALK = "found ", "preset ", "gptalk"


class AddProviderScreen(Dialog[str | None]):
    """Returns the name of the provider that was added; None if none was.

    Args:
        book: The providers.
        found: The engines that are known to run on this computer; they are looked for again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False)]

    def __init__(self, book: EngineBook, *, found: Sequence[FoundEngine] = ()) -> None:
        super().__init__()
        self._book = book
        self._found = found
        self._was_touched = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static("Add a provider", classes="dialog-title", markup=False)
            yield RowList()
            yield KeyHints(("Enter", "test"), ("Esc", "back"))

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self._show(is_looking=True)
        self.run_worker(self._discover(), group="discovery", description="discovery")

    async def _discover(self) -> None:
        self._found = await self._book.discover()
        self._show(is_looking=False)

    def _show(self, *, is_looking: bool) -> None:
        running = {each.preset.url for each in self._found}
        rows: list[Row] = []
        if is_looking and not self._found:
            rows.append(Row("", "looking for engines on this computer…"))
        if self._found:
            rows.append(Row("", "Running on this computer"))
        for each in self._found:
            listed = f"{len(each.models)} model{'' if len(each.models) == 1 else 's'}"
            rows.append(
                Row(_FOUND + each.preset.name, each.preset.title, f"{_host(each.preset.url)} · {listed}", "●")
            )
        rows.append(Row("", "Presets"))
        rows += [
            Row(_PRESET + each.name, each.title, _place(each))
            for each in PRESETS
            if each.url not in running and each is not OTHER
        ]
        rows.append(Row("", "Elsewhere"))
        rows.append(Row(_PRESET + OTHER.name, OTHER.title, "any OpenAI-compatible engine"))
        rows.append(Row(_GPTALK, "Another GPTalk service", "its address"))
        first = next(row.key for row in rows if row.key)
        self.query_one(RowList).set_rows(rows, highlight=None if self._was_touched else first)

    @on(RowList.Highlighted)
    def _touched(self) -> None:
        self._was_touched = True

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        if event.key == _GPTALK:
            self._open("", ProviderSettings(type="gptalk"), is_ready=False)
            return
        found = {_FOUND + each.preset.name: each.models for each in self._found}
        preset = next(each for each in PRESETS if event.key in (_FOUND + each.name, _PRESET + each.name))
        has_key = bool(preset.key_variable and os.environ.get(preset.key_variable))
        settings = ProviderSettings(url=preset.url, api_key_env=preset.key_variable)
        name = "" if preset is OTHER else preset.name
        self._open(name, settings, is_ready=preset.is_local or has_key, models=found.get(event.key))

    def _open(
        self,
        name: str,
        settings: ProviderSettings,
        *,
        is_ready: bool,
        models: Sequence[ModelInfo] | None = None,
    ) -> None:
        form = ProviderForm(
            self._book,
            name=free_name(name, self._book) if name else "",
            settings=settings,
            is_ready=is_ready,
            models=models,
        )
        self.app.push_screen(form, self._added)

    def _added(self, name: str | None) -> None:
        if name is not None:
            self.dismiss(name)


def _host(url: str) -> str:
    return one_line(Address.parse(url, takes_query=True).service)


def _place(preset: Preset) -> str:
    if not preset.key_variable:
        return _host(preset.url)
    state = "set" if os.environ.get(preset.key_variable) else "not set"
    return f"{preset.key_variable} {state}"
