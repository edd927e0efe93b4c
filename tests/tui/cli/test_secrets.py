"""Secrets of the config file and of proxies: never printed, and told of where others could read them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from support.command_line import Run

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and owners as POSIX has them")
needs_chown = pytest.mark.skipif(
    os.name == "posix" and os.geteuid() != 0, reason="only root can give a file to another user"
)

PROXIES = [
    "http://me:PASSWORD@127.0.0.1:1", "http://me:PASSWORD@[::1]:1", "socks5://me:PASSWORD@127.0.0.1:1",
    "http://PASSWORD@127.0.0.1:1", "http://me:PASSWORD@127.0.0.1:x", "ftp://me:PASSWORD@127.0.0.1:1",
    "http://me:PASSWORD@", "http://me:PASSWORD@127.0.0.1:1 ", "me:PASSWORD@127.0.0.1:1",
    "http://me:PASSWORD@256.256.256.256:1", "http://me:PASSWORD@a..b:1",
]  # fmt: skip


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize(
    "words", ["config show", "config check", "doctor", "doctor --json", "auth login", "ask hi"]
)
@pytest.mark.parametrize("place", ["option", "environment", "file"])
def test_proxy_password_is_never_printed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, words: str, place: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"proxy = {json.dumps(proxy)}\n" if place == "file" else "")
    file.chmod(0o600)
    if place == "environment":
        monkeypatch.setenv("GPTALK_PROXY", proxy)
    given = ("--proxy", proxy) if place == "option" else ()
    # An address that no proxy is asked to reach: none of these is there.
    done = run(*words.split(), *given, "--config", str(file), "--url", "http://service.invalid")
    assert done.out + done.err
    assert "PASSWORD" not in done.out + done.err


SECRETS = {
    "openai.api_key": "[openai]\napi_key = 'sk-secret'\n",
    "proxy": "proxy = 'http://me:PASSWORD@proxy:1'\n",
}


@posix_only
@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_warns_about_a_secret_that_others_can_read(run: Run, tmp_path: Path, key: str, mode: int) -> None:
    file = tmp_path / "config.toml"
    file.write_text(SECRETS[key])
    file.chmod(mode)
    checked = run("config", "check", "--config", str(file))
    assert checked.code == 1
    assert f"{key}: other users can read this secret; `chmod 600 {file}`" in checked.err
    report = json.loads(run("doctor", "--json", "--url", "http://127.0.0.1:1", "--config", str(file)).out)
    (found,) = [each for each in report["checks"] if each["name"] == "config"]
    assert (found["status"], "other users can read" in found["detail"]) == ("warning", True)
    assert "sk-secret" not in json.dumps(report) + checked.err
    file.chmod(0o600)
    assert run("config", "check", "--config", str(file)).code == 0


@posix_only
def test_config_file_without_secrets_may_be_world_readable(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("model = 'm'\n[openai]\napi_key_env = 'MY_KEY'\n")
    file.chmod(0o644)
    assert run("config", "check", "--config", str(file)).code == 0


@posix_only
def test_warns_about_a_world_writable_config_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("model = 'm'\n")
    file.chmod(0o646)
    done = run("config", "check", "--config", str(file))
    assert done.code == 1
    assert f"`chmod o-w {file}`" in done.err


@needs_chown
def test_warns_about_another_users_config_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("model = 'm'\n")
    os.chown(file, 65534, 65534)
    done = run("config", "check", "--config", str(file))
    assert done.code == 1
    assert "belongs to another user" in done.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("provider = 'foo'", "line 1: provider: there is no provider “foo”. Choose one of gptalk, local"),
        ("[ui]\nnotify = 'loud'", "line 2: ui.notify: there is no 'loud'; choose one of bell, osc9, off"),
        ("[ui]\ntheme = 'neon'", "line 2: ui.theme: there is no theme 'neon'; choose one of ink, "),
        (
            "[personas.x]\nprovider = 'foo'",
            "line 2: personas.x.provider: there is no provider “foo”. Choose one of",
        ),
    ],
)
def test_unknown_name_is_reported_with_the_known_ones(
    run: Run, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    done = run("config", "check", "--config", str(file))
    assert done.code == 1
    assert words in done.err


def test_known_theme_is_accepted(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[ui]\ntheme = 'ink'\n")
    assert run("config", "check", "--config", str(file)).code == 0
