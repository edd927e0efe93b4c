"""`providers` and `models`: who replies is added, tested, listed, asked, checked and removed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from gptalk_client.config_file import read_file
from gptalk_client.providers.api_keys import KeptKeys
from gptalk_client.settings import ProviderSettings, Settings
from gptalk_client.store.store import Store
from gptalk_tui.cli import provider_add
from support.command_line import Run
from support.engines import NOT_FOUND, OLLAMA, Route, engine
from support.raw_server import RawServer, threaded

KEY = "sk-KEY-CANARY"


def priced(request: Any) -> tuple[str, Any]:
    """Return the list of a service that wants a key."""
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return "401 Unauthorized", {"error": {"message": "Incorrect API key"}}
    price = {"prompt": "0.00000015", "completion": "0.0000006"}
    return "200 OK", {"data": [{"id": "big", "context_length": 128000, "pricing": price}, {"id": "small"}]}


ROUTES: dict[str, Route] = {**OLLAMA, "/paid/models": priced}


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with threaded(RawServer(engine(ROUTES))) as server:
        yield server


@pytest.fixture
def config(own_world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = own_world / "config.toml"
    monkeypatch.setenv("GPTALK_CONFIG", str(file))
    return file


def settings_of(config: Path) -> Settings:
    settings, problems = read_file(config)
    assert problems == []
    return settings


# Adding


def test_engine_is_added_once_it_has_answered(run: Run, config: Path, server: RawServer) -> None:
    done = run("providers", "add", "home", "--url", server.url.removeprefix("http://"), "-m", "qwen3:8b")
    assert (done.code, done.out) == (0, "")
    assert "Added “home”: 1 model." in done.err
    assert "gptalk-tui --provider home" in done.err
    assert settings_of(config).providers == {"home": ProviderSettings(url=server.url, model="qwen3:8b")}
    assert settings_of(config).provider is None


def test_default_one_answers_at_once(run: Run, config: Path, server: RawServer, data: Path) -> None:
    config.write_text("model = 'of-another'   # mine\n")
    assert run("providers", "add", "home", "--url", server.url, "--default").code == 0
    assert (settings_of(config).provider, settings_of(config).model) == ("home", "")
    done = run("ask", "Hi", "--json")
    answer = json.loads(done.out)
    assert (answer["content"], answer["provider"], answer["model"]) == ("Fine.", "home", "qwen3:8b")
    with Store.open(data / "conversations.db") as store:
        assert store.conversations()[0].provider == "home"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["work", "--url", "127.0.0.1:1"], "Nothing answers at 127.0.0.1:1. Start the engine there, then"),
        (["work", "--url", "{server}/other"], "Check the address; for most engines it ends with /v1."),
        (["work", "--url", "{server}/paid"], "refused the key: Incorrect API key. No key is set for “work”."),
        (["work", "--url", "{server}", "-m", "qw"], "doesn't list a model “qw”; it has qwen3:8b. --no-test"),
        (["work"], "Which address? Give --url, or a name of these: ollama, lmstudio,"),
        (["local", "--url", "{server}"], "The name “local” is taken"),
        (["a/b", "--url", "{server}"], "“a/b” can't be a provider's name"),
        (["work", "--url", "ftp://x"], "starts with http:// or https://"),
        (["work", "--url", "{server}", "-o", "temperature=9"], "temperature must be a number from 0 to 2, not 9."),
        (["work", "--url", "{server}", "--header", "x"], "--header x: expected NAME=VALUE."),
        (["work", "--url", "{server}", "--header", "a b=1"], "The header “a b” can't be sent."),
        (["work", "--url", "{server}", "--key-command", "'"], "--key-command: no closing quotation."),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_not_kept(
    run: Run, config: Path, server: RawServer, arguments: list[str], words: str
) -> None:
    done = run("providers", "add", *(each.format(server=server.url) for each in arguments))
    assert done.code in (2, 3)
    assert words in done.err
    assert not config.exists()


def test_preset_brings_address_and_key_variable(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    assert run("providers", "add", "gemini", "--no-test", "-m", "gemini-2.5-flash").code == 0
    assert run("providers", "add", "g2", "--preset", "gemini", "--key-env", "OTHER", "--no-test").code == 0
    assert settings_of(config).providers == {
        "gemini": ProviderSettings(
            url="https://generativelanguage.googleapis.com/v1beta/openai",
            model="gemini-2.5-flash",
            api_key_env="GEMINI_API_KEY",
        ),
        "g2": ProviderSettings(
            url="https://generativelanguage.googleapis.com/v1beta/openai", api_key_env="OTHER"
        ),
    }


def test_everything_can_be_said_on_one_line(run: Run, config: Path) -> None:
    done = run(
        "providers", "add", "work", "--url", "llm.example.com/openai/deployments/gpt", "--no-test",
        "--key-command", "pass show 'work llm'", "--header", "x-team=42", "--query", "api-version=2024-10-21",
        "-o", "temperature=0.2", "-o", "reasoning_effort=low", "--context-tokens", "128000", "--send-reasoning",
    )  # fmt: skip
    assert done.code == 0
    assert settings_of(config).providers["work"] == ProviderSettings(
        url="https://llm.example.com/openai/deployments/gpt",
        api_key_command=["pass", "show", "work llm"],
        headers={"x-team": "42"},
        query={"api-version": "2024-10-21"},
        options={"temperature": 0.2, "reasoning_effort": "low"},
        context_tokens=128_000,
        send_reasoning=True,
    )
    assert "already. --force changes it." in run("providers", "add", "work", "--no-test").err
    assert run("providers", "add", "work", "--force", "--no-test", "-o", "temperature=null").code == 0
    changed = settings_of(config).providers["work"]
    assert (changed.options, changed.context_tokens) == ({"reasoning_effort": "low"}, 128_000)


def test_key_from_standard_input_is_kept_in_a_file_of_its_own(
    run: Run, config: Path, server: RawServer, data: Path
) -> None:
    url = server.url + "/paid"
    done = run("providers", "add", "work", "--url", url, "--key-stdin", stdin=f"{KEY}\n")
    assert done.code == 0, done.err
    assert KEY not in config.read_text() + done.err + done.out
    keys = data / "provider_keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert KeptKeys(keys).find("work", url) == KEY
    assert run("providers", "test", "work").out == "“work” answers: 2 models.\n"
    assert run("providers", "remove", "work").code == 0
    assert KeptKeys(keys).find("work", url) == ""


def test_key_is_asked_for_where_one_is_needed(
    run: Run, config: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def prompt(text: str, **options: Any) -> str:
        asked.append(text)
        assert options["hide_input"]
        return KEY

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(provider_add, "can_ask", lambda: True)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert run("providers", "add", "openai", "--no-test").code == 0
    assert asked == ["Key for OpenAI (hidden; Enter for none, or set OPENAI_API_KEY)"]
    assert KeptKeys(data / "provider_keys.json").find("openai", "https://api.openai.com/v1") == KEY
    monkeypatch.setenv("MISTRAL_API_KEY", "there")
    assert run("providers", "add", "mistral", "--no-test").code == 0
    assert run("providers", "add", "ollama", "--no-test").code == 0
    assert len(asked) == 1


# Listing, testing, removing


def test_list_shows_who_replies_and_where_the_key_is_from(run: Run, config: Path, data: Path) -> None:
    config.write_text(
        f"provider = 'work'\nmodel = 'gpt'\n[providers.work]\nurl = 'https://llm.example.com/v1?secret=x'\n"
        f"api_key = '{KEY}'\n[providers.home]\nurl = 'http://127.0.0.1:11434/v1'\nmodel = 'qwen3:8b'\n"
    )
    done = run("providers", "list")
    assert done.out == (
        " \tgptalk\thttps://gptalk.net\n \tlocal \tthis computer\n"
        "*\twork  \thttps://llm.example.com/v1\tgpt\tkey: in the config file\n"
        " \thome  \thttp://127.0.0.1:11434/v1\tqwen3:8b\n"
    )
    rows = json.loads(run("providers", "list", "--json").out)
    assert rows[2] == {
        "name": "work", "type": "openai", "url": "https://llm.example.com/v1", "model": "gpt",
        "is_default": True, "key": "in the config file",
    }  # fmt: skip
    assert [each["type"] for each in rows] == ["gptalk", "local", "openai", "openai"]


def test_models_come_with_what_the_engine_tells(run: Run, config: Path, server: RawServer) -> None:
    config.write_text(
        f"provider = 'home'\n[providers.home]\nurl = '{server.url}'\n"
        f"[providers.work]\nurl = '{server.url}/paid'\napi_key = '{KEY}'\n"
    )
    assert run("models").out == "qwen3:8b\t8.2B · Q4_K_M\n"
    assert run("models", "work").out == "big  \t128k · $0.15/$0.60\nsmall\n"
    assert json.loads(run("models", "work", "--json").out)[0] == {
        "name": "big", "context_tokens": 128000, "size": "", "quantization": "",
        "prompt_price": 0.15, "reply_price": 0.6,
    }  # fmt: skip


def test_failed_test_says_why_and_exits_3(run: Run, config: Path) -> None:
    config.write_text("[providers.home]\nurl = 'http://127.0.0.1:1/v1'\n")
    done = run("providers", "test", "home")
    assert (done.code, done.out) == (3, "")
    assert "Nothing answers at 127.0.0.1:1." in done.err
    answer = json.loads(run("providers", "test", "home", "--json").out)
    assert (answer["name"], answer["ok"], answer["models"]) == ("home", False, [])
    assert "Start the engine" in answer["error"]
    done = run("providers", "test", "hom")
    assert done.code == 2
    assert "There is no provider “hom”. Choose one of gptalk, local, home." in done.err


def test_removing_says_what_it_means(run: Run, config: Path) -> None:
    config.write_text("# mine\nprovider = 'home'\n[providers.home]\nurl = 'http://127.0.0.1:1/v1'\n")
    done = run("providers", "remove", "home")
    assert "Removed “home”." in done.err
    assert "It answered new conversations." in done.err
    assert config.read_text().strip() == "# mine"
    assert "There is no provider “home”" in run("providers", "remove", "home").err
    assert "built in" in run("providers", "remove", "local").err


# Asking


def test_conversation_whose_provider_is_gone_can_choose_another(
    run: Run, config: Path, server: RawServer, store: Store
) -> None:
    config.write_text(f"[providers.home]\nurl = '{server.url}'\n")
    store.create_conversation(title="Old one", provider="work", model="big")
    done = run("ask", "--chat", "Old one", "Hi")
    assert done.code == 2
    assert "There is no provider “work”. Choose one of gptalk, local, home." in done.err
    done = run("ask", "--chat", "Old one", "Hi", "--provider", "home", "--json")
    answer = json.loads(done.out)
    assert (answer["provider"], answer["model"]) == ("home", "qwen3:8b")


def test_parameters_of_provider_and_command_line_are_sent(run: Run, config: Path, server: RawServer) -> None:
    config.write_text(
        f"provider = 'home'\n[providers.home]\nurl = '{server.url}'\nmodel = 'm'\n"
        "options = { temperature = 0.2, max_tokens = 100, top_k = 5 }\n"
    )
    asked = ["stop=END", "max_tokens=7", "top_k=null", "reasoning_effort=high", "presence_penalty=-1"]
    assert run("ask", "Hi", *(part for each in asked for part in ("-o", each))).code == 0
    sent = server.requests[-1].json()
    assert {name: sent[name] for name in sent if name not in ("messages", "stream", "stream_options")} == {
        "model": "m", "temperature": 0.2, "max_tokens": 7, "stop": "END", "reasoning_effort": "high",
        "presence_penalty": -1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("context_messages=abc", "context_messages must be a whole number, 0 or more, not “abc”."),
        ("temperature=hot", "temperature must be a number from 0 to 2, not “hot”."),
        ("reasoning_effort=hihg", "reasoning_effort must be one of none, minimal"),
        ("stream=false", "stream can't be set as a parameter"),
        ("nonsense", "-o nonsense: expected KEY=VALUE."),
    ],
)
def test_bad_parameters_are_refused(run: Run, server: RawServer, option: str, words: str) -> None:
    count = len(server.requests)
    done = run("ask", "Hi", "--provider", "openai", "--url", server.url, "-o", option)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(server.requests) == count


# doctor


def test_doctor_asks_each_provider_what_a_chat_would(
    run: Run, config: Path, server: RawServer, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    config.write_text(
        f"provider = 'home'\n[providers.home]\nurl = '{server.url}'\n"
        f"[providers.paid]\nurl = '{server.url}/paid'\n"
        f"[providers.secret]\nurl = '{server.url}/paid'\napi_key_command = ['touch', '{ran}']\n"
    )
    config.chmod(0o600)
    report = json.loads(run("doctor", "--json").out)
    found = [(each["name"], each["status"], each["detail"]) for each in report["checks"]][-4:-1]
    name = server.url.removeprefix("http://")
    assert found[0] == ("provider", "ok", f"home ({name}) answers: 1 model")
    assert found[1][:2] == ("other", "warning")
    assert found[1][2].startswith(
        f"paid: {name} refused the key: Incorrect API key. No key is set for “paid”."
    )
    assert found[2] == (
        "other", "ok",
        "secret: not asked, since its key comes from a command; `gptalk-tui providers test secret` asks it",
    )  # fmt: skip
    assert report["ok"]
    assert not ran.exists()


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nothing", "problem", "doesn't know this address (status 404). Check the address"),
        ("/paid", "problem", "refused the key"),
        ("/mute", "ok", "answers: it doesn't list its models"),
    ],
)
def test_doctor_is_red_where_a_chat_would_fail(run: Run, path: str, status: str, words: str) -> None:
    routes: dict[str, Route] = {
        **ROUTES, "/mute/models": NOT_FOUND, "/mute/chat/completions": ("422 Unprocessable", {"detail": "no"}),
    }  # fmt: skip
    with threaded(RawServer(engine(routes))) as server:
        done = run("doctor", "--json", "--provider", "openai", "--url", server.url + path)
    (found,) = [each for each in json.loads(done.out)["checks"] if each["name"] == "provider"]
    assert found["status"] == status
    assert words in found["detail"]
    assert (done.code == 0) == (status == "ok")


# config


def test_config_show_hides_every_secret(run: Run, config: Path) -> None:
    config.write_text(
        f"[providers.work]\nurl = 'https://x/v1'\napi_key = '{KEY}'\nquery = {{ token = '{KEY}', v = '1' }}\n"
        f"headers = {{ x-team = '42', 'Api-Key' = '{KEY}' }}\napi_key_command = ['pass', 'x']\n"
    )
    done = run("config", "show")
    assert done.code == 0
    assert KEY not in done.out
    assert done.out.count("(set, not shown)") == 3
    assert 'x-team = "42"' in done.out
    assert '["pass", "x"]' in done.out
    config.chmod(0o644)
    done = run("config", "check")
    assert done.code == 1
    assert [line.partition("line ")[2].partition(": other")[0] for line in done.err.splitlines()] == [
        "3: providers.work.api_key", "4: providers.work.query.token", "5: providers.work.headers.Api-Key",
    ]  # fmt: skip


# Completion


def completed(run: Run, monkeypatch: pytest.MonkeyPatch, words: str) -> list[str]:
    monkeypatch.setitem(os.environ, "_GPTALK_TUI_COMPLETE", "bash_complete")
    monkeypatch.setitem(os.environ, "COMP_WORDS", words)
    monkeypatch.setitem(os.environ, "COMP_CWORD", str(len(words.split(" ")) - 1))
    from click.shell_completion import BashComplete

    from gptalk_tui.cli.main import cli

    done = BashComplete(cli, {}, "gptalk-tui", "_GPTALK_TUI_COMPLETE").complete()
    return [line.removeprefix("plain,") for line in done.splitlines()]


def test_shell_completes_providers_and_their_models(
    run: Run, config: Path, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(
        f"provider = 'home'\n[providers.home]\nurl = '{server.url}'\n"
        f"[providers.work]\nurl = '{server.url}/paid'\napi_key = '{KEY}'\n"
    )
    assert completed(run, monkeypatch, "gptalk-tui --provider ") == ["gptalk", "local", "home", "work"]
    assert completed(run, monkeypatch, "gptalk-tui providers remove ") == ["home", "work"]
    assert completed(run, monkeypatch, "gptalk-tui providers test w") == ["work"]
    assert completed(run, monkeypatch, "gptalk-tui providers add o") == ["ollama", "openai", "openrouter"]
    assert completed(run, monkeypatch, "gptalk-tui models h") == ["home"]
    assert completed(run, monkeypatch, "gptalk-tui ask -m ") == ["qwen3:8b"]
    assert completed(run, monkeypatch, "gptalk-tui --provider work ask -m b") == ["big"]
    config.write_text("provider = 'home'\n[providers.home]\nurl = 'http://127.0.0.1:1/v1'\n")
    assert completed(run, monkeypatch, "gptalk-tui ask -m ") == []
