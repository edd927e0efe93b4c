"""`doctor`: checks the installation, the data, the service and the terminal."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

import gptalk_client
from gptalk_client.addresses import Address
from gptalk_client.errors import GptalkError
from gptalk_client.settings import GPTALK, LOCAL
from gptalk_client.text import visible
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.exit_codes import FAILED
from gptalk_tui.cli.hints import with_options
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import write
from gptalk_tui.cli.progress import Progress

if TYPE_CHECKING:
    from gptalk_client.paths import Paths
    from gptalk_client.settings import Settings

_NETWORK_FILE_SYSTEMS = (
    "nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "davfs", "fuse.sshfs", "fuse.rclone",
)  # fmt: skip
_AROUND = {"TMUX": "in tmux", "STY": "in screen", "SSH_CONNECTION": "over ssh"}
"""What runs between the program and the terminal, by the environment variable that reveals it."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    name: str
    status: Literal["ok", "warning", "problem"]
    detail: str


@click.command(epilog=examples("gptalk-tui doctor", "gptalk-tui doctor --json", "gptalk-tui doctor --repair"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--repair", is_flag=True, help="Rebuild a damaged search index, after a backup.")
@pass_globals
def doctor(context: Globals, as_json: bool, repair: bool) -> int:
    """Check versions, folders, permissions, the database, the service and the terminal. Exit code 1 if there is a
    problem."""
    checks = list(_all_checks(context, repair))
    has_problem = any(each.status == "problem" for each in checks)
    if as_json:
        write(
            json.dumps({"ok": not has_problem, "checks": [asdict(each) for each in checks]}, indent=2) + "\n"
        )
    else:
        for each in checks:
            write(visible(f"{each.status:<8} {each.name:<12} {each.detail}\n"))
    return FAILED if has_problem else 0


def _all_checks(context: Globals, repair: bool) -> Iterator[Check]:
    yield _versions()
    paths = context.paths()
    yield from _config(paths)
    yield from _folder(paths)
    yield from _database(paths, repair)
    yield from _login(paths)
    try:
        settings = context.settings()
    except GptalkError as err:
        yield Check("provider", "problem", with_options(err))
    else:
        yield from _providers(settings, paths)
    yield _terminal()


def _versions() -> Check:
    import sqlite3
    from importlib import metadata

    parts = [f"gptalk-tui {gptalk_client.__version__}", f"Python {platform.python_version()}"]
    parts += [f"{name} {metadata.version(name)}" for name in ("textual", "httpx")]
    parts += [f"SQLite {sqlite3.sqlite_version}", platform.platform(terse=True)]
    return Check("versions", "ok", ", ".join(parts))


def _config(paths: Paths) -> Iterator[Check]:
    from gptalk_client.config_file import exposures, read_file

    try:
        settings, problems = read_file(paths.config_file)
    except GptalkError as err:
        yield Check("config", "problem", with_options(err))
        return
    for problem in problems:
        yield Check("config", "warning" if problem.is_unknown_key else "problem", str(problem))
    exposed = exposures(paths.config_file, settings)
    for problem in exposed:
        yield Check("config", "warning", str(problem))
    if not problems and not exposed:
        there = "" if os.path.exists(paths.config_file) else " (does not exist; using the defaults)"
        yield Check("config", "ok", f"{paths.config_file}{there}")


def _folder(paths: Paths) -> Iterator[Check]:
    from gptalk_client.locks import has_locks
    from gptalk_client.store.disk_space import shortage
    from gptalk_client.store.opening import no_locks

    folder = paths.data
    try:
        folder.stat()
    except FileNotFoundError:
        yield Check("data folder", "ok", f"{folder} (will be created when needed)")
        return
    except OSError as err:
        yield Check("data folder", "problem", f"{folder} cannot be used: {err.strerror}.")
        return
    if not os.access(folder, os.W_OK):
        yield Check("data folder", "problem", f"{folder} is not writable.")
    elif cause := shortage(folder):
        yield Check("data folder", "problem", f"{cause}: nothing can be saved in {folder}.")
    elif told := list(_open_to_others(paths)):
        for each in told:
            yield Check("data folder", "warning", each)
    else:
        free = shutil.disk_usage(folder).free
        status: Literal["ok", "problem"] = "ok" if free > 50e6 else "problem"
        yield Check("data folder", status, f"{folder}, {free / 1e9:.1f} GB free")
    if os.access(folder, os.W_OK) and not has_locks(folder):
        yield Check("data folder", "warning", no_locks(folder))
    if sys.platform == "win32":
        yield Check(
            "data folder",
            "ok",
            "Windows decides who can read it: in your user folder only you and administrators can.",
        )
    if kind := network_file_system(folder, _mounts()):
        yield Check(
            "data folder",
            "warning",
            f"On a network file system ({kind}), whose locks may be unreliable: use it from one computer only.",
        )


def _open_to_others(paths: Paths) -> Iterator[str]:
    from gptalk_client.store.tampering import warnings_about

    told = list(warnings_about(paths.database))
    yield from told
    if not told and sys.platform != "win32" and stat.S_IMODE(paths.data.stat().st_mode) & 0o077:
        yield f"Other users can read {paths.data}; run `chmod 700` on it."


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def network_file_system(folder: Path, mounts: str) -> str:
    """Return the type of the network file system that a folder is on; empty for a local one or if unknown.

    Args:
        folder: An existing folder.
        mounts: The mounted file systems, in the format of fstab(5); later ones cover earlier ones.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        if Path(os.path.realpath(folder)).is_relative_to(point) and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind if kind.startswith(_NETWORK_FILE_SYSTEMS) else ""


def _database(paths: Paths, repair: bool) -> Iterator[Check]:
    file = paths.database
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        yield Check("database", "ok", "No conversations yet.")
        return
    except OSError as err:
        yield Check("database", "problem", f"{file} cannot be read: {err.strerror}.")
        return
    if sys.platform != "win32" and mode & 0o077:
        yield Check("database", "warning", f"Other users can read {file}; run `chmod 600` on it.")
    from gptalk_client.store.store import Store, is_search_fault

    try:
        faults = _faults(file)
        index_fault = next((each for each in faults if is_search_fault(each)), "")
        if index_fault and repair:
            with Store.open(file) as store, Progress("rebuilding the search index") as progress:
                backup = store.rebuild_search(on_progress=progress.show)
            yield Check("database", "warning", f"{index_fault}: rebuilt; {backup} is a copy from before")
            faults = _faults(file)
        with Store.open(file, read_only=True) as store:
            count = store.count_conversations() + store.count_conversations(archived=True)
    except GptalkError as err:
        yield Check("database", "problem", with_options(err))
        return
    for fault in faults:
        advice = (
            "doctor --repair` to rebuild it" if is_search_fault(fault) else "backup` to save what can be read"
        )
        yield Check("database", "problem", f"{fault}; run `gptalk-tui {advice}")
    if not faults:
        yield Check(
            "database", "ok", f"{count} conversations, {file.stat().st_size / 1e6:.1f} MB, no problems found"
        )


def _faults(file: Path) -> list[str]:
    from gptalk_client.store.store import Store

    with Store.open(file, read_only=True) as store, Progress("checking the database") as progress:
        return store.integrity(on_progress=progress.show)


def _login(paths: Paths) -> Iterator[Check]:
    from gptalk_client.providers.auth_cache import AuthCache
    from gptalk_tui.cli.auth import in_words

    warnings: list[str] = []
    found = AuthCache(paths.auth, on_warning=warnings.append).statuses()
    for each in warnings:
        yield Check("login", "warning", each)
    for status in found:
        yield Check("login", "ok", in_words(status))
    if not found and not warnings:
        yield Check("login", "ok", "Not logged in; your first prompt logs in.")


def _providers(settings: Settings, paths: Paths) -> Iterator[Check]:
    """Ask the provider that replies, and each of the config file, what a chat would ask it first."""
    import asyncio

    chosen = settings.provider or GPTALK
    others = [name for name in settings.providers if name != chosen]

    async def all_found() -> list[Check]:
        checks = (_provider(name, settings, paths, is_chosen=name == chosen) for name in (chosen, *others))
        return await asyncio.gather(*checks)

    yield from asyncio.run(all_found())


async def _provider(name: str, settings: Settings, paths: Paths, *, is_chosen: bool) -> Check:
    """Check one provider. A key command may ask a person for something, so only the chosen one's is run."""
    from gptalk_tui.cli.providers import count_in_words
    from gptalk_tui.factory import check_named

    kind = "provider" if is_chosen else "other"
    try:
        given = settings.provider_settings(name)
        if given.api_key_command and not is_chosen:
            return Check(
                kind,
                "ok",
                f"{name}: not asked, since its key comes from a command; "
                f"`gptalk-tui providers test {name}` asks it",
            )
        found = await check_named(name, settings, paths)
    except GptalkError as err:
        words = with_options(err)
        return Check(kind, "problem" if is_chosen else "warning", words if is_chosen else f"{name}: {words}")
    if name == LOCAL:
        return Check(kind, "ok", f"This computer, with {found[0].name}")
    service = Address.parse(given.url, takes_query=True).service
    answers = "logs in" if given.type == "gptalk" else f"answers: {count_in_words(found)}"
    return Check(kind, "ok", f"{name} ({service}) {answers}")


def _terminal() -> Check:
    term = os.environ.get("TERM")
    told = [f"TERM={term}"] if term else ["Windows console" if sys.platform == "win32" else "TERM is not set"]
    told += [words for name, words in _AROUND.items() if os.environ.get(name)]
    if not sys.stdout.isatty():
        return Check("terminal", "ok", "Standard output is not a terminal; " + ", ".join(told))
    size = shutil.get_terminal_size()
    told += [_colours(term or ""), f"{size.columns}×{size.lines}"]
    encoding = (sys.stdout.encoding or "").lower()
    if sys.platform != "win32" and term in (None, "", "dumb", "unknown"):
        return Check("terminal", "problem", f"The app can't run here: {', '.join(told)}")
    if encoding not in ("utf-8", "utf8"):
        return Check("terminal", "warning", f"The encoding is {encoding}, not UTF-8: {', '.join(told)}")
    return Check("terminal", "ok", ", ".join([*told, "UTF-8"]))


def _colours(term: str) -> str:
    """Return how many colours a terminal claims to have."""
    if "NO_COLOR" in os.environ:
        return "no colours (NO_COLOR)"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "16 million colours"
    return "256 colours" if "256" in term else "16 colours"
