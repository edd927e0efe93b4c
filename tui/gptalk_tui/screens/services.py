"""What the screens work with: the store, the turns' engine and whoever answers, handed down by the app."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gptalk_client.errors import LocalModelError
from gptalk_client.models import Conversation, Message, TurnEvent
from gptalk_client.paths import Paths
from gptalk_client.settings import Settings

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
    keep: Callable[[Settings, Mapping[str | tuple[str, ...], Any]], Awaitable[None]]
    """Takes other settings and writes what changed, by key, to the config file. Raises ConfigError."""

    def texts(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Read texts for the transcript, on the caller's thread."""
        return self.store.store.texts(ids)

    def model_of(self, conversation: Conversation | None) -> str:
        """Return the model that a conversation is answered by; empty for the provider's default."""
        return (conversation.model if conversation else "") or self.settings.model

    def reply(
        self, conversation: Conversation, prompt: str, *, instead_of: Message | None = None
    ) -> AsyncGenerator[TurnEvent, None]:
        """Start a turn with the conversation's choices, or the settings' where it has none.

        Args:
            conversation: Where the prompt belongs.
            prompt: What the person says.
            instead_of: A prompt that it stands beside, on a branch of its own.
        """
        choices = self._choices(conversation)
        if instead_of is not None:
            choices["parent_id"] = instead_of.parent_id
        return self.chat.reply(conversation.id, prompt, **choices)

    def regenerate(self, conversation: Conversation, prompt_id: str) -> AsyncGenerator[TurnEvent, None]:
        """Start a turn that answers a prompt once more."""
        return self.chat.regenerate(prompt_id, **self._choices(conversation))

    def lacks_model(self) -> bool:
        """Whether the local model would answer but has no weights yet; looks at the disk."""
        if self.provider.name != "local":
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
        return {
            "provider": self.provider,
            "model": self.model_of(conversation),
            "options": options,
            "system_prompt": conversation.system_prompt or chat.system_prompt,
            "context_messages": int(options.get("context_messages", chat.context_messages)),
        }
