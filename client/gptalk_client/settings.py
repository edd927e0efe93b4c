"""The settings, as frozen data. `gptalk_client.config_file` reads and writes them.

Nothing here is global: the program loads the settings once and hands them down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

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
    titles: Literal["prompt", "model"] = "prompt"
    """Whether a new conversation's title is made from its first prompt alone, or then improved by its model."""
    reasoning: Literal["folded", "open", "hidden"] = "folded"
    """How to show what a model thinks before it answers."""


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """An endpoint that speaks OpenAI's chat completions, such as Ollama, llama.cpp, vLLM or OpenAI."""

    url: str = ""
    """Address up to and with `/v1`."""
    api_key: str = field(default="", repr=False)
    """The key itself; `api_key_env` keeps it out of the file."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable with the key; it takes precedence."""
    send_reasoning: bool = False
    """Whether to send the reasoning of earlier replies back, as `reasoning_content`; few services want it."""


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
    provider: ProviderName | None = None
    """Which provider replies."""


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the app looks and behaves."""

    theme: str = ""
    """A theme's name; empty uses the app's default."""
    show_list: bool = True
    """Whether to show the list of conversations if there is room."""
    notify: Literal["bell", "osc9", "off"] = "bell"
    """How to announce the end of a reply while the terminal is not focused."""
    repaint: Literal["changes", "everything"] = "changes"
    """Paint only what changed, or all of what may have, for a terminal that shows the former wrong."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings."""

    provider: ProviderName | None = None
    """Which provider replies: `gptalk`, `openai` or `local`; if unset, the app asks at its first start."""
    url: str = GPTALK_URL
    """Address of the GPTalk service."""
    model: str = ""
    """Model for new conversations; empty takes the provider's default."""
    proxy: str = field(default="", repr=False)
    """Proxy for the service, such as `http://proxy:3128`; empty uses the usual proxy variables."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    chat: ChatSettings = field(default_factory=ChatSettings)
    openai: OpenAISettings = field(default_factory=OpenAISettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    personas: Mapping[str, Persona] = field(default_factory=dict)
    """By name, one table `[personas.NAME]` each."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by action id, such as `"turn.stop" = "escape,ctrl+x"`."""
    snippets: Mapping[str, str] = field(default_factory=dict)
    """Texts by name, which `/name` puts into the prompt; `{variables}` in them are filled in."""
    ui: UiSettings = field(default_factory=UiSettings)
