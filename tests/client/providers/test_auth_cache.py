"""The cached logins: one login at a time, a file that only its owner reads, nothing shown."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gptalk_client.errors import AuthError, GptalkError
from gptalk_client.locks import FileLock
from gptalk_client.providers import auth_cache
from gptalk_client.providers.auth_cache import AuthCache, Login, is_usable_token, parse_expiry
from gptalk_client.providers.gptalk import GPTalk
from support.gptalk_server import GptalkServer, threaded_gptalk_server
from support.gptalk_wire import answers, gptalk, run_turn
from support.raw_server import Connection, RawServer, Request, eventually

URL = "https://service.test"
NOT_WINDOWS = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows guards files by access lists")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "auth.json"


class SignIn:
    """Counts logins; each waits until it is let go."""

    def __init__(self, *, is_held: bool = False) -> None:
        self.count = 0
        self.is_cancelled = False
        self.gate = asyncio.Event()
        if not is_held:
            self.gate.set()

    async def __call__(self, fingerprint: str) -> Login:
        self.count += 1
        number = self.count
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        return Login(f"token-{number}", int(time.time()) + 1000)


# One login at a time


async def test_twenty_turns_on_one_expired_token_make_one_login() -> None:
    async with GptalkServer("fine") as server:
        provider = GPTalk(url=server.url)
        assert (await run_turn(provider)).text == "fine"
        server.expire_tokens()
        outcomes = await asyncio.gather(*(run_turn(provider) for _ in range(20)))
        assert [(outcome.text, outcome.error) for outcome in outcomes] == [("fine", None)] * 20
        assert server.counts.logins == 2
        await provider.aclose()


async def test_a_cancelled_waiter_does_not_disturb_others() -> None:
    cache, sign_in = AuthCache(None), SignIn(is_held=True)
    waiters = [asyncio.create_task(cache.login(URL, sign_in)) for _ in range(5)]
    await eventually(lambda: sign_in.count == 1)
    waiters[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiters[0]
    sign_in.gate.set()
    logins = await asyncio.gather(*waiters[1:])
    assert {login.token for login in logins} == {"token-1"}
    assert sign_in.count == 1


async def test_when_all_waiters_are_cancelled_the_login_is_too() -> None:
    cache, sign_in = AuthCache(None), SignIn(is_held=True)
    waiters = [asyncio.create_task(cache.login(URL, sign_in)) for _ in range(3)]
    await eventually(lambda: sign_in.count == 1)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.wait(waiters)
    await eventually(lambda: sign_in.is_cancelled)
    sign_in.gate.set()
    assert (await cache.login(URL, sign_in)).token == "token-2"


async def test_an_error_of_the_login_reaches_every_waiter_and_is_not_kept() -> None:
    cache, count = AuthCache(None), 0

    async def refuse(fingerprint: str) -> Login:
        nonlocal count
        count += 1
        await asyncio.sleep(0)
        raise AuthError("no")

    waiters = [asyncio.create_task(cache.login(URL, refuse)) for _ in range(3)]
    results = await asyncio.gather(*waiters, return_exceptions=True)
    assert all(isinstance(result, AuthError) for result in results)
    assert count == 1
    assert (await cache.login(URL, SignIn())).token == "token-1"


async def test_a_login_that_gives_the_refused_token_again_is_not_repeated_for_ever() -> None:
    cache, sign_in = AuthCache(None), SignIn()
    assert (await asyncio.wait_for(cache.login(URL, sign_in, refused="token-1"), 1)).token == "token-1"
    assert sign_in.count == 1


async def test_a_token_from_another_process_is_used(path: Path) -> None:
    first, second, sign_in = AuthCache(path), AuthCache(path), SignIn()
    await first.login(URL, sign_in)
    assert (await second.login(URL, sign_in, refused="other")).token == "token-1"
    assert (await second.login(URL, sign_in, refused="token-1")).token == "token-2"
    current = first.current(URL)
    assert current is not None
    assert current.token == "token-2"


async def test_two_caches_on_one_file_wait_for_each_other(path: Path) -> None:
    caches, sign_in = [AuthCache(path), AuthCache(path)], SignIn(is_held=True)
    waiters = [asyncio.create_task(cache.login(URL, sign_in)) for cache in caches]
    await eventually(lambda: sign_in.count == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    sign_in.gate.set()
    assert {login.token for login in await asyncio.gather(*waiters)} == {"token-1"}


def test_two_processes_make_one_login(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import asyncio, sys
        from gptalk_client.providers.gptalk import GPTalk

        async def main():
            print("ready", flush=True)
            sys.stdin.readline()
            messages = [{"role": "user", "content": "x"}]
            print(await GPTalk.create_async("", messages))

        GPTalk.url = sys.argv[1]
        asyncio.run(main())
        """
    )
    with threaded_gptalk_server("fine") as server:
        command = [sys.executable, "-c", program, server.url]
        environment = {**os.environ, "GPTALK_DATA_DIR": str(tmp_path / "data")}
        children = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            for _ in range(2)
        ]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        answers_ = [child.communicate(timeout=20)[0] for child in children]
        assert answers_ == ["fine\n", "fine\n"]
        assert (server.counts.logins, server.counts.done) == (1, 2)


# The clock


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2000, 2000), (2000.5, 2000), (1_790_000_000_123, 1_790_000_000), ("1970-01-01T01:00:00Z", 3600),
     ("1970-01-01T01:00:00", 3600), ("2000", 2000), (None, None), (1000, None), (0, None), (-5, None),
     ("soon", None), (True, None), ([], None), (float("inf"), None), (float("nan"), None), (10**400, None)],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_when_a_token_expires(value: object, expected: int | None) -> None:
    assert parse_expiry(value, now_s=1000) == expected


@pytest.mark.parametrize("expires_at", [1, "gone", None, 1_600_000_000, 10**15], ids=repr)
async def test_an_odd_expiry_does_not_cause_another_login(expires_at: object) -> None:
    body = json.dumps({"data": {"token": "abc", "expires_at": expires_at}}).encode()
    async with RawServer(gptalk(login=answers(("200 OK", body, "")))) as server:
        provider = GPTalk(url=server.url)
        for _ in range(2):
            assert (await run_turn(provider)).error is None
        await provider.aclose()
        assert sum(request.path.endswith("login") for request in server.requests) == 1


async def test_a_token_expired_by_this_clock_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, sign_in = AuthCache(None), SignIn()
    await cache.login(URL, sign_in)
    now = time.time
    monkeypatch.setattr(auth_cache.time, "time", lambda: now() + 2000)
    assert cache.current(URL) is None
    assert (await cache.login(URL, sign_in)).token == "token-2"


# The file


async def test_the_file_is_private_from_the_first_instant(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    replace = os.replace

    def spy(source: Path, target: Path) -> None:
        modes.append(stat.S_IMODE(os.stat(source).st_mode))
        replace(source, target)

    monkeypatch.setattr(os, "replace", spy)
    old = os.umask(0)
    try:
        await AuthCache(path).login(URL, SignIn())
    finally:
        os.umask(old)
    assert set(modes) == {0o600}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not [each for each in path.parent.iterdir() if each.name not in ("auth.json", "auth.json.lock")]


async def test_the_fingerprint_is_made_once(path: Path) -> None:
    async with GptalkServer() as server:
        for _ in range(3):
            provider = GPTalk(url=server.url, auth_cache=AuthCache(path))
            await provider.login()
            await provider.aclose()
        assert len(set(server.fingerprints)) == 1
        assert len(server.fingerprints[0]) == 32
        assert set(server.fingerprints[0]) <= set("0123456789abcdef")


BAD = {
    "truncated": b'{"fingerprint": "ab',
    "NUL": b"\0" * 100,
    "an array": b"[]",
    "another shape": b'{"logins": {"https://service.test": {"token": 5}}}',
    "empty": b"",
    "nested": b"[" * 60_000,
    "10 MB": b'{"logins": {"https://service.test": {"token": "old"}}, "x": "' + b"y" * 10_000_000 + b'"}',
    "invalid UTF-8": b'{"fingerprint": "\xff"}',
    "a token for a header of its own": b'{"logins": {"https://service.test": {"token": "a\\r\\nx: y"}}}',
    "a bad fingerprint": b'{"fingerprint": "../../x"}',
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
async def test_a_bad_file_is_ignored_and_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(content)
    cache = AuthCache(path)
    assert cache.current(URL) is None
    assert (await cache.login(URL, SignIn())).token == "token-1"
    again = AuthCache(path).current(URL)
    assert again is not None
    assert again.token == "token-1"
    assert len(AuthCache(path).fingerprint) == 32


def make_symlink(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = path.with_name("elsewhere.json")
    path.rename(target)
    path.symlink_to(target)


def make_readable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.chmod(0o640)


def make_foreign(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)


@NOT_WINDOWS
@pytest.mark.parametrize("spoil", [make_symlink, make_readable, make_foreign])
async def test_a_file_that_others_may_have_touched_is_not_read(
    path: Path, spoil: Callable[[Path, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    await AuthCache(path).login(URL, SignIn())
    with monkeypatch.context() as patch:
        spoil(path, patch)
        told: list[str] = []
        cache = AuthCache(path, on_warning=told.append)
        assert cache.current(URL) is None
        assert cache.current(URL) is None
        assert len(told) == 1
        assert str(path) in told[0]
        sign_in = SignIn()
        sign_in.count = 6
        assert (await cache.login(URL, sign_in)).token == "token-7"
    assert not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    current = AuthCache(path).current(URL)
    assert current is not None
    assert current.token == "token-7"


@NOT_WINDOWS
async def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    reading = asyncio.create_task(asyncio.to_thread(AuthCache(path).current, URL))
    _, waiting = await asyncio.wait({reading}, timeout=5)
    if waiting:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # lets the thread go
    assert not waiting
    assert await reading is None


async def test_a_folder_in_the_place_of_the_file(path: Path) -> None:
    path.mkdir(parents=True)
    cache = AuthCache(path)
    assert cache.current(URL) is None
    assert (await cache.login(URL, SignIn())).token == "token-1"
    assert cache.current(URL) is not None
    [told] = cache.warnings
    assert "can't be written" in told
    assert sorted(each.name for each in path.parent.iterdir()) == ["auth.json", "auth.json.lock"]


async def test_where_nothing_can_be_written_memory_serves_and_one_warning_tells(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told: list[str] = []
    cache, sign_in = AuthCache(tmp_path / "file" / "auth.json", on_warning=told.append), SignIn()
    first = cache.fingerprint
    assert (await cache.login(URL, sign_in)).token == "token-1"
    assert (await cache.login(URL, sign_in)).token == "token-1"
    cache.count_use(URL, "token-1")
    status = cache.status(URL)
    assert status is not None
    assert status.used_times == 1
    assert cache.fingerprint == first
    assert cache.warnings == told
    assert len(told) == 1


async def test_the_file_stays_small(path: Path) -> None:
    cache = AuthCache(path)
    for number in range(80):
        is_over = number % 2

        async def sign_in(fingerprint: str, is_over: int = is_over) -> Login:
            return Login("t", int(time.time()) + (-5 if is_over else 500))

        await cache.login(f"http://127.0.0.1:{number + 1}/secret", sign_in)
    assert len(cache.statuses()) == auth_cache.MAX_LOGINS
    assert sum(status.is_expired for status in cache.statuses()) == 1


async def test_logins_are_kept_by_address(path: Path) -> None:
    cache, sign_in = AuthCache(path), SignIn()
    await cache.login(URL, sign_in)
    await cache.login("https://other.test", sign_in)
    assert cache.logout(URL) is True
    assert cache.logout(URL) is False
    assert AuthCache(path).current(URL) is None
    other = AuthCache(path).current("https://other.test")
    assert other is not None
    assert other.token == "token-2"


async def test_nothing_displayed_contains_a_token_or_secret_path(path: Path) -> None:
    async with GptalkServer(secret="PATH-CANARY") as server:
        provider = GPTalk(url=server.url, auth_cache=AuthCache(path))
        status = await provider.login()
        assert (await run_turn(provider)).error is None
        login = provider.auth_cache.current(server.url)
        assert login is not None
        cached = provider.auth_cache.status(provider.url)
        assert cached is not None
        assert (cached.used_times, cached.is_expired) == (1, False)
        shown = repr((status, cached, login, provider.auth_cache.statuses(), provider.service))
        assert "CANARY" not in shown
        assert login.token not in shown
        assert cached.url == server.url.removesuffix("/PATH-CANARY")
        assert provider.logout() is True
        assert provider.auth_cache.status(provider.url) is None
        await provider.aclose()


async def test_used_times_counts_replies_and_starts_again_with_a_login(path: Path) -> None:
    async with GptalkServer() as server:
        provider = GPTalk(url=server.url, auth_cache=AuthCache(path))
        for expected in (1, 2, 3):
            await run_turn(provider)
            status = provider.auth_cache.status(provider.url)
            assert status is not None
            assert status.used_times == expected
        server.expire_tokens()
        await run_turn(provider)
        status = provider.auth_cache.status(provider.url)
        assert status is not None
        assert status.used_times == 1
        await provider.aclose()


async def test_a_use_is_not_counted_while_the_file_is_locked(path: Path) -> None:
    cache = AuthCache(path)
    await cache.login(URL, SignIn())
    lock = FileLock.try_acquire(Path(f"{path}.lock"))
    assert lock is not None
    cache.count_use(URL, "token-1")
    other = AuthCache(path).status(URL)
    assert other is not None
    assert other.used_times == 0
    lock.release()
    cache.count_use(URL, "token-1")
    other = AuthCache(path).status(URL)
    assert other is not None
    assert other.used_times == 1


@pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "é", "a\x00", 5, None, "x" * 9000])
def test_an_unusable_token(token: object) -> None:
    assert not is_usable_token(token)


async def test_a_cancelled_login_closes_its_connection() -> None:
    async def silent(connection: Connection, request: Request) -> None:
        await connection.client_gone()

    async with RawServer(gptalk(login=silent)) as server:
        provider = GPTalk(url=server.url)
        task = asyncio.create_task(provider.login())
        await eventually(lambda: server.requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        await provider.aclose()
        with pytest.raises(GptalkError):
            await provider.login()
