"""The clipboard: through the terminal, with a system tool or, failing both, in a file."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gptalk_client.files import replace_file
from gptalk_client.text import one_line
from gptalk_tui.terminal.escape_sequences import osc52

TOOL_LIMIT_S = 2.0
"""Time limit for a tool, in seconds."""

FILE_NAME = "clipboard.txt"


def tools(environment: Mapping[str, str], platform: str = sys.platform) -> list[list[str]]:
    """Return the commands that may copy standard input to the clipboard of the screen in front of the user."""
    found: list[list[str]] = []
    if environment.get("TMUX"):
        found.append(["tmux", "load-buffer", "-w", "-"])
    if environment.get("WAYLAND_DISPLAY"):
        found.append(["wl-copy"])
    if environment.get("DISPLAY"):
        found += [["xclip", "-selection", "clipboard"], ["xsel", "--clipboard", "--input"]]
    # Over SSH these would reach the remote machine's clipboard.
    if not environment.get("SSH_CONNECTION"):
        if platform == "darwin":
            found.append(["pbcopy"])
        if platform == "win32" or environment.get("WSL_DISTRO_NAME"):
            found.append(["clip.exe"])
    return [command for command in found if shutil.which(command[0])]


class Clipboard:
    """Copies text by whatever means the terminal offers.

    Args:
        write: Writes to the terminal.
        folder: Folder for the file of last resort.
        environment: Environment variables, which describe the terminal.
    """

    def __init__(self, write: Callable[[str], None], folder: Path, environment: Mapping[str, str]) -> None:
        self._write = write
        self._folder = folder
        self._environment = environment

    async def put(self, text: str) -> str:
        """Copy a text.

        A terminal never confirms a copy, so a tool is used as well if there is one.

        Returns:
            How it was copied, as the end of a sentence: `with wl-copy`, `through the terminal`, `to the file …`.

        Raises:
            OSError: Not even the file could be written.
        """
        sequence = osc52(text, self._environment)
        if sequence:
            self._write(sequence)
        for command in tools(self._environment):
            if await self._run(command, text):
                return f"with {command[0]}"
        if sequence:
            return "through the terminal (OSC 52)"
        file = await asyncio.to_thread(self._write_file, text)
        return f"to the file {one_line(str(file), max_chars=300)}, because the clipboard is out of reach"

    async def _run(self, command: Sequence[str], text: str) -> bool:
        encoding = "utf-16" if command[0] == "clip.exe" else "utf-8"
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return False
        try:
            async with asyncio.timeout(TOOL_LIMIT_S):
                await process.communicate(text.encode(encoding, "replace"))
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            return False
        return process.returncode == 0

    def _write_file(self, text: str) -> Path:
        target = self._folder / FILE_NAME
        replace_file(target, text.encode("utf-8", "replace"))
        return target
