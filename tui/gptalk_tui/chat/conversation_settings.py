"""Settings of the open conversation, kept in the store, and defaults, kept in the config file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation
from gptalk_client.settings import Settings
from gptalk_client.text import one_line
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.dialogs.settings import Chosen
    from gptalk_tui.dialogs.settings_fields import Values


class ConversationSettings:
    """Asks for settings and applies them."""

    def __init__(self, session: Session, services: Services, host: Host) -> None:
        self._session = session
        self._services = services
        self._host = host

    def ask(self) -> None:
        """Show the settings of the conversation."""
        from gptalk_tui.dialogs.settings import HERE, SettingsScreen

        session, services = self._session, self._services
        conversation, opened = session.chosen, session.opened

        async def answered(chosen: list[Chosen] | None) -> None:
            if not chosen:
                return
            # A new one may have been stored meanwhile, with its draft.
            meant = session.chosen if session.opened == opened else conversation
            try:
                for each in chosen:
                    if each.scope == HERE:
                        await self._keep_here(meant, each.values)
                    else:
                        await self._keep_default(each.values)
                await services.prepare(session.chosen)
            except GptalkError as err:
                self._host.say(err.for_humans(), is_error=True)
            self._host.refresh_bars()

        async def models(provider: str) -> list[str]:
            return await (await services.provider_named(provider)).models()

        dialog = SettingsScreen(
            title_of(conversation),
            values_here(conversation),
            values_by_default(services.settings),
            providers=_providers(services.settings),
            personas=services.settings.personas,
            find_models=models,
        )
        self._host.open_dialog(dialog, answered)

    async def _keep_here(self, conversation: Conversation, values: Values) -> None:
        own = {name: value for name, value in conversation.options.items() if name not in _OPTIONS}
        options: dict[str, Any] = own | {
            name: value for name in _OPTIONS if (value := getattr(values, name)) is not None
        }
        if self._session.conversation is None and conversation.id == self._session.blank.id:
            self._session.blank = replace(
                conversation,
                provider=values.provider,
                model=values.model,
                system_prompt=values.system_prompt,
                options=options,
            )
            self._host.say("Saved for this conversation.")
            return
        changed = await self._services.store.call(
            lambda store: store.set_options(
                conversation.id,
                provider=values.provider,
                model=values.model,
                system_prompt=values.system_prompt,
                options=options,
            )
        )
        self._session.take_news([changed])
        self._host.say(f"Saved for “{title_of(changed)}”; the next prompt uses it.")

    async def _keep_default(self, values: Values) -> None:
        settings = self._services.settings
        provider = values.provider or "gptalk"
        context = values.context_messages
        chat = replace(
            settings.chat,
            temperature=values.temperature,
            system_prompt=values.system_prompt,
            context_messages=20 if context is None else context,
        )
        changed = replace(settings, provider=provider, model=values.model, chat=chat)
        changes: dict[str | tuple[str, ...], Any] = {
            "provider": provider,
            "model": values.model or None,
            "chat.temperature": values.temperature,
            "chat.context_messages": context,
            "chat.system_prompt": values.system_prompt or None,
        }
        await self._services.keep(changed, changes)
        self._host.say("Saved as the default.")


_OPTIONS = ("temperature", "context_messages")


def values_here(conversation: Conversation) -> Values:
    """Return what a conversation sets for itself."""
    from gptalk_tui.dialogs.settings_fields import Values

    temperature, context = (conversation.options.get(name) for name in _OPTIONS)
    return Values(
        provider=conversation.provider,
        model=conversation.model,
        temperature=float(temperature) if isinstance(temperature, int | float) else None,
        context_messages=context if isinstance(context, int) else None,
        system_prompt=conversation.system_prompt,
    )


def values_by_default(settings: Settings) -> Values:
    """Return what holds for every conversation."""
    from gptalk_tui.dialogs.settings_fields import Values

    return Values(
        provider=settings.provider or "gptalk",
        model=settings.model,
        temperature=settings.chat.temperature,
        context_messages=settings.chat.context_messages,
        system_prompt=settings.chat.system_prompt,
    )


def _providers(settings: Settings) -> dict[str, str]:
    """Return who can answer, by name: an endpoint of one's own only where it is set up."""
    titles = {"gptalk": one_line(settings.url.partition("://")[2]), "local": "this computer"}
    for name, provider in settings.providers.items():
        titles[name] = f"{name} · {one_line(provider.url.partition('://')[2])}"
    return titles
