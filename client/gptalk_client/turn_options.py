"""What one turn asks for, and of whom: decided in one place from settings, conversation and overrides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeGuard, TypeVar

from msgspec import field

from gptalk_client.models import BranchEntry, Conversation, Message, ReplyRequest, Role, Status
from gptalk_client.parameters import CONTEXT_MESSAGES, PERSONA
from gptalk_client.records import Record
from gptalk_client.settings import GPTALK, MOST_MESSAGES, ChatSettings, Persona, ProviderSettings, Settings

CONTEXT_BYTES = 256 * 1024
"""The most text that a request carries, in bytes of UTF-8."""

BYTES_PER_TOKEN = 3
"""About what a token comes to in UTF-8, rather less than in most texts so that the reply has room too."""

M = TypeVar("M", Message, BranchEntry)


class Overrides(Record, frozen=True):
    """What was asked for in this one turn, such as on the command line. Members left empty override nothing."""

    provider: str | None = None
    model: str = ""
    system_prompt: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Request parameters such as `temperature`, None to remove a default. `context_messages` sets the context."""


_NO_OVERRIDES = Overrides()
_NO_PERSONA = Persona()


class TurnOptions(Record, frozen=True):
    """How one prompt is answered. `resolve` is the only place that decides it."""

    provider: str = GPTALK
    """Its name; there may be no such provider any more."""
    model: str = ""
    """Empty: the provider's default."""
    system_prompt: str = ""
    context_limit: int = ChatSettings().context_messages
    """How many of the branch's newest messages are sent, the prompt included."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Members that override the request's body, such as `temperature`."""
    context_tokens: int | None = None
    """How many tokens the model has room for; None if that is not known."""
    sends_reasoning: bool = False
    """Whether the reasoning of earlier replies is sent too."""

    @classmethod
    def resolve(
        cls,
        settings: Settings,
        conversation: Conversation | None = None,
        overrides: Overrides = _NO_OVERRIDES,
    ) -> TurnOptions:
        """Return the options of a turn: overrides first, then the conversation's, its persona's, the settings'.

        A model belongs to a provider, so one that was chosen for another provider does not count. A conversation
        keeps its provider even when the settings don't have it any more: nobody else gets to read it unasked.

        Args:
            settings: The defaults.
            conversation: Where the prompt belongs; None for a conversation without choices of its own.
            overrides: What was asked for in this turn alone.
        """
        default = settings.provider or GPTALK
        persona = persona_of(settings, conversation) or _NO_PERSONA
        usual = persona.provider or default
        own = (conversation.provider if conversation is not None else "") or usual
        provider = overrides.provider or own
        given = settings.provider_settings(provider) if settings.knows(provider) else ProviderSettings()
        model = overrides.model
        if not model and conversation is not None and provider == own:
            model = conversation.model
        if not model and provider == usual:
            model = persona.model
        if not model and provider == default:
            model = settings.model
        model = model or given.model
        own_options = conversation.options if conversation is not None else {}
        own_prompt = conversation.system_prompt if conversation is not None else ""
        layers = (
            settings.chat.parameters,
            given.options,
            persona.parameters,
            own_options,
            overrides.parameters,
        )
        parameters = {name: value for layer in layers for name, value in layer.items()}
        for name in (CONTEXT_MESSAGES, PERSONA):
            parameters.pop(name, None)
        return cls(
            provider=provider,
            model=model,
            system_prompt=overrides.system_prompt
            or own_prompt
            or persona.system_prompt
            or settings.chat.system_prompt,
            context_limit=_context_limit(reversed(layers), settings.chat),
            parameters={name: value for name, value in parameters.items() if value is not None},
            context_tokens=given.context_tokens,
            sends_reasoning=given.send_reasoning,
        )

    def request(self, messages: Sequence[Message], *, max_bytes: int = CONTEXT_BYTES) -> ReplyRequest:
        """Return the request: the system prompt, then what `select` selects, oldest first.

        A system message at the branch's root is sent as a part of the system prompt: engines take one.

        Args:
            messages: The end of the branch, oldest first, with its root if that is a system message.
            max_bytes: Limit on the text, in bytes of UTF-8.
        """
        sent = self.select(messages, lambda message: _size_bytes(message.content), max_bytes=max_bytes)
        system = [self.system_prompt, *(each.content for each in sent[:1] if is_summary(each))]
        sent = sent[1:] if len(system) > 1 else sent
        found = [self._sent(each) for each in sent]
        if any(system):
            found.insert(0, {"role": Role.SYSTEM.value, "content": "\n\n".join(filter(None, system))})
        return ReplyRequest(found, self.model, self.parameters)

    def _sent(self, message: Message) -> dict[str, str]:
        sent = {"role": message.role.value, "content": message.content}
        if self.sends_reasoning and message.reasoning:
            sent["reasoning_content"] = message.reasoning
        return sent

    def select(
        self, messages: Sequence[M], size_bytes: Callable[[M], int], *, max_bytes: int = CONTEXT_BYTES
    ) -> list[M]:
        """Return the messages that are sent: the newest ones that fit, and a system message at the root.

        Failed replies and empty messages are left out. The app draws its line where these begin.

        Args:
            messages: The end of the branch, oldest first; the last one, the prompt, is always sent.
            size_bytes: Returns the size of a message's text in UTF-8.
            max_bytes: Limit on the text, in bytes of UTF-8.

        Returns:
            Some of the messages, oldest first.
        """
        if self.context_tokens is not None:
            max_bytes = min(max_bytes, self.context_tokens * BYTES_PER_TOKEN)
        root = [each for each in messages[:1] if is_summary(each)]
        used = _size_bytes(self.system_prompt) + sum(map(size_bytes, root))
        chosen: list[M] = []
        for message in reversed(messages[len(root) :][-self.context_limit :]):
            size = size_bytes(message)
            if chosen and (message.status is Status.FAILED or not size):
                continue
            used += size
            if chosen and used > max_bytes:
                break
            chosen.append(message)
        return root + chosen[::-1]


def persona_name(conversation: Conversation | None) -> str:
    """Return the name of a conversation's persona, which may be gone; empty if it has none."""
    name = conversation.options.get(PERSONA) if conversation is not None else None
    return name if isinstance(name, str) else ""


def persona_of(settings: Settings, conversation: Conversation | None) -> Persona | None:
    """Return the persona of a conversation; None if it has none, or one that is gone."""
    return settings.personas.get(persona_name(conversation))


def is_summary(message: Message | BranchEntry) -> bool:
    """Whether a message is a branch's root that says what came before it."""
    return message.role is Role.SYSTEM and message.parent_id is None


def _size_bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def is_context_size(value: object) -> TypeGuard[int]:
    """Whether a value can set the context: a whole number of messages, 0 for all."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _context_limit(layers: Iterable[Mapping[str, Any]], settings: ChatSettings) -> int:
    """Return how many messages are sent: as the first of the options says that has a say in it."""
    said = (options.get(CONTEXT_MESSAGES) for options in layers)
    wanted = next((size for size in said if is_context_size(size)), settings.context_messages)
    return min(wanted, MOST_MESSAGES) or MOST_MESSAGES
