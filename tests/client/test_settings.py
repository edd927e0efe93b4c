"""Settings: where they come from, what is said about mistakes, and how a choice is written back."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gptalk_client.addresses import Address
from gptalk_client.config_editing import update_file
from gptalk_client.config_file import load_settings, read_file
from gptalk_client.errors import ConfigError
from gptalk_client.settings import GPTALK_URL, Persona, Settings

FULL = """\
# my settings
provider = "gptalk"
url = "https://chat.example"   # the mirror
model = "gpt-4"

[timeouts]
connect_s = 5

[chat]
temperature = 0.5
context_messages = 0

[openai]
url = "http://localhost:11434/v1"
api_key = "sk-secret"

[personas.terse]
system_prompt = "Be brief."
temperature = 0

[keys]
"turn.stop" = "escape,ctrl+x"

[ui]
theme = "gptalk-light"
notify = "osc9"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_the_defaults_hold_and_no_provider_is_chosen(file: Path) -> None:
    settings, problems = load_settings(file, environ={})
    assert settings == Settings()
    assert (settings.provider, settings.url, problems) == (None, GPTALK_URL, [])


def test_every_section_is_read(file: Path) -> None:
    settings, problems = load_settings(write(file, FULL), environ={})
    assert problems == []
    assert (settings.url, settings.model, settings.timeouts.connect_s) == (
        "https://chat.example",
        "gpt-4",
        5.0,
    )
    assert settings.timeouts.stall_s == 45.0
    assert (settings.chat.temperature, settings.chat.context_messages) == (0.5, 0)
    assert settings.personas == {"terse": Persona(system_prompt="Be brief.", temperature=0.0)}
    assert settings.keys == {"turn.stop": "escape,ctrl+x"}
    assert (settings.ui.theme, settings.ui.notify, settings.ui.show_list) == ("gptalk-light", "osc9", True)


def test_default_file_environment_option_in_this_order(file: Path) -> None:
    write(file, 'model = "from-file"\nurl = "http://file.example"\n')
    environ = {"GPTALK_MODEL": "from-env", "GPTALK_URL": "http://env.example/"}
    assert load_settings(file, environ={})[0].model == "from-file"
    assert load_settings(file, environ=environ)[0].model == "from-env"
    settings, _ = load_settings(file, environ=environ, model="from-option")
    assert (settings.model, settings.url) == ("from-option", "http://env.example")
    assert load_settings(file, environ={"GPTALK_MODEL": ""})[0].model == "from-file"


def test_an_address_alone_chooses_a_gptalk_service(file: Path) -> None:
    settings, _ = load_settings(write(file, 'provider = "local"'), environ={}, url="http://127.0.0.1:8000/")
    assert (settings.provider, settings.url) == ("gptalk", "http://127.0.0.1:8000")


@pytest.mark.parametrize("environ", [{}, {"GPTALK_URL": "http://127.0.0.1:11434/v1"}])
def test_an_address_goes_to_the_openai_endpoint_when_that_is_the_provider(
    file: Path, environ: dict[str, str]
) -> None:
    url = None if environ else "http://127.0.0.1:11434/v1"
    settings, _ = load_settings(file, environ=environ, url=url, provider="openai")
    assert settings.provider_settings("openai").url == "http://127.0.0.1:11434/v1"
    assert settings.url == GPTALK_URL


@pytest.mark.parametrize(
    ("text", "key", "line", "words"),
    [
        ("[timeouts]\nconnect_s = 'soon'", "timeouts.connect_s", 2, "expected a number, got text"),
        ("\n[timeouts]\n\nstall_s = 0", "timeouts.stall_s", 4, "> 0"),
        ("provider = 'gpt'", "provider", 1, "there is no provider “gpt”. Choose one of gptalk, local"),
        ("[ui]\nnotify = 'loud'", "ui.notify", 2, "loud"),
        ("[ui]\nshow_list = 1", "ui.show_list", 2, "expected true or false, got a whole number"),
        ("ui.show_list = 'x'", "ui.show_list", 1, "true or false"),
        ("ui = 3", "ui", 1, "table"),
        ("personas = 3", "personas", 1, "table"),
        ("[chat]\ncontext_messages = 99999999999999999999", "chat.context_messages", 2, "<= 1000000"),
        ("[personas.'a b']\ntemperature = 9", "personas.a b.temperature", 2, "<= 2"),
        ('[keys]\n"turn.stop" = 5', "keys.turn.stop", 2, "text"),
        ("url = 'chat.example'", "url", 1, "starts with http"),
        ("[openai]\nurl = 'http://me:pw@x'", "openai.url", 2, "user name"),
        ("proxy = 'socks://x'", "proxy", 1, "write a proxy as http://host:port or https://host:port"),
        ("a = \n", "", 1, "not valid TOML"),
        ("x = 1\nx = 2", "", 2, "not valid TOML"),
        (f"x = {'9' * 5000}", "", 1, "not valid TOML"),
        (f"x = {'[' * 50_000}", "", 1, "not valid TOML: it is nested too deep"),
    ],
)
def test_a_mistake_names_file_key_and_line(file: Path, text: str, key: str, line: int, words: str) -> None:
    _, problems = read_file(write(file, text))
    (problem,) = problems
    assert (problem.key, problem.line, problem.is_unknown_key) == (key, line, False)
    assert words in problem.message
    with pytest.raises(ConfigError) as caught:
        load_settings(file, environ={})
    assert str(file) in caught.value.for_humans()
    assert f"line {line}" in caught.value.for_humans()


def test_all_mistakes_are_reported_together(file: Path) -> None:
    _, problems = read_file(write(file, "model = 1\n[ui]\ntheme = 2\nthem = 'x'\n"))
    assert [(each.key, each.is_unknown_key) for each in problems] == [
        ("model", False),
        ("ui.theme", False),
        ("ui.them", True),
    ]


def test_an_unknown_key_is_a_warning_with_the_nearest_name(file: Path) -> None:
    settings, problems = load_settings(write(file, "modell = 'x'\n[ui]\nthem = 'y'\n"), environ={})
    assert settings == Settings()
    assert [str(each).partition(": ")[2] for each in problems] == [
        "modell: no such setting; did you mean model?",
        "ui.them: no such setting; did you mean ui.theme?",
    ]
    assert [each.line for each in problems] == [1, 3]


def test_a_file_that_is_not_text_is_reported(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_settings(file, environ={})
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(file, environ={})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gptalk.net", "http://"),
        ("ftp://x", "http://"),
        ("http://", "no host"),
        ("http://a b", "spaces"),
        ("http://a\x1b[2J", "control"),
        ("https://me:secret@x", "password"),
        ("http://[::1", "not an address"),
        ("http://x:99999", "not an address"),
        ("http://x/?q=1", "without"),
        ("http://x/#top", "without"),
    ],
)
def test_a_bad_address_is_explained_without_its_password(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Address.parse(url, "--url")
    assert caught.value.message.startswith("--url: ")
    assert "secret" not in caught.value.for_humans()


def test_a_bad_option_or_variable_is_named(file: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"GPTALK_PROVIDER: There is no provider “x”\. Choose one of gptalk, local\."
    ):
        load_settings(file, environ={"GPTALK_PROVIDER": "x"})
    with pytest.raises(ConfigError, match="--proxy") as caught:
        load_settings(file, environ={}, proxy="nonsense")
    assert "prints its path" not in caught.value.for_humans()


def test_secrets_are_not_in_the_representation(file: Path) -> None:
    settings, _ = load_settings(write(file, FULL), environ={}, proxy="http://me:hidden@proxy:1")
    assert "sk-secret" not in repr(settings)
    assert "hidden" not in repr(settings)


def test_a_change_keeps_comments_and_order(file: Path) -> None:
    write(file, FULL)
    update_file(file, {"ui.theme": "gptalk-dark", "model": None, ("personas", "terse", "model"): "m"})
    text = file.read_text(encoding="utf-8")
    assert "# my settings" in text
    assert 'url = "https://chat.example"   # the mirror' in text
    assert 'theme = "gptalk-dark"' in text
    settings, _ = load_settings(file, environ={})
    assert (settings.model, settings.personas["terse"].model) == ("", "m")


def test_a_first_change_makes_a_private_file(file: Path) -> None:
    update_file(file, {"provider": "local", "keys.turn.stop": "ctrl+x", "ui.show_list": False})
    settings, _ = load_settings(file, environ={})
    assert (settings.provider, settings.keys, settings.ui.show_list) == (
        "local",
        {"turn.stop": "ctrl+x"},
        False,
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]


def test_a_change_keeps_the_mode_and_follows_a_link(file: Path, tmp_path: Path) -> None:
    real = write(tmp_path / "dotfiles" / "real.toml", "model = 'a'\n")
    real.chmod(0o640)
    file.parent.mkdir(parents=True)
    file.symlink_to(real)
    update_file(file, {"model": "b"})
    assert file.is_symlink()
    assert real.read_text(encoding="utf-8") == 'model = "b"\n'
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize("text", ["a = \n", "[ui]\ntheme = 3\n"])
def test_a_broken_file_is_not_changed(file: Path, text: str) -> None:
    write(file, text)
    with pytest.raises(ConfigError):
        update_file(file, {"model": "b"})
    assert file.read_text(encoding="utf-8") == text


def test_a_value_that_cannot_be_used_is_not_written(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"ui\.notify"):
        update_file(file, {"ui.notify": "loud"})
    assert not file.exists()
