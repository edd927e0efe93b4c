"""What the chat screen works with, handed down by the app: the store, the chat and the providers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gptalk_client.errors import LocalModelError
from gptalk_client.models import Conversation, Message
from gptalk_client.paths import Paths
from gptalk_client.settings import PROVIDERS, ProviderName, Settings

if TYPE_CHECKING:
    from gptalk_client.chat import Chat, Turn
    from gptalk_client.providers.base import Provider
    from gptalk_client.store.worker import StoreThread
    from gptalk_client.turn_options import TurnOptions


@dataclass
class Services:
    """Made and closed by the app."""

    settings: Settings
    paths: Paths
    store: StoreThread
    chat: Chat
    provider: Provider
    """The default: answers where a conversation chooses no other."""
    build: Callable[[Settings], Provider]
    """Makes a provider. Raises ConfigError."""
    keep: Callable[[Settings, Mapping[str | tuple[str, ...], Any]], Awaitable[None]]
    """Adopts other settings and writes what changed, by key, to the config file. Raises ConfigError."""

    others: dict[str, Provider] = field(default_factory=dict)
    """By name, those that a conversation chose instead."""

    def options_for(self, conversation: Conversation | None) -> TurnOptions:
        """Return how the next prompt of a conversation is answered; None for a new one."""
        from gptalk_client.turn_options import TurnOptions  # loaded with the store, after the first paint

        return TurnOptions.resolve(self.settings, conversation)

    def model_of(self, conversation: Conversation | None) -> str:
        """Return the model that answers in a conversation; empty for the provider's default."""
        return self.options_for(conversation).model

    def provider_for(self, conversation: Conversation | None) -> Provider | None:
        """Return who answers in a conversation; None before `prepare`, or where that failed."""
        return self._known(self.options_for(conversation).provider)

    async def prepare(self, conversation: Conversation | None) -> None:
        """Make the provider that answers in a conversation.

        Raises:
            ConfigError: The settings lack something that it needs.
        """
        await self.provider_named(self.options_for(conversation).provider)

    async def provider_named(self, name: str) -> Provider:
        """Return a provider, made when it is first asked for; the default one for an unknown name.

        Raises:
            ConfigError: The settings lack something that it needs.
        """
        known = next((each for each in PROVIDERS if each == name), self.options_for(None).provider)
        return self._known(known) or self._keep(known, await asyncio.to_thread(self._make, known))

    def texts(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Read texts for the transcript, on the caller's thread."""
        unsaved = self.chat.unsaved
        return self.store.store.texts(ids) | {each: unsaved[each].content for each in ids if each in unsaved}

    def reply(
        self,
        conversation: Conversation,
        prompt: str,
        *,
        instead_of: Message | None = None,
        is_new: bool = False,
        draft: str | None = None,
        is_read: Callable[[], bool] = lambda: True,
    ) -> Turn:
        """Start a turn with the conversation's choices, or the settings' where it has none.

        Args:
            conversation: Where the prompt belongs.
            prompt: The user's text.
            instead_of: A prompt that it becomes a sibling of, on a branch of its own.
            is_new: The conversation, whose id is a new one, is stored with the prompt.
            draft: What remains as the conversation's draft; None clears a draft that is this very prompt.
            is_read: Called when the turn ends: whether the conversation is on screen. If not, it is marked as
                unread.

        Raises:
            ConfigError: The provider's settings cannot be used.
        """
        from gptalk_client.store.rows import UNSET

        options = self.options_for(conversation)
        return self.chat.reply(
            conversation.id,
            prompt,
            provider=self._provider(options),
            options=options,
            parent_id=UNSET if instead_of is None else instead_of.parent_id,
            new=conversation if is_new else None,
            draft=draft,
            is_read=is_read,
        )

    def regenerate(
        self, conversation: Conversation, prompt_id: str, *, is_read: Callable[[], bool] = lambda: True
    ) -> Turn:
        """Start a turn that answers a prompt once more; `is_read` is as in `reply`.

        Raises:
            ConfigError: The provider's settings cannot be used.
        """
        options = self.options_for(conversation)
        return self.chat.regenerate(
            prompt_id, provider=self._provider(options), options=options, is_read=is_read
        )

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

    def _provider(self, options: TurnOptions) -> Provider:
        name = options.provider
        return self._known(name) or self._keep(name, self._make(name))

    def _known(self, name: ProviderName) -> Provider | None:
        return self.provider if name == self.options_for(None).provider else self.others.get(name)

    def _make(self, name: ProviderName) -> Provider:
        return self.build(replace(self.settings, provider=name))

    def _keep(self, name: ProviderName, made: Provider) -> Provider:
        return self.others.setdefault(name, made)
