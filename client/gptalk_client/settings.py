"""What a person can choose, as frozen data. `gptalk_client.config_file` reads and writes it.

Nothing here is global: the program loads the settings once and hands them down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import msgspec

from gptalk_client.errors import ConfigError

GPTALK_URL = "https://gptalk.net"
"""The public GPTalk service."""

ProviderName: TypeAlias = Literal["gptalk", "openai", "local"]
PROVIDERS: tuple[ProviderName, ...] = get_args(ProviderName)
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Temperature: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=2)]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each part of a turn may take, in seconds."""

    connect_s: Seconds = 10.0
    """Until there is a connection; tried twice."""
    headers_s: Seconds = 30.0
    """Until the answer begins."""
    stall_s: Seconds = 45.0
    """Between two pieces of a reply."""
    comments_s: Seconds = 120.0
    """While only the stream's keep-alive comments come."""


MOST_MESSAGES = 1_000_000
"""More than go along with a prompt in any conversation."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What every conversation starts with; each can change it for itself."""

    temperature: Temperature | None = None
    """0 for sober to 2 for wild; unset leaves it to the service."""
    context_messages: Annotated[int, msgspec.Meta(ge=0, le=MOST_MESSAGES)] = 20
    """How many of the newest messages go along with a prompt; 0 sends all."""
    system_prompt: str = ""
    """What the model is told before the conversation."""


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """An endpoint that speaks OpenAI's chat completions, such as Ollama, llama.cpp, vLLM or OpenAI."""

    url: str = ""
    """Address up to and with `/v1`."""
    api_key: str = field(default="", repr=False)
    """The key itself; `api_key_env` keeps it out of the file."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key, asked first."""


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """The embedded model."""

    model_file: str = ""
    """A GGUF file; empty takes the small model that `gptalk-tui model pull` fetches."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A named set of choices for a conversation. What is unset comes from the general settings."""

    system_prompt: str = ""
    """What the model is told before the conversation."""
    model: str = ""
    """The model's name."""
    temperature: Temperature | None = None
    """0 for sober to 2 for wild."""
    provider: ProviderName | None = None
    """Who answers."""


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the app looks and behaves."""

    theme: str = ""
    """A theme's name; empty takes the app's own."""
    show_list: bool = True
    """Whether the list of conversations is open where there is room."""
    notify: Literal["bell", "osc9", "off"] = "bell"
    """How the end of a reply is told while the terminal is not focused."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen."""

    provider: ProviderName | None = None
    """Who answers: `gptalk`, `openai` or `local`; unset makes the app ask at its first start."""
    url: str = GPTALK_URL
    """Address of the GPTalk service."""
    model: str = ""
    """Model for new conversations; empty takes the provider's default."""
    proxy: str = field(default="", repr=False)
    """Proxy for the service, such as `http://proxy:3128`; empty takes the usual proxy variables."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    chat: ChatSettings = field(default_factory=ChatSettings)
    openai: OpenAISettings = field(default_factory=OpenAISettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    personas: Mapping[str, Persona] = field(default_factory=dict)
    """By name, one table `[personas.NAME]` each."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by action id, such as `"turn.stop" = "escape,ctrl+x"`."""
    ui: UiSettings = field(default_factory=UiSettings)


def check_url(url: str, name: str) -> str:
    """Return a service's address without a final slash.

    Args:
        url: `http://` or `https://`, a host, an optional port and path.
        name: What to call it in an error, such as `--url`.

    Raises:
        ConfigError: It is no such address, or holds a user name, a query or a fragment.
    """
    if any(each.isspace() or not each.isprintable() for each in url):
        raise ConfigError(f"{name}: an address holds no spaces or control characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as err:
        raise ConfigError(f"{name}: {url!r} is no address: {err}.") from err
    if "@" in parts.netloc:
        raise ConfigError(f"{name}: an address holds no user name or password.")
    if parts.scheme not in ("http", "https"):
        raise ConfigError(f"{name}: {url!r} does not begin with http:// or https://.")
    if not host:
        raise ConfigError(f"{name}: {url!r} names no host.")
    if parts.query or parts.fragment:
        raise ConfigError(f"{name}: an address ends with its path, without ? or #.")
    return url.rstrip("/")


def check_proxy(proxy: str, name: str) -> str:
    """Return a proxy's address as it is.

    Raises:
        ConfigError: It is no proxy's address. Its user name and password are not repeated.
    """
    try:
        parts = urlsplit(proxy)
        host, _ = parts.hostname, parts.port
    except ValueError as err:
        raise ConfigError(f"{name}: that is no address.") from err
    # SOCKS is refused where a proxy is needed, which it is not on loopback.
    if parts.scheme not in ("http", "https", "socks5", "socks5h") or not host:
        raise ConfigError(f"{name}: write a proxy as http://host:port or https://host:port.")
    if any(each.isspace() or not each.isprintable() for each in proxy):
        raise ConfigError(f"{name}: an address holds no spaces or control characters.")
    return proxy
