"""Logins cached between runs, and the rule that only one login is in progress at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gptalk_client.addresses import Address
from gptalk_client.files import read_private_file, replace_file
from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.locks import FileLock
from gptalk_client.paths import make_private_folder

MAX_FILE_BYTES = 64 * 1024
"""A larger file is not this program's and is ignored, in bytes."""

MAX_LOGINS = 32
"""How many services' logins are cached."""

_LOCK_WAIT_S = 60.0  # a process that holds the lock longer has hung: go on without it
_LOCK_POLL_S = 0.05
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Login:
    """One login's token."""

    token: str = field(repr=False)
    expires_at: int | None = None
    """Unix time in seconds; only a hint. None if the service sent nothing intelligible."""
    used_times: int = 0
    """How many replies the token has been used for."""
    takes_messages: bool = False
    """Whether the service announced that it takes a conversation as messages, not only as one prompt."""

    @property
    def is_expired(self) -> bool:
        """Whether it has expired by this machine's clock."""
        return self.expires_at is not None and self.expires_at <= time.time()


@dataclass(frozen=True, slots=True)
class AuthStatus:
    """The displayable part of a cached login."""

    url: str
    """Without the path of a loopback address, which may be a secret."""
    expires_at: int | None
    """Unix time in seconds."""
    used_times: int
    is_expired: bool


class _Entry(msgspec.Struct):
    token: str
    expires_at: int | None = None
    used_times: int = 0
    takes_messages: bool = False


class _File(msgspec.Struct):
    fingerprint: str = ""
    logins: dict[str, _Entry] = msgspec.field(default_factory=dict)


@dataclass(slots=True)
class _Shared:
    task: asyncio.Task[Login]
    waiters: int = 0


SignIn = Callable[[str], Awaitable[Login]]
"""Logs in with the installation's fingerprint."""


class AuthCache:
    """The cached logins of one installation, by service address.

    The file is only trusted if it is a regular file of this user that nobody else can read; anything else is
    ignored and replaced by the next login. If it can't be written, logins are kept in memory.

    Args:
        path: The file; None keeps logins in memory only.
        on_warning: Called once, with a sentence for people, when the file cannot be used.

    Attributes:
        warnings: The sentences that `on_warning` was called with.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None, *, on_warning: Callable[[str], None] | None = None
    ) -> None:
        self._path = None if path is None else Path(path)
        self._on_warning = on_warning
        self.warnings: list[str] = []
        self._memory = _File()
        self._has_unsaved = False
        self._logins: dict[tuple[asyncio.AbstractEventLoop, str], _Shared] = {}

    @property
    def fingerprint(self) -> str:
        """An ID for this installation: 32 hex digits, generated once and sent with every login."""
        file = self._read()
        if not file.fingerprint:
            file.fingerprint = secrets.token_hex(16)
            self._write(file)
        return file.fingerprint

    def current(self, url: str) -> Login | None:
        """Return the unexpired login for an address, if there is one."""
        entry = self._read().logins.get(url)
        if entry is None or not is_usable_token(entry.token):
            return None
        login = Login(entry.token, entry.expires_at, entry.used_times, entry.takes_messages)
        return None if login.is_expired else login

    async def login(self, url: str, sign_in: SignIn, *, refused: str = "") -> Login:
        """Return a login, requesting a new one only if nobody else just did.

        Within a process all callers share one login: cancelling one does not disturb the others, and cancelling
        all cancels it. Across processes a file lock makes one wait for the other and then take its token.

        Args:
            url: The service.
            sign_in: Asks the service; is called at most once for all who wait.
            refused: A token that the service has just refused, which is not returned again.

        Raises:
            ProviderError: Whatever `sign_in` raises.
        """
        key = (asyncio.get_running_loop(), url)
        while True:
            shared = self._logins.get(key)
            is_own = shared is None
            if shared is None:
                shared = _Shared(asyncio.create_task(self._login(url, sign_in, refused), name="login"))
                self._logins[key] = shared
                shared.task.add_done_callback(lambda _: self._logins.pop(key, None))
            shared.waiters += 1
            try:
                await asyncio.wait({shared.task})
            finally:
                shared.waiters -= 1
                if not shared.waiters and not shared.task.done():
                    self._logins.pop(key, None)
                    shared.task.cancel()
            login = shared.task.result()
            # Another caller's login may have found the refused token; a new one may legitimately be the same.
            if is_own or login.token != refused:
                return login

    def count_use(self, url: str, token: str) -> None:
        """Count one more reply for a token. If the file is locked, the count is dropped rather than waited for."""
        with self._locked_now() as is_locked:
            file = self._read()
            entry = file.logins.get(url)
            if entry is not None and entry.token == token:
                entry.used_times += 1
                if is_locked:
                    self._write(file)

    def status(self, url: str) -> AuthStatus | None:
        """Return what is cached for an address, without the token."""
        entry = self._read().logins.get(url)
        return None if entry is None else _status(url, entry)

    def statuses(self) -> list[AuthStatus]:
        """Return what is cached for every address, without the tokens."""
        return [_status(url, entry) for url, entry in self._read().logins.items()]

    def logout(self, url: str) -> bool:
        """Forget the login for an address; return whether there was one."""
        file = self._read()
        if file.logins.pop(url, None) is None:
            return False
        self._write(file)
        return True

    async def _login(self, url: str, sign_in: SignIn, refused: str) -> Login:
        async with self._locked():
            found = self.current(url)
            if found is not None and found.token != refused:
                return found
            login = await sign_in(self.fingerprint)
            file = self._read()
            file.logins.pop(url, None)
            file.logins[url] = _Entry(login.token, login.expires_at, login.used_times, login.takes_messages)
            self._write(_pruned(file, keep=url))
            return login

    def _read(self) -> _File:
        """Return the file's contents, or what is in memory if there is no trustworthy file."""
        if self._path is not None and not self._has_unsaved:
            raw = read_private_file(self._path, max_bytes=MAX_FILE_BYTES, on_warning=self._warn)
            if raw is not None:
                try:
                    file = decode(raw, _File)
                except JsonError:
                    pass
                else:
                    if not _is_fingerprint(file.fingerprint):
                        file.fingerprint = self._memory.fingerprint
                    self._memory = file
        return self._memory

    def _write(self, file: _File) -> None:
        self._memory = file
        if self._path is None:
            return
        try:
            replace_file(self._path, msgspec.json.format(msgspec.json.encode(file)))
        except OSError:
            self._has_unsaved = True
            self._warn(f"{self._path} can't be written, so this login lasts until the program exits.")
        else:
            self._has_unsaved = False

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
            if self._on_warning is not None:
                self._on_warning(text)

    @contextlib.asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Hold the lock shared by all processes; poll for it, since waiting in the system would block the loop."""
        end = time.monotonic() + _LOCK_WAIT_S
        is_free, lock = self._try_lock()
        while not is_free and time.monotonic() < end:
            await asyncio.sleep(_LOCK_POLL_S)
            is_free, lock = self._try_lock()
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    @contextlib.contextmanager
    def _locked_now(self) -> Iterator[bool]:
        """Hold the lock if it is free; yield whether the file may be written."""
        is_free, lock = self._try_lock()
        try:
            yield is_free
        finally:
            if lock is not None:
                lock.release()

    def _try_lock(self) -> tuple[bool, FileLock | None]:
        """Return whether there is no need to wait, and the lock unless there is nothing to guard."""
        if self._path is None or self._has_unsaved:
            return True, None
        try:
            make_private_folder(self._path.parent)
            lock = FileLock.try_acquire(self._path.with_name(f"{self._path.name}.lock"))
        except OSError:  # no locks on this file system, or no folder, which `_write` reports
            return True, None
        return lock is not None, lock


def is_usable_token(token: object) -> bool:
    """Return whether a token can be sent in a header: printable ASCII without spaces, at most 8 kB."""
    return (
        isinstance(token, str)
        and 0 < len(token) <= 8192
        and token.isascii()
        and token.isprintable()
        and " " not in token
    )


def parse_expiry(value: Any, now_s: float | None = None) -> int | None:
    """Return when a token expires, in Unix seconds; None if the service's value makes no sense.

    Services send seconds, milliseconds or ISO 8601. A time in the past means that one of the two clocks
    is wrong, so it is ignored: the service's 401 decides.
    """
    now_s = time.time() if now_s is None else now_s
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
            value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            try:
                value = float(value)
            except ValueError:
                return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if 1e11 < value < 1e14:
        value /= 1000
    return int(value) if now_s < value < 1e11 else None


def _is_fingerprint(value: str) -> bool:
    return len(value) == 32 and set(value) <= _HEX


def _pruned(file: _File, *, keep: str) -> _File:
    """Drop expired logins of other addresses, and the oldest beyond the limit."""
    now = time.time()
    alive = {
        url: entry
        for url, entry in file.logins.items()
        if url == keep or entry.expires_at is None or entry.expires_at > now
    }
    newest = list(alive.items())[-MAX_LOGINS:]
    return _File(file.fingerprint, dict(newest))


def _status(url: str, entry: _Entry) -> AuthStatus:
    login = Login(entry.token, entry.expires_at)
    return AuthStatus(Address.parse(url).public, entry.expires_at, entry.used_times, login.is_expired)
