"""Writing the prompt in an external editor; replies go on streaming meanwhile."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from gptalk_client.text import one_line

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.widgets.composer import Composer

FALLBACKS = ("sensible-editor", "nano", "vi", "notepad")
"""What is tried where neither `$VISUAL` nor `$EDITOR` is set."""


def editor_command(environment: Mapping[str, str]) -> list[str]:
    """Return the editor and its options.

    Raises:
        ValueError: `$VISUAL` or `$EDITOR` cannot be read as a command, or there is no editor at all.
    """
    for name in ("VISUAL", "EDITOR"):
        command = environment.get(name, "").strip()
        if command:
            try:
                return shlex.split(command, posix=sys.platform != "win32")
            except ValueError as err:
                raise ValueError(f"${name} cannot be read as a command: {err}.") from err
    for fallback in FALLBACKS:
        if shutil.which(fallback):
            return [fallback]
    raise ValueError("No editor is set: give its name in $VISUAL or $EDITOR.")


class ExternalEditor:
    """Lends the terminal to an editor."""

    def __init__(self, host: Host, *, composer: Composer) -> None:
        self._host = host
        self._composer = composer
        self.is_open = False
        """The editor has the terminal: nothing else may write to it, and Ctrl+C is the editor's."""

    def write(self) -> None:
        """Open the editor on what the composer holds."""
        self._host.start(self._write(), "editor", exclusive=True)

    async def _write(self) -> None:
        composer = self._composer
        try:
            command = editor_command(os.environ)
        except ValueError as err:
            self._host.say(str(err), is_error=True)
            return
        before = composer.text
        try:
            # A folder of its own, for its owner only, takes the editor's swap and backup files along.
            with tempfile.TemporaryDirectory(prefix="gptalk-", ignore_cleanup_errors=True) as folder:
                file = Path(folder) / "prompt.md"
                file.touch(0o600)
                file.write_text(before, "utf-8")
                complaint = await self._run([*command, str(file)])
                after = file.read_text("utf-8", errors="replace")
        except SuspendNotSupported:
            self._host.say("This terminal can't be lent to an editor.", is_error=True)
            return
        except OSError as err:
            complaint, after = f"The prompt's file failed: {err.strerror or err}.", before
        if complaint:
            self._host.say(f"{complaint} The prompt is unchanged.", is_error=True)
            return
        after = after.removesuffix("\n") if not before.endswith("\n") else after
        if after != before:
            composer.replace_text(after)
        composer.focus()

    async def _run(self, command: Sequence[str]) -> str:
        """Run the editor in the terminal; return a sentence if it failed."""
        name = one_line(command[0])
        complaint = ""
        process: asyncio.subprocess.Process | None = None
        interruption: asyncio.CancelledError | None = None
        app = self._host.app
        # Nothing is painted meanwhile. What is raised inside `suspend` would leave the terminal suspended.
        with _without_interrupts(), app.batch_update(), app.suspend():
            self.is_open = True
            try:
                process = await asyncio.create_subprocess_exec(*command)
                code = await process.wait()
                if code:
                    complaint = f'The editor "{name}" ended with code {code}.'
            except FileNotFoundError:
                complaint = f'There is no editor "{name}"; $VISUAL or $EDITOR names another.'
            except OSError as err:
                complaint = f'The editor "{name}" cannot be started: {err.strerror or err}.'
            except asyncio.CancelledError as err:
                interruption = err
                if process is not None and process.returncode is None:
                    process.terminate()
            finally:
                self.is_open = False
        if interruption is not None:
            raise interruption
        return complaint


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Leave Ctrl+C to the editor: the terminal sends it to every process in front.

    A handler that does nothing, unlike a signal that is ignored, is not handed down to the editor.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
