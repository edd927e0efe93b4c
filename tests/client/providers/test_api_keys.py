"""Where keys come from, in which order, and that none is ever shown."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from gptalk_client.errors import ConfigError
from gptalk_client.providers.api_keys import ApiKey, KeptKeys, run_key_command
from gptalk_client.settings import ProviderSettings

URL = "https://llm.example.com/v1"
SECRET = "sk-KEY-CANARY"


def printing(script: str) -> list[str]:
    return [sys.executable, "-c", script]


async def test_environment_comes_before_command_file_and_kept_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptKeys(tmp_path / "keys.json")
    kept.keep("work", URL, "kept")
    everything = ProviderSettings(
        url=URL, api_key="file", api_key_env="WORK_KEY", api_key_command=printing("print('command')")
    )
    monkeypatch.setenv("WORK_KEY", "environment")
    assert await ApiKey(everything, "work", kept).get() == "environment"
    monkeypatch.delenv("WORK_KEY")
    assert await ApiKey(everything, "work", kept).get() == "command"
    assert await ApiKey(ProviderSettings(url=URL, api_key="file"), "work", kept).get() == "file"
    assert await ApiKey(ProviderSettings(url=URL), "work", kept).get() == "kept"
    assert await ApiKey(ProviderSettings(url=URL), "other", kept).get() == ""


# Commands


async def test_command_runs_once_and_only_when_a_key_is_needed(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    script = f"open({str(runs)!r}, 'a').write('x'); print('{SECRET}'); print('login: me')"
    settings = ProviderSettings(url=URL, api_key_command=printing(script))
    key, same = ApiKey(settings, "work"), ApiKey(settings, "work")
    assert not runs.exists()
    assert await asyncio.gather(key.get(), key.get()) == [SECRET, SECRET]
    assert await same.get() == SECRET
    assert runs.read_text() == "x"
    key.forget()  # it was refused: the password manager may have another one by now
    assert await key.get() == SECRET
    assert runs.read_text() == "xx"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (f"import sys; print('{SECRET}', file=sys.stderr); sys.exit(3)", "failed with exit code 3"),
        ("pass", "printed nothing"),
        ("print('x' * 100_000)", "printed something that is not a key"),
    ],
)
async def test_command_that_fails_is_explained_without_its_output(
    script: str, words: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConfigError, match=words) as caught:
        await run_key_command(printing(script), "work")
    assert "“work”" in caught.value.message
    assert SECRET not in caught.value.for_humans() + caplog.text + "".join(capfd.readouterr())


async def test_command_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"can't be run \(no-such-program: No such file or directory\)"):
        await run_key_command(["no-such-program", "show"], "work")


async def test_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = (
        "import subprocess, sys, time;"
        f"process = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(child)!r}, 'w').write(str(process.pid)); time.sleep(60)"
    )
    with pytest.raises(ConfigError, match="printed nothing within 1 s"):
        await run_key_command(printing(script), "work", limit_s=1)
    if child.exists():  # a busy machine may not have come that far
        await gone(int(child.read_text()))


async def gone(pid: int) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        await asyncio.sleep(0.01)
    pytest.fail("the command's child still runs")


async def test_command_ends_with_the_request_that_waits_for_it() -> None:
    task = asyncio.create_task(run_key_command(printing("import time; time.sleep(60)"), "work"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


async def test_key_that_no_header_can_carry_is_refused_without_quoting_it() -> None:
    key = ApiKey(ProviderSettings(url=URL, api_key_command=printing(f"print('{SECRET} and more')")), "work")
    with pytest.raises(ConfigError, match="The key of “work” contains spaces") as caught:
        await key.get()
    assert SECRET not in caught.value.for_humans()


# Kept keys


def test_kept_keys_are_private_and_come_back(tmp_path: Path) -> None:
    file = tmp_path / "data" / "provider_keys.json"
    KeptKeys(file).keep("work", URL, SECRET)
    KeptKeys(file).keep("other", "http://127.0.0.1:1234/v1", "second")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys = KeptKeys(file)
    assert (keys.find("work", URL), keys.find("other", "http://127.0.0.1:1234")) == (SECRET, "second")
    keys.forget("work")
    keys.forget("work")
    assert (keys.find("work", URL), keys.find("other", "http://127.0.0.1:1234")) == ("", "second")


def test_kept_key_stays_with_its_address(tmp_path: Path) -> None:
    keys = KeptKeys(tmp_path / "keys.json")
    keys.keep("work", URL, SECRET)
    assert keys.find("work", "https://llm.example.com/openai/v2?x=1") == SECRET
    assert keys.find("work", "https://evil.example.com/v1") == ""
    assert keys.find("work", "http://llm.example.com/v1") == ""


async def test_keys_that_others_can_read_are_not_used(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    keys = KeptKeys(file)
    keys.keep("work", URL, SECRET)
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="readable by others") as caught:
        await ApiKey(ProviderSettings(url=URL), "work", keys).get()
    assert SECRET not in caught.value.for_humans()
    assert await ApiKey(ProviderSettings(url="http://127.0.0.1:11434/v1"), "ollama", keys).get() == ""


def test_damaged_keys_are_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.touch(0o600)
    file.write_text("{")
    with pytest.raises(ConfigError, match="is damaged"):
        KeptKeys(file).keep("work", URL, SECRET)
    assert file.read_text() == "{"


@pytest.mark.parametrize("key", ["a b", "ключ", "x\n", "x" * 9000])
def test_key_that_cannot_be_sent_is_not_kept(tmp_path: Path, key: str) -> None:
    file = tmp_path / "keys.json"
    with pytest.raises(ConfigError, match="invalid characters"):
        KeptKeys(file).keep("work", URL, key)
    assert not file.exists()


def test_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ConfigError, match="can't be kept in"):
        KeptKeys(tmp_path / "data" / "keys.json").keep("work", URL, SECRET)
