"""What the screens work with: the store, the turns' engine and whoever answers, handed down by the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gptalk_client.errors import LocalModelError
from gptalk_client.models import Conversation, Message, TurnEvent
from gptalk_client.paths import Paths
from gptalk_client.settings import PROVIDERS, ProviderName, Settings

if TYPE_CHECKING:
    from gptalk_client.chat import Chat
    from gptalk_client.providers.base import Provider
    from gptalk_client.store.worker import StoreThread


@dataclass
class Services:
    """Made once by the app, closed by it."""

    settings: Settings
    paths: Paths
    store: StoreThread
    chat: Chat
    provider: Provider
    """Who answers where a conversation chooses nobody else."""
    build: Callable[[Settings], Provider]
    """Makes a provider. Raises ConfigError."""
    keep: Callable[[Settings, Mapping[str | tuple[str, ...], Any]], Awaitable[None]]
    """Takes other settings and writes what changed, by key, to the config file. Raises ConfigError."""

    others: dict[str, Provider] = field(default_factory=dict)
    """By name, those that some conversation chose instead."""

    @property
    def default_name(self) -> ProviderName:
        """The name of who answers by default."""
        return self.settings.provider or "gptalk"

    def name_for(self, conversation: Conversation | None) -> ProviderName:
        """Return the name of who answers in a conversation."""
        own = conversation.provider if conversation is not None else ""
        return next((name for name in PROVIDERS if name == own), self.default_name)

    def provider_for(self, conversation: Conversation | None) -> Provider | None:
        """Return who answers in a conversation; None before `prepare`, or where that failed."""
        name = self.name_for(conversation)
        return self.provider if name == self.default_name else self.others.get(name)

    async def prepare(self, conversation: Conversation | None) -> None:
        """Make ready who answers in a conversation.

        Raises:
            ConfigError: The settings lack something that it needs.
        """
        await self.provider_named(self.name_for(conversation))

    async def provider_named(self, name: str) -> Provider:
        """Return a provider, made if it is asked for the first time.

        Raises:
            ConfigError: The settings lack something that it needs.
        """
        known = next((each for each in PROVIDERS if each == name), self.default_name)
        if known == self.default_name:
            return self.provider
        if known not in self.others:
            made = await asyncio.to_thread(self.build, replace(self.settings, provider=known))
            self.others.setdefault(known, made)
        return self.others[known]

    def texts(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Read texts for the transcript, on the caller's thread."""
        unsaved = self.chat.unsaved
        return self.store.store.texts(ids) | {each: unsaved[each].content for each in ids if each in unsaved}

    def model_of(self, conversation: Conversation | None) -> str:
        """Return the model that a conversation is answered by; empty for the provider's default."""
        if conversation is not None and conversation.model:
            return conversation.model
        # The settings' model is one of the default provider's.
        return self.settings.model if self.name_for(conversation) == self.default_name else ""

    def reply(
        self, conversation: Conversation, prompt: str, *, instead_of: Message | None = None
    ) -> AsyncGenerator[TurnEvent, None]:
        """Start a turn with the conversation's choices, or the settings' where it has none.

        Args:
            conversation: Where the prompt belongs.
            prompt: What the person says.
            instead_of: A prompt that it stands beside, on a branch of its own.

        Raises:
            ConfigError: Who should answer cannot be used.
        """
        choices = self._choices(conversation)
        if instead_of is not None:
            choices["parent_id"] = instead_of.parent_id
        return self.chat.reply(conversation.id, prompt, **choices)

    def regenerate(self, conversation: Conversation, prompt_id: str) -> AsyncGenerator[TurnEvent, None]:
        """Start a turn that answers a prompt once more.

        Raises:
            ConfigError: Who should answer cannot be used.
        """
        return self.chat.regenerate(prompt_id, **self._choices(conversation))

    def lacks_model(self, conversation: Conversation | None) -> bool:
        """Whether the local model would answer but has no weights yet; looks at the disk."""
        provider = self.provider_for(conversation)
        if provider is None or provider.name != "local":
            return False
        from gptalk_client.embedded.errors import WeightsMissingError
        from gptalk_client.embedded.weights import resolve

        try:
            resolve(self.paths.models, self.settings.local.model_file or None)
        except WeightsMissingError:
            return True
        except LocalModelError:
            return False
        return False

    def _choices(self, conversation: Conversation) -> dict[str, Any]:
        chat = self.settings.chat
        options = {} if chat.temperature is None else {"temperature": chat.temperature}
        options |= conversation.options
        context = options.get("context_messages", chat.context_messages)
        return {
            "provider": self.provider_for(conversation)
            or self.build(replace(self.settings, provider=self.name_for(conversation))),
            "model": self.model_of(conversation),
            "options": options,
            "system_prompt": conversation.system_prompt or chat.system_prompt,
            "context_messages": (context if isinstance(context, int) else 0) or chat.context_limit,
        }
