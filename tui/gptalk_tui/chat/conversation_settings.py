"""Settings of the open conversation, kept in the store, and defaults, kept in the config file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation
from gptalk_client.parameters import CONTEXT_MESSAGES, PERSONA
from gptalk_client.settings import GPTALK, ChatSettings, Settings
from gptalk_client.turn_options import persona_name
from gptalk_tui.widgets.listing import title_of
from gptalk_tui.widgets.transcript.document import Reasoning

if TYPE_CHECKING:
    from gptalk_tui.chat.engine_book import Engines
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.dialogs.settings import Chosen
    from gptalk_tui.dialogs.settings_fields import Values
    from gptalk_tui.widgets.transcript.widget import Transcript


class ConversationSettings:
    """Asks for settings and applies them."""

    def __init__(
        self, session: Session, services: Services, host: Host, *, engines: Engines, transcript: Transcript
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._engines = engines
        self._transcript = transcript

    def ask(self) -> None:
        """Show the settings of the conversation."""
        from gptalk_tui.dialogs.settings import SettingsScreen

        session, services = self._session, self._services
        conversation, opened = session.chosen, session.opened

        async def answered(chosen: list[Chosen] | None) -> None:
            # A new one may have been stored meanwhile, with its draft.
            meant = session.chosen if session.opened == opened else conversation
            await self._keep(meant, chosen or [])

        dialog = SettingsScreen(
            title_of(conversation),
            values_here(conversation),
            values_by_default(services.settings),
            self._engines,
        )
        self._host.open_dialog(dialog, answered)

    def choose_model(self, typed: str = "") -> None:
        """Show the models of the provider that answers here.

        Args:
            typed: What to look for at first.
        """
        from gptalk_tui.dialogs.model_picker import ModelPicker

        chosen = self._session.chosen
        options = self._services.options_for(chosen)

        async def picked(model: str | None) -> None:
            if model is not None:
                await self._change(chosen, model=model)

        picker = ModelPicker(options.provider, self._engines, current=options.model, typed=typed)
        self._host.open_dialog(picker, picked)

    def choose_provider(self) -> None:
        """Show the providers; the one that is chosen answers here."""
        from gptalk_tui.dialogs.providers import ProvidersScreen

        chosen = self._session.chosen
        current = self._services.options_for(chosen).provider

        async def picked(name: str | None) -> None:
            if name is not None and name != current:
                await self._change(chosen, provider=name, model="")
            else:
                self._host.refresh_bars()  # it may have been changed

        self._host.open_dialog(ProvidersScreen(self._engines, current=current), picked)

    def choose_persona(self) -> None:
        """Show the personas; the one that is chosen answers here."""
        from gptalk_tui.dialogs.personas import PersonasScreen
        from gptalk_tui.dialogs.settings_fields import Fields

        chosen = self._session.chosen
        current = persona_name(chosen)

        async def picked(name: str | None) -> None:
            if name is not None and name != current:
                await self._change(chosen, persona=name)
            else:
                self._host.refresh_bars()

        screen = PersonasScreen(self._engines, current=current, fields=Fields.of(values_here(chosen)))
        self._host.open_dialog(screen, picked)

    async def _change(self, conversation: Conversation, **changes: str) -> None:
        from gptalk_tui.dialogs.settings import HERE, Chosen

        if self._session.chosen.id == conversation.id:
            conversation = self._session.chosen
        values = replace(values_here(conversation), **changes)  # type: ignore[arg-type]
        await self._keep(conversation, [Chosen(HERE, values)])

    async def _keep(self, conversation: Conversation, chosen: list[Chosen]) -> None:
        from gptalk_tui.dialogs.settings import HERE

        try:
            for each in chosen:
                if each.scope == HERE:
                    await self._keep_here(conversation, each.values)
                else:
                    await self._keep_default(each.values)
            if chosen:
                await self._services.prepare(self._session.chosen)
        except GptalkError as err:
            self._host.say(self._services.in_words(err), is_error=True)
        self._host.refresh_bars()

    async def _keep_here(self, conversation: Conversation, values: Values) -> None:
        options: dict[str, Any] = dict(values.parameters)
        if values.context_messages is not None:
            options[CONTEXT_MESSAGES] = values.context_messages
        if values.persona:
            options[PERSONA] = values.persona
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
        provider = values.provider or GPTALK
        context = values.context_messages
        options = {name: value for name, value in values.parameters.items() if value is not None}
        temperature = options.pop("temperature", None)
        chat = ChatSettings(
            temperature=temperature,
            system_prompt=values.system_prompt,
            context_messages=ChatSettings().context_messages if context is None else context,
            options=options,
            reasoning=_reasoning(values.reasoning),
        )
        changed = replace(settings, provider=provider, model=values.model, chat=chat)
        changes: dict[str | tuple[str, ...], Any] = {
            "provider": provider,
            "model": values.model or None,
            "chat.temperature": temperature,
            "chat.context_messages": context,
            "chat.system_prompt": values.system_prompt or None,
            "chat.options": options or None,
        }
        if chat.reasoning != settings.chat.reasoning:
            changes["chat.reasoning"] = chat.reasoning
        await self._services.keep(changed, changes)
        self._transcript.show_reasoning(chat.reasoning)
        self._host.say("Saved as the default.")


def values_here(conversation: Conversation) -> Values:
    """Return what a conversation sets for itself."""
    from gptalk_tui.dialogs.settings_fields import Values

    options = dict(conversation.options)
    context = options.pop(CONTEXT_MESSAGES, None)
    options.pop(PERSONA, None)
    return Values(
        provider=conversation.provider,
        model=conversation.model,
        persona=persona_name(conversation),
        parameters=options,
        context_messages=context if isinstance(context, int) else None,
        system_prompt=conversation.system_prompt,
    )


def values_by_default(settings: Settings) -> Values:
    """Return what applies to every conversation."""
    from gptalk_tui.dialogs.settings_fields import Values

    return Values(
        provider=settings.provider or GPTALK,
        model=settings.model,
        parameters=settings.chat.parameters,
        context_messages=settings.chat.context_messages,
        system_prompt=settings.chat.system_prompt,
        reasoning=settings.chat.reasoning,
    )


def _reasoning(name: str) -> Reasoning:
    return next((each for each in get_args(Reasoning) if each == name), "folded")
