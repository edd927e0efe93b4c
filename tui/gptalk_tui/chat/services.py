"""What the app hands down: settings, the store, the turns' engine, and the providers that answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gptalk_client.errors import GptalkError, LocalModelError, Remedy
from gptalk_client.models import Conversation, Message
from gptalk_client.paths import Paths
from gptalk_client.settings import MOST_MESSAGES, Settings
from gptalk_client.store.worker import StoreThread
from gptalk_tui.keymap import KeyMap

if TYPE_CHECKING:
    from gptalk_client.chat import Chat, Turn
    from gptalk_client.providers.base import Provider
    from gptalk_client.turn_options import TurnOptions


Changes: TypeAlias = Mapping[str | tuple[str, ...], Any] | Callable[[Path], None]
"""What to change in the config file: value by key, None to remove it; or what does it."""

CLOSE_LIMIT_S = 5.0
"""How long the end of the app waits for the providers, in seconds."""


def ways(keys: KeyMap) -> Mapping[Remedy, str]:
    """Return what the app offers for the errors of replies, with the keys that carry it out."""
    settings, fork = keys.how("conversation.settings"), keys.how("message.fork")
    return {
        Remedy.ADDRESS: f"{settings} changes it.",
        Remedy.CONTEXT: f"{settings} sets how many messages are sent; "
        f"{fork} on a message forks the conversation there.",
        Remedy.ENGINE: f"{settings} chooses another one.",
        Remedy.KEY: f"{settings} changes it.",
        Remedy.MODEL: f"{settings} lists them.",
    }


class Services:
    """Made once by the app, closed by it. What needs the store or the default provider waits until it is there.

    Args:
        settings: What the person chose.
        paths: Where things are kept.
        store: Opens the store with its first call.
        build: Makes a provider. Raises ConfigError.
        keep: Takes other settings and writes what changed to the config file: values by key, or a function that
            changes the file. Raises ConfigError.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        store: StoreThread,
        build: Callable[[Settings], Provider],
        keep: Callable[[Settings, Changes], Awaitable[None]],
    ) -> None:
        self.settings = settings
        self.paths = paths
        self.store = store
        self.build = build
        self.keep = keep
        self._ways = ways(KeyMap(settings.keys))
        self.provider: Provider | None = None
        """Who answers where a conversation chooses nobody else; None before `start`, or where that failed."""
        self.others: dict[str, Provider] = {}
        """By name, the providers that some conversation chose instead."""
        self._retired: list[Provider] = []
        """Providers whose settings have changed since; a reply may still come from one."""
        self._chat: Chat | None = None
        self._is_started = asyncio.Event()
        self._windows: dict[tuple[str, str], int] = {}
        """By provider and chosen model, how many tokens the model has room for."""

    async def start(self) -> None:
        """Load what makes turns, and make the default provider. Only behind the first paint: it takes a while.

        Raises:
            ConfigError: The settings lack something that the provider needs.
        """

        def load() -> Provider:
            from gptalk_client.chat import Chat

            self._chat = Chat(self.store, ways=self._ways)
            return self.build(self.settings)

        try:
            self.provider = await asyncio.to_thread(load)
        finally:
            self._is_started.set()

    def options_for(self, conversation: Conversation | None) -> TurnOptions:
        """Return how the next prompt of a conversation is answered; None for a new one."""
        from gptalk_client.turn_options import TurnOptions  # not needed before the first paint

        options = TurnOptions.resolve(self.settings, conversation)
        window = self._windows.get((options.provider, options.model))
        is_known = window is None or options.context_tokens is not None
        return options if is_known else replace(options, context_tokens=window)

    def model_of(self, conversation: Conversation | None) -> str:
        """Return the model that answers in a conversation; empty for the provider's default."""
        return self.options_for(conversation).model

    def window_of(self, conversation: Conversation | None) -> int | None:
        """Return how many tokens the model of a conversation has room for; None while that is not known."""
        return self.options_for(conversation).context_tokens

    async def look_up_window(self, conversation: Conversation | None) -> None:
        """Ask the provider of a conversation how many tokens its model has room for."""
        options, provider = self.options_for(conversation), self.provider_for(conversation)
        if provider is None or options.context_tokens is not None:
            return
        window = await provider.context_window(provider.model_for(options.model))
        if window is not None:
            self._windows[options.provider, options.model] = window

    def provider_for(self, conversation: Conversation | None) -> Provider | None:
        """Return the provider that answers in a conversation; None before `prepare`, or if that failed."""
        return self._known(self.options_for(conversation).provider)

    async def prepare(self, conversation: Conversation | None) -> None:
        """Make the provider that answers in a conversation.

        Raises:
            ConfigError: The settings lack something that it needs.
        """
        await self.provider_named(self.options_for(conversation).provider)

    async def provider_named(self, name: str) -> Provider:
        """Return a provider, made when it is first asked for; the default one for an empty name.

        Raises:
            ConfigError: There is no such provider, or the settings lack something that it needs.
        """
        await self._is_started.wait()
        known = name or self.options_for(None).provider
        return self._known(known) or self._keep(known, await asyncio.to_thread(self._make, known))

    async def renew(self, name: str) -> None:
        """Make a provider anew when it is next needed: its settings or its key have changed.

        Raises:
            ConfigError: It answers by default and cannot be made.
        """
        if name == self.options_for(None).provider:
            made = await asyncio.to_thread(self._make, name)
            before, self.provider = self.provider, made
        else:
            before = self.others.pop(name, None)
        if before is not None:
            self._retired.append(before)
        self._windows = {key: size for key, size in self._windows.items() if key[0] != name}

    def in_words(self, error: GptalkError) -> str:
        """Return what happened and what to do next, with the app's own ways."""
        return error.for_humans(self._ways)

    @property
    def chat(self) -> Chat:
        """What makes turns; there once `prepare` has returned."""
        assert self._chat is not None
        return self._chat

    @property
    def unsaved(self) -> Mapping[str, Message]:
        """By id, the replies that have ended and are not on disk as they ended."""
        return self._chat.unsaved if self._chat is not None else {}

    async def aclose(self) -> bool:
        """Close the providers and wait a bounded time for what is still to be stored; the store stays open.

        Returns:
            Whether the store's thread has ended.
        """
        every = (self.provider, *self.others.values(), *self._retired)
        providers = [each for each in every if each is not None]
        with contextlib.suppress(TimeoutError, GptalkError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await asyncio.gather(*(each.aclose() for each in providers))
        if self._chat is not None:
            await self._chat.aclose()
        return await self.store.aclose(CLOSE_LIMIT_S)

    def texts(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Read texts for the transcript, on the caller's thread."""
        unsaved = self.unsaved
        return self.store.store.texts(ids) | {each: unsaved[each].content for each in ids if each in unsaved}

    def reasoning(self, message_id: str) -> str:
        """Read the reasoning of a message, on the caller's thread.

        Raises:
            GptalkError: It could not be read.
        """
        if (reply := self.unsaved.get(message_id)) is not None:
            return reply.reasoning
        return self.store.store.reasoning(message_id)

    def reply(
        self,
        conversation: Conversation,
        prompt: str,
        *,
        instead_of: Message | None = None,
        below: str | None = None,
        queued_id: str = "",
        is_new: bool = False,
        draft: str | None = None,
        is_whole: bool = False,
        is_read: Callable[[], bool] = lambda: True,
    ) -> Turn:
        """Start a turn with the conversation's choices, or the settings' where it has none.

        Args:
            conversation: Where the prompt belongs.
            prompt: The user's text.
            instead_of: A prompt that it becomes a sibling of, on a branch of its own.
            below: The message that it follows; None: the last one of the active branch.
            queued_id: The queued prompt that it is, which leaves its queue.
            is_new: The conversation, whose id is a new one, is stored with the prompt.
            draft: What remains as the conversation's draft; None clears a draft that is this very prompt.
            is_whole: Send all of the branch that fits, however many messages the conversation sends otherwise.
            is_read: Called when the turn ends: whether the conversation is on screen. If not, it is marked as
                unread.

        Raises:
            ConfigError: The provider's settings cannot be used.
        """
        from gptalk_client.store.rows import UNSET

        options, parent_id = self.options_for(conversation), below or UNSET
        if is_whole:
            options = replace(options, context_limit=MOST_MESSAGES)
        return self.chat.reply(
            conversation.id,
            prompt,
            provider=self._provider(options),
            options=options,
            parent_id=parent_id if instead_of is None else instead_of.parent_id,
            new=conversation if is_new else None,
            draft=draft,
            queued_id=queued_id,
            is_read=is_read,
        )

    @property
    def provider_names(self) -> Sequence[str]:
        """The names of the providers that can be asked."""
        return self.settings.provider_names

    def regenerate(
        self,
        conversation: Conversation,
        prompt_id: str,
        *,
        is_shown: bool = True,
        is_read: Callable[[], bool] = lambda: True,
    ) -> Turn:
        """Start a turn that answers a prompt once more.

        Args:
            conversation: Where the prompt is; its choices decide who answers.
            prompt_id: The prompt.
            is_shown: The reply becomes the end of the branch that is shown.
            is_read: As in `reply`.

        Raises:
            ConfigError: The provider's settings cannot be used.
        """
        options = self.options_for(conversation)
        return self.chat.regenerate(
            prompt_id, provider=self._provider(options), options=options, is_shown=is_shown, is_read=is_read
        )

    def continue_reply(
        self, conversation: Conversation, reply_id: str, *, is_read: Callable[[], bool] = lambda: True
    ) -> Turn:
        """Start a turn that goes on with a reply; `is_read` is as in `reply`.

        Raises:
            ConfigError: The provider's settings cannot be used.
        """
        options = self.options_for(conversation)
        return self.chat.continue_reply(
            reply_id, provider=self._provider(options), options=options, is_read=is_read
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

    def _known(self, name: str) -> Provider | None:
        is_default = self.provider is not None and name == self.options_for(None).provider
        return self.provider if is_default else self.others.get(name)

    def _make(self, name: str) -> Provider:
        return self.build(replace(self.settings, provider=name))

    def _keep(self, name: str, made: Provider) -> Provider:
        return self.others.setdefault(name, made)
