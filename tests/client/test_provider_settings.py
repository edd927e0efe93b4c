"""Providers by name in the config file: read, overridden, added, changed and removed with comments kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gptalk_client.config_editing import keep_provider, remove_provider, update_file
from gptalk_client.config_file import exposures, load_settings, read_file
from gptalk_client.errors import ConfigError
from gptalk_client.models import Conversation
from gptalk_client.settings import ProviderSettings, Settings, check_provider_name
from gptalk_client.turn_options import Overrides, TurnOptions

FILE = """\
# mine
provider = "ollama"   # who answers
model = "qwen3:4b"

[providers.ollama]   # at home
url = "http://127.0.0.1:11434/v1"
model = "qwen3:8b"

[providers.work]
url = "https://llm.example.com/openai/deployments/gpt"
query = { "api-version" = "2024-10-21" }
headers = { "x-team" = "42" }
api_key_command = ["pass", "show", "work/llm"]   # never shown
context_tokens = 128000
options = { temperature = 0.2, max_tokens = 4000, reasoning_effort = "low" }

[ui]
theme = "ink"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(FILE)
    return file


def loaded(file: Path, **options: str) -> Settings:
    settings, problems = load_settings(file, environ={}, **options)
    assert problems == []
    return settings


def test_tables_are_read_in_order(file: Path) -> None:
    settings = loaded(file)
    assert settings.provider_names == ["gptalk", "local", "ollama", "work"]
    assert settings.providers["work"] == ProviderSettings(
        url="https://llm.example.com/openai/deployments/gpt",
        query={"api-version": "2024-10-21"},
        headers={"x-team": "42"},
        api_key_command=["pass", "show", "work/llm"],
        context_tokens=128_000,
        options={"temperature": 0.2, "max_tokens": 4000, "reasoning_effort": "low"},
    )


def test_old_table_is_the_provider_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("provider = 'openai'\n[openai]\nurl = 'http://localhost:1/v1'\nsend_reasoning = true\n")
    settings = loaded(file)
    assert settings.providers == {
        "openai": ProviderSettings(
            url="http://localhost:1/v1", api_key_env="OPENAI_API_KEY", send_reasoning=True
        )
    }
    file.write_text("[openai]\nurl = 'http://a/v1'\n[providers.openai]\nurl = 'http://b/v1'\n")
    _, problems = read_file(file)
    assert [str(each).partition(": ")[2] for each in problems] == [
        "openai: there is [providers.openai] too; remove one of the two"
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("provider = 'olama'", 1, "provider: there is no provider “olama”. Choose one of gptalk, local"),
        (
            "[providers.local]\nurl = 'http://x'",
            1,
            "the name “local” is taken: it is the model on this computer",
        ),
        (
            "[providers.'a b']\nurl = 'http://x'",
            1,
            "“a b” can't be a provider's name: use at most 40 letters",
        ),
        ("[providers.x]\nurl = 'x'", 2, "providers.x.url: an address starts with http:// or https://"),
        ("[providers.x]\ntype = 'gptalk'\nurl = 'http://x/?a=1'", 3, "providers.x.url: an address ends"),
        ("[providers.x]\ntype = 'azure'", 2, "there is no 'azure'; choose one of openai, gptalk"),
        ("[providers.x]\nurll = 'x'", 2, "no such setting; did you mean providers.x.url?"),
        ("[providers.x]\napi_key_command = 'pass'", 2, "providers.x.api_key_command: expected"),
        ("[providers.x]\nheaders = { 'a b' = '1' }", 2, "providers.x.headers.a b: this can't be sent"),
        ("[providers.x.headers]\nhost = 'x'", 2, "providers.x.headers.host: this can't be sent"),
        ("[providers.x.headers]\nteam = 'я'", 2, "providers.x.headers.team: this can't be sent"),
        ("[providers.x]\ncontext_tokens = 0", 2, "providers.x.context_tokens: expected"),
        ("[providers.x.options]\ntemperature = 9", 2, "temperature must be a number from 0 to 2, not 9"),
        ("[providers.x.options]\nmodel = 'm'", 2, "model can't be set as a parameter"),
        ("providers = 3", 1, "providers: this must be a table"),
        ("openai = 3", 1, "openai: this must be a table"),
        ("[personas.x]\nprovider = 'y'", 2, "personas.x.provider: there is no provider “y”"),
    ],
)
def test_a_mistake_names_table_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    _, problems = read_file(file)
    assert [each.line for each in problems] == [line]
    assert words in str(problems[0])


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 41, "ключ", "gptalk", "local", "a/b"])
def test_names_that_no_provider_can_have(name: str) -> None:
    with pytest.raises(ConfigError):
        check_provider_name(name)
    check_provider_name("Work-2.b_c")


# Overrides


def test_another_provider_doesnt_get_the_files_model(file: Path) -> None:
    assert loaded(file).model == "qwen3:4b"
    assert loaded(file, provider="work").model == ""
    assert loaded(file, provider="gptalk").model == ""
    assert loaded(file, provider="ollama").model == "qwen3:4b"
    assert loaded(file, provider="work", model="gpt").model == "gpt"
    variable = {"GPTALK_PROVIDER": "work", "GPTALK_MODEL": "gpt"}
    assert load_settings(file, environ=variable)[0].model == "gpt"


def test_address_is_the_chosen_providers(file: Path) -> None:
    settings = loaded(file, url="http://127.0.0.1:9/v1")
    assert (settings.provider, settings.providers["ollama"].url) == ("ollama", "http://127.0.0.1:9/v1")
    assert settings.providers["ollama"].model == "qwen3:8b"
    assert loaded(file, url="https://x.example", provider="gptalk").url == "https://x.example"
    assert loaded(file, url="http://a/v1", provider="work").providers["work"].url == "http://a/v1"


def test_unknown_provider_is_refused_with_the_known_ones(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(file, provider="nobody")
    assert caught.value.message == (
        "--provider: There is no provider “nobody”. Choose one of gptalk, local, ollama, work."
    )


# Turns


def test_provider_of_a_turn_brings_model_options_and_room(file: Path) -> None:
    settings = loaded(file)
    plain = TurnOptions.resolve(settings)
    assert (plain.provider, plain.model, plain.context_tokens) == ("ollama", "qwen3:4b", None)
    work = Conversation("c", "", 0, 0, provider="work", options={"max_tokens": 5, "temperature": None})
    options = TurnOptions.resolve(settings, work, Overrides(parameters={"reasoning_effort": "high"}))
    assert (options.model, options.context_tokens) == ("", 128_000)
    assert options.parameters == {"max_tokens": 5, "reasoning_effort": "high"}
    other = TurnOptions.resolve(settings, work, Overrides(provider="ollama"))
    assert (other.provider, other.model) == ("ollama", "qwen3:4b")
    without = Settings(provider="work", providers=settings.providers)
    assert TurnOptions.resolve(without, None, Overrides(provider="ollama")).model == "qwen3:8b"


def test_provider_that_is_gone_is_said_in_words(file: Path) -> None:
    settings = loaded(file)
    with pytest.raises(ConfigError, match=r"no provider “gone”\. Choose one of gptalk, local, ollama, work"):
        settings.provider_settings("gone")


# Changes


def test_adding_and_changing_keeps_comments(file: Path) -> None:
    keep_provider(file, "vllm", ProviderSettings(url="http://127.0.0.1:8000/v1", headers={"x-a": "1"}))
    added = '[providers.vllm]\nurl = "http://127.0.0.1:8000/v1"\nheaders = {x-a = "1"}\n\n'
    assert file.read_text() == FILE.replace("[ui]", f"{added}[ui]")
    old = loaded(file).providers["work"]
    keep_provider(
        file,
        "work",
        ProviderSettings(
            url=old.url,
            query=old.query,
            headers={"x-team": "43", "x-new": "1"},
            api_key_command=old.api_key_command,
            options={"temperature": 0.2},
            model="gpt",
        ),
    )
    text = file.read_text()
    for comment in ("# mine", "# who answers", "# at home", "# never shown"):
        assert comment in text
    assert loaded(file).providers["work"] == ProviderSettings(
        url=old.url,
        query=old.query,
        headers={"x-team": "43", "x-new": "1"},
        api_key_command=old.api_key_command,
        options={"temperature": 0.2},
        model="gpt",
    )


def test_nothing_changes_where_nothing_differs(file: Path) -> None:
    keep_provider(file, "work", loaded(file).providers["work"])
    assert file.read_text() == FILE


@pytest.mark.parametrize("secret", [{"api_key": "sk"}, {"headers": {"api-key": "sk"}}])
def test_file_with_a_secret_is_private(file: Path, secret: dict[str, object]) -> None:
    file.chmod(0o644)
    keep_provider(file, "ollama", ProviderSettings(url="http://127.0.0.1:11434/v1"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    keep_provider(file, "x", ProviderSettings(url="https://x/v1", **secret))  # type: ignore[arg-type]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_old_table_is_changed_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[openai]   # since 2025\nurl = 'http://localhost:1/v1'\n")
    changed = ProviderSettings(url="http://localhost:2/v1", api_key_env="OPENAI_API_KEY", model="m")
    keep_provider(file, "openai", changed)
    assert file.read_text() == '[openai]   # since 2025\nurl = "http://localhost:2/v1"\nmodel = "m"\n'
    assert loaded(file).providers == {"openai": changed}
    assert remove_provider(file, "openai")
    assert file.read_text().strip() == ""


def test_first_provider_makes_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    keep_provider(file, "ollama", ProviderSettings(url="http://127.0.0.1:11434/v1"))
    assert file.read_text() == '[providers.ollama]\nurl = "http://127.0.0.1:11434/v1"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_removing_forgets_who_chose_it(file: Path) -> None:
    update_file(file, {("personas", "terse", "provider"): "ollama", ("personas", "terse", "model"): "m"})
    assert remove_provider(file, "ollama")
    settings = loaded(file)
    assert (settings.provider, settings.model, list(settings.providers)) == (None, "", ["work"])
    assert (settings.personas["terse"].provider, settings.personas["terse"].model) == (None, "m")
    assert "# mine" in file.read_text()
    assert not remove_provider(file, "ollama")


@pytest.mark.parametrize(
    ("name", "provider", "words"),
    [
        ("local", ProviderSettings(url="http://x"), "taken"),
        ("x", ProviderSettings(url="x"), "starts with http"),
        ("x", ProviderSettings(url="http://x", options={"temperature": 9}), "temperature must be"),
        ("x", ProviderSettings(url="http://x", headers={"a b": "1"}), "can't be sent"),
    ],
)
def test_provider_that_cannot_be_used_is_not_kept(
    file: Path, name: str, provider: ProviderSettings, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        keep_provider(file, name, provider)
    assert file.read_text() == FILE


def test_secrets_that_others_can_read_are_reported(file: Path) -> None:
    keep_provider(file, "x", ProviderSettings(url="https://x/v1", headers={"api-key": "sk"}, api_key="sk"))
    file.chmod(0o644)
    settings, _ = read_file(file)
    assert [each.key for each in exposures(file, settings)] == [
        "providers.x.api_key", "providers.x.headers.api-key",
    ]  # fmt: skip
    assert "sk" not in repr(settings.providers["x"])
