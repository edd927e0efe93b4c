"""Asks before it downloads the small model, and shows the progress."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import ProgressBar, Static

from gptalk_client.embedded.errors import PullCancelledError
from gptalk_client.embedded.pull_progress import PullProgress
from gptalk_client.embedded.weights import SMOLLM2, in_megabytes, pull
from gptalk_client.errors import LocalModelError
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints


class ModelDownloadScreen(Dialog[bool]):
    """Returns whether the model is there.

    Args:
        models_dir: Where it goes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "fetch", "Fetch", show=False),
        Binding("escape,n", "leave", "Leave", show=False),
    ]

    def __init__(self, models_dir: Path) -> None:
        super().__init__()
        self._models_dir = models_dir
        self._cancel = threading.Event()
        self._is_fetching = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Download the small model?", classes="dialog-title", markup=False)
            size = in_megabytes(SMOLLM2.size_bytes)
            text = f"SmolLM2-135M-Instruct, {size}, once. It then runs on this computer, also offline."
            yield Static(text, id="what", markup=False)
            yield ProgressBar(total=100, show_eta=False)
            yield Static(classes="dialog-error", markup=False)
            yield KeyHints(("Enter", "download"), ("Esc", "cancel"))

    def on_mount(self) -> None:
        self.query_one(ProgressBar).display = False

    def action_fetch(self) -> None:
        """Begin, or begin again after a failure."""
        if self._is_fetching:
            return
        self._is_fetching = True
        self._cancel.clear()
        self.complain("")
        self.query_one(ProgressBar).display = True
        self.query_one(KeyHints).show(("Esc", "stop"))
        self.run_worker(self._fetch(), description="pull")

    def action_leave(self) -> None:
        """Stop the download, or close."""
        if self._is_fetching:
            self._cancel.set()
        else:
            self.dismiss(False)

    async def _fetch(self) -> None:
        loop = asyncio.get_running_loop()

        def tell(progress: PullProgress) -> None:
            loop.call_soon_threadsafe(self._show, progress)

        try:
            await asyncio.to_thread(pull, self._models_dir, tell, self._cancel)
        except PullCancelledError:
            self.dismiss(False)
        except LocalModelError as err:
            self._is_fetching = False
            self.complain(one_line(err.for_humans(), max_chars=400))
            self.query_one(KeyHints).show(("Enter", "try again"), ("Esc", "cancel"))
        else:
            self.dismiss(True)

    def _show(self, progress: PullProgress) -> None:
        bar = self.query_one(ProgressBar)
        if progress.total_bytes:
            bar.update(total=progress.total_bytes, progress=progress.done_bytes)
