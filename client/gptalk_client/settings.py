"""The settings, as frozen data. `gptalk_client.config_file` reads and writes them.

Nothing here is global: the program loads the settings once and hands them down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from gptalk_client.errors import ConfigError, Remedy

GPTALK_URL = "https://gptalk.net"
"""The public GPTalk service."""

GPTALK, LOCAL = "gptalk", "local"
BUILT_IN = (GPTALK, LOCAL)
"""The providers that need no table: the GPTalk service of `url`, and the model on this computer."""

OPENAI = "openai"
"""The provider that `--url` gives an address to without any table; it was the only one of its kind once."""

Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Temperature: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=2)]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each part of a turn may take, in seconds."""

    connect_s: Seconds = 10.0
    """Until connected; tried twice."""
    headers_s: Seconds = 30.0
    """Until the response begins."""
    stall_s: Seconds = 45.0
    """Between two pieces of a reply."""
    comments_s: Seconds = 120.0
    """While only keep-alive comments arrive."""


MOST_MESSAGES = 1_000_000
"""More than any conversation sends with a prompt."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """The defaults for conversations; each can override them."""

    temperature: Temperature | None = None
    """From 0 (deterministic) to 2 (random); unset leaves it to the service."""
    context_messages: Annotated[int, msgspec.Meta(ge=0, le=MOST_MESSAGES)] = 20
    """How many of the newest messages to send with a prompt; 0 sends all."""
    system_prompt: str = ""
    """Instructions to the model before the conversation."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Other request parameters, such as `top_p`; a provider's own come before them."""
    titles: Literal["prompt", "model"] = "prompt"
    """Whether a new conversation's title is made from its first prompt alone, or then improved by its model."""
    reasoning: Literal["folded", "open", "hidden"] = "folded"
    """How to show what a model thinks before it answers."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Everything that goes with a request, the temperature included."""
        return self.options if self.temperature is None else {"temperature": self.temperature, **self.options}


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """A provider with a name: an engine that speaks OpenAI's chat completions, or a GPTalk service.

    The key is the first one there is: of `api_key_env`, `api_key_command`, `api_key`, then the one that was typed
    into the app and kept.
    """

    type: Literal["openai", "gptalk"] = "openai"
    """Which protocol it speaks. A GPTalk service has only an address and a model."""
    url: str = field(default="", repr=False)
    """Address, up to and with `/v1` for most engines."""
    model: str = ""
    """The model that replies unless another one is chosen; empty takes the provider's default."""
    api_key: str = field(default="", repr=False)
    """The key itself. `api_key_env` and `api_key_command` keep it out of the file."""
    api_key_env: str = ""
    """The environment variable with the key."""
    api_key_command: Sequence[str] = ()
    """A program and its arguments; the first line of its output is the key. It runs when a key is first needed."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request; `{key}` in a value is replaced by the key, which then goes nowhere else."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Added to every address, such as `api-version`."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Request parameters, such as `temperature`; a conversation's own come before them."""
    context_tokens: Annotated[int, msgspec.Meta(gt=0, le=100_000_000)] | None = None
    """How many tokens the model has room for, where the engine doesn't say."""
    send_reasoning: bool = False
    """Whether to send the reasoning of earlier replies back, as `reasoning_content`; few services want it."""

    @property
    def secrets(self) -> list[str]:
        """The members that hold a secret, as the file names them: `api_key`, `headers.authorization`."""
        found = ["api_key"] if self.api_key else []
        for kind, values in (("headers", self.headers), ("query", self.query)):
            found += [f"{kind}.{name}" for name, value in values.items() if is_secret(name, value)]
        return found


KEY_PLACE = "{key}"
"""What the key replaces in the value of a header."""

_SECRET_WORDS = ("auth", "key", "token", "secret", "password", "cookie", "credential", "signature")


def is_secret(name: str, value: str) -> bool:
    """Return whether a header or a query parameter holds a secret, as far as its name tells."""
    return bool(value) and KEY_PLACE not in value and any(word in name.lower() for word in _SECRET_WORDS)


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """The embedded model."""

    model_file: str = ""
    """A GGUF file; empty uses the small model that `gptalk-tui model pull` downloads."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A named set of settings for a conversation. Unset ones come from the general settings."""

    system_prompt: str = ""
    """Instructions to the model before the conversation."""
    model: str = ""
    """The model's name."""
    temperature: Temperature | None = None
    """From 0 (deterministic) to 2 (random)."""
    provider: str | None = None
    """Which provider replies."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Other request parameters, such as `top_p`."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Everything that goes with a request, the temperature included."""
        return self.options if self.temperature is None else {"temperature": self.temperature, **self.options}


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the app looks and behaves."""

    theme: str = ""
    """A theme's name; empty uses the app's default."""
    show_list: bool = True
    """Whether to show the list of conversations if there is room."""
    notify: Literal["bell", "osc9", "off"] = "bell"
    """How to announce the end of a reply while the terminal is not focused."""
    composer: Literal["plain", "vi"] = "plain"
    """Which keys edit the prompt: the usual ones, or vi's."""
    repaint: Literal["changes", "everything"] = "changes"
    """Paint only what changed, or all of what may have, for a terminal that shows the former wrong."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings."""

    provider: str | None = None
    """Who replies: `gptalk`, `local` or one of `providers`; if unset, the app asks at its first start."""
    url: str = GPTALK_URL
    """Address of the GPTalk service."""
    model: str = ""
    """Model of `provider` for new conversations; empty takes the provider's own."""
    proxy: str = field(default="", repr=False)
    """Proxy for the service, such as `http://proxy:3128`; empty uses the usual proxy variables."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    chat: ChatSettings = field(default_factory=ChatSettings)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    """By name, one table `[providers.NAME]` each."""
    local: LocalSettings = field(default_factory=LocalSettings)
    personas: Mapping[str, Persona] = field(default_factory=dict)
    """By name, one table `[personas.NAME]` each."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by action id, such as `"turn.stop" = "escape,ctrl+x"`."""
    snippets: Mapping[str, str] = field(default_factory=dict)
    """Texts by name, which `/name` puts into the prompt; `{variables}` in them are filled in."""
    ui: UiSettings = field(default_factory=UiSettings)

    @property
    def provider_names(self) -> list[str]:
        """Who can reply, by name: `gptalk`, `local`, then the configured ones in the file's order."""
        return [*BUILT_IN, *self.providers]

    def knows(self, name: str) -> bool:
        """Return whether there is a provider with this name."""
        return name in BUILT_IN or name in self.providers or name == OPENAI

    def provider_settings(self, name: str) -> ProviderSettings:
        """Return how to reach a provider. `local` needs nothing of this, and gets what is empty.

        Raises:
            ConfigError: There is no such provider.
        """
        if name == GPTALK:
            return ProviderSettings(type="gptalk", url=self.url)
        if name in self.providers:
            return self.providers[name]
        if name == OPENAI:
            return ProviderSettings(api_key_env="OPENAI_API_KEY")
        if name == LOCAL:
            return ProviderSettings()
        raise no_provider(name, self.provider_names)


def no_provider(name: str, names: Sequence[str]) -> ConfigError:
    """Return the error for a provider that is not there.

    Args:
        name: What was asked for.
        names: Those that there are.
    """
    return ConfigError(
        f"There is no provider “{name}”. Choose one of {', '.join(names)}.", hint="", remedy=Remedy.ENGINE
    )


def check_provider_name(name: str) -> None:
    """Check a name for a provider.

    Raises:
        ConfigError: It can't be one.
    """
    if name in BUILT_IN:
        raise ConfigError(f"The name “{name}” is taken: {_TAKEN[name]}. Choose another one.", hint="")
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"“{name}” can't be a provider's name: use at most {MOST_NAME_CHARS} letters, digits, - _ and .",
            hint="",
        )


def is_header_name(name: str) -> bool:
    """Return whether a header with this name can be sent; those that make up a request are not for the settings.

    Source: RFC 9110, section 5.1.
    """
    return bool(_HEADER.fullmatch(name)) and name.lower() not in _OWN_HEADERS


def is_header_value(value: str) -> bool:
    """Return whether a header can have this value: printable ASCII.

    Source: RFC 9110, section 5.5.
    """
    return value.isascii() and value.isprintable()


MOST_NAME_CHARS = 40
"""Longest name of a provider, in characters."""

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MOST_NAME_CHARS - 1}}}")
_TAKEN = {GPTALK: "it is the service of the setting `url`", LOCAL: "it is the model on this computer"}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = (
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "accept-encoding",
)
