"""What one turn asks for, and of whom: decided in one place from settings, conversation and overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gptalk_client.models import Conversation, Message, ReplyRequest, Role, Status
from gptalk_client.settings import MOST_MESSAGES, PROVIDERS, ChatSettings, ProviderName, Settings

CONTEXT_BYTES = 256 * 1024
"""The most text that a request carries, in bytes of UTF-8."""

CONTEXT_MESSAGES: Final = "context_messages"
"""The option that sets the context; it is ours and never sent."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What was asked for in this one turn, such as on the command line. Members left empty override nothing."""

    provider: ProviderName | None = None
    model: str = ""
    system_prompt: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Request parameters such as `temperature`; `context_messages` sets the context instead."""


_NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """How one prompt is answered. `resolve` is the only place that decides it."""

    provider: ProviderName = "gptalk"
    model: str = ""
    """Empty: the provider's default."""
    system_prompt: str = ""
    context_limit: int = ChatSettings().context_messages
    """How many of the branch's newest messages are sent, the prompt included."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Members that override the request's body, such as `temperature`."""

    @classmethod
    def resolve(
        cls,
        settings: Settings,
        conversation: Conversation | None = None,
        overrides: Overrides = _NO_OVERRIDES,
    ) -> TurnOptions:
        """Return the options of a turn: an override first, then the conversation's own, then the settings'.

        A model belongs to a provider, so one that was chosen for another provider does not count.

        Args:
            settings: The defaults.
            conversation: Where the prompt belongs; None for a conversation without choices of its own.
            overrides: What was asked for in this turn alone.
        """
        default = settings.provider or "gptalk"
        own = _known_provider(conversation) or default
        provider = overrides.provider or own
        model = overrides.model
        if not model and conversation is not None and provider == own:
            model = conversation.model
        if not model and provider == default:
            model = settings.model
        own_options = conversation.options if conversation is not None else {}
        own_prompt = conversation.system_prompt if conversation is not None else ""
        general = {} if settings.chat.temperature is None else {"temperature": settings.chat.temperature}
        parameters = {**general, **own_options, **overrides.parameters}
        parameters.pop(CONTEXT_MESSAGES, None)
        return cls(
            provider=provider,
            model=model,
            system_prompt=overrides.system_prompt or own_prompt or settings.chat.system_prompt,
            context_limit=_context_limit(overrides.parameters, own_options, settings.chat),
            parameters=parameters,
        )

    def request(self, messages: Sequence[Message], *, max_bytes: int = CONTEXT_BYTES) -> ReplyRequest:
        """Return the request: the system prompt, then the newest messages that fit, oldest first.

        Failed replies and empty messages are left out.

        Args:
            messages: The end of the branch, oldest first; the last one, the prompt, is always sent.
            max_bytes: Limit on the text, in bytes of UTF-8.
        """
        chosen: list[dict[str, str]] = []
        size_bytes = len(self.system_prompt.encode("utf-8", "replace"))
        for message in reversed(messages[-self.context_limit :]):
            if chosen and (message.status is Status.FAILED or not message.content):
                continue
            size_bytes += len(message.content.encode("utf-8", "replace"))
            if chosen and size_bytes > max_bytes:
                break
            chosen.append({"role": message.role.value, "content": message.content})
        if self.system_prompt:
            chosen.append({"role": Role.SYSTEM.value, "content": self.system_prompt})
        return ReplyRequest(chosen[::-1], self.model, self.parameters)


def is_context_size(value: object) -> bool:
    """Whether a value can set the context: a whole number of messages, 0 for all."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _known_provider(conversation: Conversation | None) -> ProviderName | None:
    """Return the conversation's own provider; None if it has none, or one that this version doesn't know."""
    own = conversation.provider if conversation is not None else ""
    return next((name for name in PROVIDERS if name == own), None)


def _context_limit(
    override: Mapping[str, Any], own_options: Mapping[str, Any], settings: ChatSettings
) -> int:
    wanted = next(
        (
            options[CONTEXT_MESSAGES]
            for options in (override, own_options)
            if is_context_size(options.get(CONTEXT_MESSAGES))
        ),
        settings.context_messages,
    )
    return min(wanted, MOST_MESSAGES) or MOST_MESSAGES
