"""Where a provider's key comes from: the environment, a command, the settings, or the keys that were typed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from gptalk_client.addresses import Address
from gptalk_client.errors import ConfigError
from gptalk_client.files import read_private_file, replace_file
from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.locks import FileLock, NoLocksError
from gptalk_client.paths import make_private_folder
from gptalk_client.settings import ProviderSettings, is_secret

COMMAND_S = 60.0
"""How long a command may take to print a key, in seconds: a password manager may ask for its password."""

MAX_KEY_BYTES = 8192
"""Longest key, in bytes."""

_MAX_FILE_BYTES = 256 * 1024
_LOCK_WAIT_S = 2.0
_CHUNK_BYTES = 64 * 1024


class _Entry(msgspec.Struct):
    key: str
    origin: str


class _File(msgspec.Struct):
    keys: dict[str, _Entry] = msgspec.field(default_factory=dict)


class KeptKeys:
    """The keys that were typed into the app or on the command line, in a file that only its owner can read.

    A key is kept for one provider at one address: a provider whose address changes doesn't take it along.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, name: str, url: str) -> str:
        """Return the key of a provider; empty if none is kept for it at this address.

        Raises:
            ConfigError: The file can't be trusted or read.
        """
        entry = self._read().keys.get(name)
        return (
            entry.key
            if entry is not None and entry.origin == Address.parse(url, takes_query=True).origin
            else ""
        )

    def keep(self, name: str, url: str, key: str) -> None:
        """Keep a key for a provider at an address, in place of an earlier one.

        Raises:
            ConfigError: The key or the address can't be used, or the file can't be written.
        """
        check_key(key, name)
        entry = _Entry(key, Address.parse(url, takes_query=True).origin)
        self._change(lambda keys: keys.update({name: entry}))

    def forget(self, name: str) -> None:
        """Forget the key of a provider, if there is one.

        Raises:
            ConfigError: The file can't be written.
        """
        if self._path.exists():
            self._change(lambda keys: keys.pop(name, None))

    def _change(self, change: Callable[[dict[str, _Entry]], object]) -> None:
        try:
            make_private_folder(self._path.parent)
            with contextlib.ExitStack() as stack:
                lock_path = self._path.with_name(f"{self._path.name}.lock")
                with contextlib.suppress(NoLocksError):
                    stack.callback(FileLock.acquire(lock_path, timeout_s=_LOCK_WAIT_S).release)
                file = self._read()
                change(file.keys)
                replace_file(self._path, msgspec.json.format(msgspec.json.encode(file)))
        except (OSError, TimeoutError) as err:
            reason = getattr(err, "strerror", None) or "another process is changing it"
            raise ConfigError(
                f"The key can't be kept in {self._path}: {reason}.",
                hint="Check the data folder, or put the key into an environment variable.",
            ) from err

    def _read(self) -> _File:
        warnings: list[str] = []
        raw = read_private_file(self._path, max_bytes=_MAX_FILE_BYTES, on_warning=warnings.append)
        if warnings:
            raise ConfigError(warnings[0], hint="Correct that, or delete the file and type the key again.")
        try:
            return _File() if raw is None else decode(raw, _File)
        except JsonError as err:
            raise ConfigError(
                f"{self._path} is damaged: {err}.", hint="Delete it and type the keys again."
            ) from err


class ApiKey:
    """The key of one provider, looked up when it is first needed.

    Args:
        settings: The provider's.
        name: What the provider is called, for errors.
        kept: The typed keys; None if there are none.
    """

    _by_command: ClassVar[dict[tuple[str, ...], str]] = {}
    """What each command printed: it runs once, however often a provider is made of its settings."""

    def __init__(self, settings: ProviderSettings, name: str = "", kept: KeptKeys | None = None) -> None:
        self._settings = settings
        self._name = name
        self._kept = kept
        self._command = tuple(settings.api_key_command)
        self._value: str | None = None
        self._lock = asyncio.Lock()

    @property
    def known(self) -> str:
        """The key if it has been looked up; else empty."""
        return self._value or ""

    async def get(self) -> str:
        """Return the key; empty if there is none.

        Raises:
            ConfigError: The command failed, or the key can't be sent.
        """
        async with self._lock:
            if self._value is None:
                self._value = check_key(await self._find(), self._name)
            return self._value

    def forget(self) -> None:
        """Look the key up again when it is next needed: the service refused it."""
        self._value = None
        self._by_command.pop(self._command, None)

    async def _find(self) -> str:
        settings = self._settings
        if key := os.environ.get(settings.api_key_env or "", "").strip():
            return key
        if self._command:
            if self._command not in self._by_command:
                self._by_command[self._command] = await run_key_command(self._command, self._name)
            return self._by_command[self._command]
        if settings.api_key or self._kept is None or not settings.url:
            return settings.api_key
        try:
            return await asyncio.to_thread(self._kept.find, self._name, settings.url)
        except ConfigError:
            if Address.parse(settings.url, takes_query=True).is_loopback:
                return ""  # hardly any engine on this computer wants a key
            raise


def key_source(name: str, settings: ProviderSettings, kept: KeptKeys) -> str:
    """Return where the key of a provider would come from, in words; empty if it has none. No command is run.

    Raises:
        ConfigError: The kept keys can't be read.
    """
    if os.environ.get(settings.api_key_env or ""):
        return settings.api_key_env
    if settings.api_key_command:
        return "from a command"
    if settings.api_key:
        return "in the config file"
    if any(is_secret(*header) for header in settings.headers.items()):
        return "in a header"
    return "kept" if settings.url and kept.find(name, settings.url) else ""


def check_key(key: str, name: str) -> str:
    """Return a key that can be sent in a header: printable ASCII without spaces.

    Raises:
        ConfigError: It can't. It is not quoted.
    """
    if key and not (len(key) <= MAX_KEY_BYTES and key.isascii() and key.isprintable() and " " not in key):
        whose = f" of “{name}”" if name else ""
        raise ConfigError(
            f"The key{whose} contains spaces or other invalid characters.", hint="Set it again."
        )
    return key


async def run_key_command(command: Sequence[str], name: str, *, limit_s: float = COMMAND_S) -> str:
    """Run a command and return the first line of its output, which is a key. Nothing it prints is shown or logged.

    It has no terminal and no standard input. If the caller is cancelled, it is ended.

    Args:
        command: The program and its arguments.
        name: What the provider is called, for errors.
        limit_s: How long it may take, in seconds.

    Raises:
        ConfigError: It can't be run, failed, took too long or printed nothing.
    """
    said = f"The command for the key of “{name}”"
    hint = "Run it in a shell to see why, or change api_key_command in the config file."
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=sys.platform != "win32",
        )
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "it has characters that no command can have"
        raise ConfigError(f"{said} can't be run ({command[0]}: {reason}).", hint=hint) from None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(limit_s):
            line = await process.stdout.readline()
            while await process.stdout.read(_CHUNK_BYTES):
                pass
            code = await process.wait()
    except TimeoutError:
        raise ConfigError(f"{said} printed nothing within {limit_s:g} s.", hint=hint) from None
    except ValueError:  # a line without an end
        raise ConfigError(f"{said} printed something that is not a key.", hint=hint) from None
    finally:
        await _end(process)
    if code != 0:
        raise ConfigError(f"{said} failed with exit code {code}.", hint=hint)
    if not (key := line.decode("utf-8", "replace").strip()):
        raise ConfigError(f"{said} printed nothing.", hint=hint)
    return key


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
