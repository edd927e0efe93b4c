"""The lines of docs/providers.md work: each is run with only its address replaced."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gptalk_client.config_file import read_file
from gptalk_client.models import DEFAULT_MODEL
from gptalk_client.parameters import PARAMETERS
from gptalk_client.presets import OTHER, PRESETS, preset_named
from gptalk_client.providers.api_keys import COMMAND_S
from gptalk_tui.cli.main import cli
from support.command_line import Run
from support.engines import Answer, Route, anthropic, engine
from support.gptalk_server import threaded_gptalk_server
from support.raw_server import RawServer, Request, threaded

PAGE = (Path(__file__).parents[3] / "docs" / "providers.md").read_text("utf-8")
KEY = "sk-KEY-CANARY"
LINES = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in re.findall(r"^\$ gptalk-tui (.*)$", block, re.MULTILINE)
]
ADDED = [line for line in LINES if line[:2] == ["providers", "add"] and "--force" not in line]


def after(option: str, line: list[str]) -> str:
    return line[line.index(option) + 1] if option in line else ""


def models_at(line: list[str]) -> Route:
    """Return the route of a provider's list of models: it wants the key, and has the model of the line."""
    name = line[2]
    wants_key = name not in ("ollama", "lmstudio", "llamacpp", "vllm", "lan")

    def route(request: Request) -> Answer:
        if name == "anthropic":
            status, body = anthropic(request, KEY)
            return (status, {"data": [{"id": after("-m", line)}]}) if status == "200 OK" else (status, body)
        found = request.headers.get("api-key") or request.headers.get("authorization", "").removeprefix(
            "Bearer "
        )
        if wants_key and found != KEY:
            return "401 Unauthorized", {"error": {"message": "Invalid API key"}}
        if name == "azure":
            return "404 Not Found", {"error": {"code": "404", "message": "Resource not found"}}
        prefix = "models/" if name == "gemini" else ""
        owner = "google" if name == "gemini" else "somebody"
        return "200 OK", {"data": [{"id": prefix + (after("-m", line) or "m"), "owned_by": owner}]}

    return route


@pytest.mark.parametrize("line", ADDED, ids=[each[2] for each in ADDED])
def test_line_adds_a_provider_that_replies(
    line: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    monkeypatch.setenv("GPTALK_CONFIG", str(config))
    name, preset = line[2], preset_named(line[2])
    address = urlsplit(after("--url", line) or (preset.url if preset else ""))
    path = address.path if address.scheme in ("http", "https") else "/v1"
    if variable := after("--key-env", line) or (preset.key_variable if preset else ""):
        monkeypatch.setenv(variable, KEY)
    if "--key-command" in line:
        line = [each if each != after("--key-command", line) else f"echo {KEY}" for each in line]
    if after("--type", line) == "gptalk":
        with threaded_gptalk_server("Fine.") as service:
            check_line(run, config, [each if "://" not in each else service.url for each in line])
        return
    routes: dict[str, Route] = {f"{path}/models": models_at(line)}
    if name == "azure":
        routes[f"{path}/chat/completions"] = lambda request: (
            ("400 Bad Request", {"error": {"message": "no messages"}})
            if not request.json()["messages"]
            else ("200 OK", {"choices": [{"message": {"content": "Fine."}, "finish_reason": "stop"}]})
        )
    with threaded(RawServer(engine(routes))) as server:
        check_line(run, config, [*line, "--url", server.url + path])


def check_line(run: Run, config: Path, line: list[str]) -> None:
    done = run(*line)
    assert done.code == 0, done.err
    name = line[2]
    assert f"Added “{name}”" in done.err
    settings, problems = read_file(config)
    assert problems == []
    assert (settings.provider == name) == ("--default" in line)
    assert KEY not in config.read_text() or "--key-command" in line
    model = after("-m", line) or ("some" if name == "azure" else "")
    chosen = ("-m", model) if name == "azure" else ()
    done = run("ask", "--provider", name, *chosen, "--no-save", "--json", "Hello")
    assert done.code == 0, done.err
    assert '"content": "Fine."' in done.out
    default = DEFAULT_MODEL if "gptalk" in line else "m"
    assert f'"model": "{model or default}"' in done.out


def test_every_preset_has_a_line_and_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| `(http\S+)` \| (?:`(\w+)` )?\|$", PAGE, re.MULTILINE)
    wanted = [each for each in PRESETS if each is not OTHER]
    assert rows == [(each.name, each.title, each.url, each.key_variable) for each in wanted]
    assert [each.name for each in wanted if each.name not in [line[2] for line in ADDED]] == []


def test_every_parameter_has_a_row() -> None:
    table = PAGE[PAGE.index("## Parameters") :]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|$", table, re.MULTILINE)
    assert rows == [(each.name, each.expects) for each in PARAMETERS.values()]
    assert f"{COMMAND_S:g} s;" in PAGE


def test_commands_on_the_page_exist() -> None:
    for line in LINES:
        words = [each for each in line if not each.startswith("-")]
        assert not words or words[0] in ("ollama", *cli.list_commands(None))  # type: ignore[arg-type]


def test_config_on_the_page_is_good(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "config.toml"
    file.write_text(example, "utf-8")
    settings, problems = read_file(file)
    assert problems == []
    assert list(settings.providers) == ["ollama", "work"]
