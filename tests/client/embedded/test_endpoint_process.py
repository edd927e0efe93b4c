"""The endpoint's process: started, supervised, and never left behind.

It relays to a scripted server here, so that no weights are needed; the process is the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from gptalk_client.embedded.errors import EndpointCrashedError, WeightsMissingError
from gptalk_client.embedded.process import EndpointState, LocalEndpoint, environment
from gptalk_client.embedded.serve import with_address
from gptalk_client.errors import LocalModelError, Remedy
from support.command_line import command
from support.raw_server import Connection, RawServer, eventually

LIMIT_S = 20.0


async def say_and_hold(connection: Connection) -> None:
    """Answer a completion with one word, and leave it open."""
    while request := await connection.request():
        if request.path == "/v1/models":
            await connection.answer({"data": [{"id": "tiny"}]})
            continue
        await connection.start_stream()
        await connection.chunk(b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n')
        await connection.client_gone()
        return


@pytest.fixture
async def upstream() -> AsyncIterator[RawServer]:
    async with RawServer(say_and_hold) as server:
        yield server


@pytest.fixture
async def endpoint(upstream: RawServer, tmp_path: Path) -> AsyncIterator[LocalEndpoint]:
    endpoint = LocalEndpoint(tmp_path, upstream=upstream.url)
    yield endpoint
    await endpoint.stop()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def streaming(url: str) -> AsyncIterator[httpx.Response]:
    """Ask for a reply with plain requests; yield the open stream."""
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
        login = await http.post(f"{url}/api/chatgpt/user/login", json={"fingerprint": "0" * 32})
        headers = {"authorization": f"Bearer {login.json()['data']['token']}"}
        text = await http.post(f"{url}/api/chatgpt/chatapi/text", json={"content": "Hi"}, headers=headers)
        params = {"token": text.json()["data"]["token"]}
        async with http.stream("GET", f"{url}/api/chatgpt/chatapi/stream", params=params) as response:
            yield response


async def test_it_starts_once_for_all_who_ask_and_stops(upstream: RawServer, tmp_path: Path) -> None:
    states: list[EndpointState] = []
    endpoint = LocalEndpoint(tmp_path, upstream=upstream.url, on_state=states.append)
    impatient = asyncio.create_task(endpoint.start())
    others = [asyncio.create_task(endpoint.start()) for _ in range(3)]
    await eventually(lambda: endpoint.pid)
    impatient.cancel()
    urls = {await other for other in others}
    pid = endpoint.pid
    assert pid is not None
    running = is_alive(pid)
    await endpoint.stop()

    assert len(urls) == 1
    assert running
    assert not is_alive(pid)
    assert states == [EndpointState.STARTING, EndpointState.READY, EndpointState.STOPPED]
    assert endpoint.state is EndpointState.STOPPED


async def test_a_reply_comes_through(endpoint: LocalEndpoint) -> None:
    url = await endpoint.start()
    async with streaming(url) as response:
        async for data in response.aiter_bytes():
            assert data == b'data: {"content":"Hi"}\n\n'
            break
    assert await endpoint.crash(wait_s=0) is None


async def test_nothing_secret_is_in_its_command_line_or_environment(
    upstream: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_PASSWORD", "hunter2")
    monkeypatch.setenv("GPTALK_UPSTREAM_KEY", "k3y")
    endpoint = LocalEndpoint(tmp_path, upstream=upstream.url)
    url = await endpoint.start()
    assert endpoint.pid is not None
    child = psutil.Process(endpoint.pid)
    command, variables = " ".join(child.cmdline()), child.environ()
    await endpoint.stop()

    assert url.rsplit("/", 1)[1] not in command
    assert upstream.url not in command
    assert "SOME_PASSWORD" not in variables
    assert variables["GPTALK_UPSTREAM_KEY"] == "k3y"


def test_only_a_relay_is_given_keys() -> None:
    variables = {"PATH": "/bin", "OPENAI_API_KEY": "k", "HTTPS_PROXY": "p", "LD_PRELOAD": "x", "GGML_X": "1"}

    assert environment(variables, relay=False) == {"PATH": "/bin", "GGML_X": "1"}
    assert environment(variables, relay=True) == {
        "PATH": "/bin", "GGML_X": "1", "OPENAI_API_KEY": "k", "HTTPS_PROXY": "p",
    }  # fmt: skip


async def test_a_file_of_the_current_folder_is_not_imported(
    endpoint: LocalEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("httpx", "uvicorn", "msgspec"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)

    assert (await endpoint.start()).startswith("http://127.0.0.1:")


async def test_ctrl_c_in_the_terminal_does_not_reach_it(endpoint: LocalEndpoint) -> None:
    await endpoint.start()
    assert endpoint.pid is not None

    assert os.getsid(endpoint.pid) == endpoint.pid != os.getsid(0)
    assert os.getpgid(endpoint.pid) != os.getpgid(0)


async def test_a_crash_during_a_reply_is_reported_and_the_next_start_is_a_new_process(
    endpoint: LocalEndpoint,
) -> None:
    url = await endpoint.start()
    pid = endpoint.pid
    assert pid is not None

    async def read_until_it_breaks() -> None:
        async with streaming(url) as response:
            async for _ in response.aiter_bytes():
                os.kill(pid, signal.SIGSEGV)

    with pytest.raises(httpx.HTTPError):
        await read_until_it_breaks()
    crash = await endpoint.crash()

    assert isinstance(crash, EndpointCrashedError)
    assert "SIGSEGV" in crash.for_humans()
    assert "Try again" in crash.for_humans()
    assert endpoint.state is EndpointState.STOPPED
    assert await endpoint.start() != url
    assert endpoint.pid not in (None, pid)


async def test_a_restart_gives_another_address(endpoint: LocalEndpoint) -> None:
    first = await endpoint.start()
    pid = endpoint.pid
    assert pid is not None

    await endpoint.stop()
    assert await endpoint.start() != first
    assert not is_alive(pid)


_PARENT = """
import asyncio, sys
from pathlib import Path
from gptalk_client.embedded.process import LocalEndpoint
async def main():
    endpoint = LocalEndpoint(Path("."), upstream=sys.argv[1])
    await endpoint.start()
    print(endpoint.pid, flush=True)
    if sys.argv[2] == "stay":
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGHUP", "leave"])
async def test_however_its_parent_ends_no_process_is_left(upstream: RawServer, end: str) -> None:
    stay = "leave" if end == "leave" else "stay"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", _PARENT, upstream.url, stay), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    child = int(await asyncio.wait_for(parent.stdout.readline(), LIMIT_S))
    if end != "leave":
        assert is_alive(child)
        parent.send_signal(getattr(signal, end))
    await asyncio.wait_for(parent.wait(), LIMIT_S)

    await eventually(lambda: not is_alive(child))


async def test_it_ends_when_its_standard_input_does_also_without_help_of_the_kernel(
    upstream: RawServer,
) -> None:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "gptalk_client.embedded"]
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"upstream": upstream.url}).encode() + b"\n")
    report = json.loads(await asyncio.wait_for(process.stdout.readline(), LIMIT_S))
    process.stdin.close()

    assert report["state"] == "ready"
    assert await asyncio.wait_for(process.wait(), LIMIT_S) == 0


def test_started_by_hand_it_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gptalk_client.embedded"], input=b"", capture_output=True, timeout=LIMIT_S
    )

    assert done.returncode == 2
    assert b"gptalk-tui serve" in done.stderr


async def test_without_weights_it_asks_for_them(tmp_path: Path) -> None:
    endpoint = LocalEndpoint(tmp_path)

    with pytest.raises(WeightsMissingError):
        await endpoint.start()
    assert (endpoint.state, endpoint.pid) == (EndpointState.STOPPED, None)


async def test_a_file_that_llama_cpp_refuses_is_reported(make_gguf: Any, tmp_path: Path) -> None:
    states: list[EndpointState] = []
    model = make_gguf(("general.architecture", "llama"), ("llama.context_length", 64))
    endpoint = LocalEndpoint(tmp_path, model, on_state=states.append)

    with pytest.raises(LocalModelError, match=r"Tiny-Model.Q4_0.gguf could not be loaded"):
        await endpoint.start()
    assert states == [EndpointState.STARTING, EndpointState.LOADING, EndpointState.STOPPED]
    assert endpoint.pid is None


async def test_a_port_that_is_taken_is_reported(upstream: RawServer, tmp_path: Path) -> None:
    endpoint = LocalEndpoint(tmp_path, upstream=upstream.url, port=upstream.port)

    with pytest.raises(LocalModelError, match="already in use") as caught:
        await endpoint.start()
    assert caught.value.remedy is Remedy.PORT


async def test_a_start_that_takes_too_long_is_given_up(upstream: RawServer, tmp_path: Path) -> None:
    endpoint = LocalEndpoint(tmp_path, upstream=upstream.url, start_timeout_s=0.001)

    with pytest.raises(LocalModelError, match="not ready"):
        await endpoint.start()
    assert endpoint.pid is None


async def test_a_process_that_dies_at_its_start_shows_its_last_words(
    upstream: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "path" / "uvicorn"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("import os, sys; sys.stderr.write('no luck today\\n'); os._exit(7)")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    endpoint = LocalEndpoint(tmp_path, upstream=upstream.url)

    with pytest.raises(LocalModelError, match=r"status 7 \(no luck today\)"):
        await endpoint.start()


async def test_a_missing_package_is_reported_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalModelError, match="xllamacpp") as caught:
        await LocalEndpoint(tmp_path).start()
    assert "'.[local]'" in caught.value.for_humans()


def test_the_parents_side_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from gptalk_client.embedded import process, provider, serve, weights\n"
        "heavy = {'xllamacpp', 'starlette', 'uvicorn', 'httpx', 'textual', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S)

    assert (done.stdout, done.stderr) == ("[]\n", "")


_SERVE = """
import sys
from pathlib import Path
from gptalk_client.embedded.serve import serve
number = serve(Path("."), upstream=sys.argv[1], echo=lambda line: print(line, flush=True))
sys.exit(100 + number)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_names_its_address_and_ends_cleanly_at_a_signal(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, "http://127.0.0.1:9"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    first, second = process.stdout.readline(), process.stdout.readline()
    children = psutil.Process(process.pid).children()
    url = first.split()[-1]
    answer = httpx.get(f"{url}/nothing", trust_env=False)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=LIMIT_S)

    assert first.startswith("Serving 127.0.0.1:9 on http://127.0.0.1:")
    # Other users can read a program's arguments, but not its environment.
    assert second == f"Chat with it: GPTALK_URL={url} gptalk-tui\n"
    assert answer.status_code == 404
    assert (process.returncode, rest, errors) == (100 + number, "", "")
    assert len(children) == 1
    end = time.monotonic() + LIMIT_S
    while is_alive(children[0].pid):
        assert time.monotonic() < end


@pytest.mark.skipif(sys.platform != "linux", reason="the list of processes is read from /proc")
def test_the_command_that_serve_prints_keeps_the_secret_out_of_the_arguments(tmp_path: Path) -> None:
    address = "http://127.0.0.1:9/SECRET-CANARY"
    line = with_address(address).replace("gptalk-tui", f"{sys.executable} {tmp_path / 'app.py'}")
    (tmp_path / "app.py").write_text(
        "import os\nprint(os.environ['GPTALK_URL'], open('/proc/self/cmdline').read(), sep='\\n')\n", "utf-8"
    )
    shown = subprocess.run(
        ["sh", "-c", 'eval "$(cat)"'], input=line, capture_output=True, text=True, check=True
    )

    url, arguments = shown.stdout.splitlines()
    assert url == address
    assert "app.py" in arguments
    assert "CANARY" not in arguments


def test_serve_tells_when_its_process_crashes() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, "http://127.0.0.1:9"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    process.stdout.readline()
    [child] = psutil.Process(process.pid).children()
    child.kill()
    _, errors = process.communicate(timeout=LIMIT_S)

    assert process.returncode == 1
    assert "EndpointCrashedError" in errors
    assert "SIGKILL" in errors


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_serve_listens_on_loopback_only(host: str, tmp_path: Path) -> None:
    from gptalk_client.embedded.serve import serve
    from gptalk_client.errors import UsageError

    with pytest.raises(UsageError, match=r"127\.0\.0\.1 only"):
        serve(tmp_path, host=host)
    with pytest.raises(UsageError, match="can't be used together"):
        serve(tmp_path, model_file="x", upstream="http://127.0.0.1:1")


def test_the_socket_that_serve_listens_on_is_bound_to_loopback(tmp_path: Path) -> None:
    # Nothing is asked of the upstream before the first prompt: none has to be there.
    arguments = ("serve", "--upstream", "http://127.0.0.1:1/v1", "--data-dir", str(tmp_path))
    with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline().decode()
            program = psutil.Process(process.pid)
            listening = [
                each.laddr
                for one in (program, *program.children(recursive=True))
                for each in one.net_connections("inet")
                if each.status == psutil.CONN_LISTEN
            ]
        finally:
            process.terminate()
    assert [each.ip for each in listening] == ["127.0.0.1"]
    assert f"http://127.0.0.1:{listening[0].port}/" in told
