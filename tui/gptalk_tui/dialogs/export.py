"""Where and how to export the open conversation."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Checkbox, Input, Static

from gptalk_client.errors import GptalkError, TranscriptError
from gptalk_client.models import Conversation
from gptalk_client.paths import typed_path
from gptalk_client.store.reserved_paths import refuse_own_file
from gptalk_client.store.worker import StoreThread
from gptalk_client.text import one_line
from gptalk_client.transcripts.files import export_name, write_file
from gptalk_client.transcripts.formats import FORMATS, Format
from gptalk_client.transcripts.transcript import read_transcript
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.path_input import PathInput
from gptalk_tui.widgets.listing import title_of
from gptalk_tui.widgets.row_list import Row, RowList


class _Box(Checkbox):
    """A check box whose mark is there only when it is on; Textual's is always there and changes its colour."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class ExportScreen(Dialog[Path | None]):
    """Writes a conversation to a file; returns the file, or None.

    Args:
        store: Where the messages are read from.
        conversation: What is written.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("down", "move(1)", "Next format", show=False),
        Binding("up", "move(-1)", "Previous format", show=False),
    ]

    def __init__(self, store: StoreThread, conversation: Conversation) -> None:
        super().__init__()
        self._store = store
        self._conversation = conversation
        self._may_replace: Path | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="export"):
            title = f"Export “{title_of(self._conversation)}”"
            yield Static(title, classes="dialog-title", markup=False)
            yield RowList(id="formats")
            yield _Box("all branches, not just this one", id="branches", compact=True)
            yield PathInput(id="target")
            yield Static(classes="dialog-error", markup=False)
            yield KeyHints(("↑ ↓", "format"), ("Tab", "complete"), ("Enter", "export"), ("Esc", "cancel"))

    def on_mount(self) -> None:
        self.add_class("-filtering")
        formats = self.query_one("#formats", RowList)
        formats.can_focus = False
        formats.set_rows(Row(each.name, each.title, each.suffix) for each in FORMATS.values())
        target = self.query_one("#target", PathInput)
        target.value = self._own_name
        target.focus()

    @property
    def _own_name(self) -> str:
        return export_name(self._conversation.title, self._conversation.id, self._format.suffix, unique=False)

    @property
    def _format(self) -> Format:
        row = self.query_one("#formats", RowList).highlighted
        return FORMATS[row.key if row else "md"]

    def action_move(self, by: int) -> None:
        """Choose another format; the file's ending follows."""
        target = self.query_one("#target", PathInput)
        old = self._format.suffix
        self.query_one("#formats", RowList).action_move(by)
        if target.value.endswith(old):
            target.value = target.value[: -len(old)] + self._format.suffix

    @on(RowList.Highlighted)
    def _format_clicked(self, event: RowList.Highlighted) -> None:
        event.stop()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text:
            self._write(text)

    @work(group="export", exclusive=True, description="export")
    async def _write(self, typed: str) -> None:
        conversation_id, own_name, may_replace = self._conversation.id, self._own_name, self._may_replace
        all_branches = self.query_one("#branches", Checkbox).value
        chosen = self._format

        def write() -> tuple[Path, bool]:
            path = typed_path(typed).absolute()
            if typed.endswith(("/", os.sep)) or os.path.isdir(path):
                path /= own_name
            force = path == may_replace
            if os.path.lexists(path) and not force:
                return path, False
            store = self._store.store
            refuse_own_file(path, store.path)
            transcript = read_transcript(store, conversation_id)
            write_file(path, chosen.export([transcript], all_branches=all_branches), force=force)
            return path, True

        try:
            path, is_written = await asyncio.to_thread(write)
        except TranscriptError as err:
            self.complain(_both_ends(err.message))
            return
        except GptalkError as err:
            self.complain(_both_ends(err.for_humans()))
            return
        if is_written:
            self.dismiss(path)
        else:
            self._may_replace = path
            self.complain(_both_ends(f"{path} already exists. Enter again replaces it."))


def _both_ends(text: str) -> str:
    """Return text on one line, at most 400 characters: a path may be long, and the reason follows it."""
    line = one_line(text, max_chars=10_000)
    return line if len(line) <= 400 else f"{line[:199]}…{line[-200:]}"
