"""A program that imports the project as Windows would, and uses what is not the screen.

It hides what only POSIX has from the project's modules and gives them a stand-in for `msvcrt`. What cannot be had
on another system stays untried: consoles, `os.name` and paths with backslashes.

    python as_on_windows.py FOLDER
"""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import importlib
import os
import pkgutil
import platform
import shutil
import signal
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

POSIX_MODULES = {"termios", "fcntl", "tty", "pty", "pwd", "grp", "resource", "syslog"}
POSIX_OF_OS = (
    "fchmod", "geteuid", "getuid", "getppid", "fork", "chown", "ttyname", "set_blocking", "killpg", "setsid",
    "sched_getaffinity", "O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY", "O_DIRECTORY", "O_CLOEXEC",
)  # fmt: skip
SIGNALS_OF_WINDOWS = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIGBREAK"}
NOT_THERE = {"gptalk_tui.terminal.driver"}
"""Modules that nothing imports on Windows."""


def modules() -> Iterator[str]:
    """Yield the name of every module of the project that Windows needs."""
    for package in ("gptalk_client", "gptalk_tui"):
        yield package
        for each in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
            # A module with this name is a program.
            if not each.name.endswith(("__main__", "pip_child")) and each.name not in NOT_THERE:
                yield each.name


def stand_in_for_msvcrt() -> types.ModuleType:
    """Return a `msvcrt` whose locks are the kernel's."""
    module: Any = types.ModuleType("msvcrt")
    module.LK_NBLCK = 2

    def locking(descriptor: int, mode: int, count: int) -> None:
        assert (mode, count) == (module.LK_NBLCK, 1)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    module.locking = locking
    return module


def hide_posix() -> None:
    """Take away from the project's modules what Windows lacks; libraries keep what they have imported."""
    platform.platform(terse=True)  # keeps its answer; it asks a real Windows for it
    real_import = builtins.__import__

    def checked_import(name: str, globals: Any = None, *rest: Any, **options: Any) -> Any:
        who = str((globals or {}).get("__name__"))
        if name.partition(".")[0] in POSIX_MODULES and who.startswith("gptalk"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real_import(name, globals, *rest, **options)

    builtins.__import__ = checked_import
    sys.modules["msvcrt"] = stand_in_for_msvcrt()
    sys.platform = "win32"
    subprocess.CREATE_NEW_PROCESS_GROUP = 0x200  # type: ignore[attr-defined]
    vars(shutil)["_use_fd_functions"] = False  # decided when shutil was imported, by what os had then
    for name in POSIX_OF_OS:
        with contextlib.suppress(AttributeError):
            delattr(os, name)
    for name in [each for each in dir(signal) if each.startswith("SIG") and each.isupper()]:
        if name not in SIGNALS_OF_WINDOWS and not name.startswith("SIG_"):
            delattr(signal, name)


def main(folder: Path) -> None:
    """Import everything, then keep a conversation, lock, write a config file, export and look after it all."""
    wanted = list(modules())
    for name in wanted:
        importlib.import_module(name)
    for name in [each for each in sys.modules if each.partition(".")[0] in ("gptalk_client", "gptalk_tui")]:
        del sys.modules[name]
    hide_posix()
    for name in wanted:
        importlib.import_module(name)

    from gptalk_client.locks import FileLock
    from gptalk_tui.cli.main import main as run

    lock = FileLock.try_acquire(folder / "a.lock")
    assert lock is not None
    assert FileLock.try_acquire(folder / "a.lock") is None
    lock.release(remove=True)
    assert not (folder / "a.lock").exists()
    history = folder / "history.jsonl"
    history.write_text('{"messages": [{"role": "user", "content": "Hello?"}]}\n')
    places = ("--data-dir", str(folder / "data"), "--config", str(folder / "config.toml"))
    for words in (
        ("import", str(history)),
        ("list",),
        ("show", "Hello"),
        ("export", "Hello", "-o", str(folder / "hello.md")),
        ("backup", str(folder / "copy.db")),
        ("config", "check"),
        ("auth", "status"),
    ):
        code = run([*words, *places])
        assert code == 0, (words, code)
    run(["doctor", "--url", "http://127.0.0.1:1", *places])
    print(f"{len(wanted)} modules")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
