"""Header, welcome, status line and footer, kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from gptalk_client.settings import OPENAI
from gptalk_client.turn_options import persona_name
from gptalk_tui.actions import ACTION_OF
from gptalk_tui.chat import bar_texts
from gptalk_tui.chat.footer import FIND, Hint, footer, hints_for, way_back
from gptalk_tui.terminal import gc_tuning
from gptalk_tui.widgets.bar import Bar, fit
from gptalk_tui.widgets.column import WORDS
from gptalk_tui.widgets.listing import UNTITLED, title_of
from gptalk_tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from gptalk_client.models import Usage
    from gptalk_client.providers.base import Provider
    from gptalk_tui.chat.commands import Commands
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript

LOW_SCREEN = 14
"""Up to this height, in lines, the status is in the composer's border."""

NARROW_WELCOME = 64
"""Below this width, in cells, the welcome's keys do not fit on one line."""

_BORDER_CELLS = 4
"""What the corners take of a line of the composer's border, and a blank beside each."""

SPINNER_S = 1 / 8


class StatusBars:
    """Says what is open, what is under way and which keys there are."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        composer: Composer,
        commands: Commands,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._transcript = transcript
        self._composer = composer
        self._commands = commands
        self.is_covered: Callable[[], bool] = lambda: False
        """Whether the list lies over the status line."""
        self._ticker: Timer | None = None
        self._in_border = Content.empty()
        self.header = Bar(id="header")
        self.welcome = Static(id="welcome", markup=False)
        self.status = StatusLine(id="status", classes=WORDS)
        self.footer = Bar(id="footer")
        session.when_changed.append(self.update)
        session.turns.when_changed.append(self._turns_changed)
        session.queues.when_changed.append(self.update)

    @property
    def is_ticking(self) -> bool:
        """Whether the status line moves by itself, because a reply streams."""
        return self._ticker is not None

    def update(self) -> None:
        """Bring header, welcome, status line and footer up to date."""
        if not self.header.is_attached:
            return  # a late call, while the app closes
        session, services, width = self._session, self._services, self._host.size.width
        conversation = session.conversation
        title = title_of(conversation) if conversation else UNTITLED
        provider = services.provider_for(session.chosen)
        name = provider.name if provider is not None else ""
        service, place = self._who(provider)
        last = self._transcript.last_entry
        model = services.model_of(session.chosen)
        if provider is not None:
            model = provider.model_for(model)
        if not model and last is not None and last.provider == name:
            model = last.model
        # The first start asks who shall answer: until then nobody is named.
        is_chosen = bool(services.settings.provider or (conversation and conversation.provider) or last)
        self.header.left, self.header.right = bar_texts.header(
            title,
            (model or "default model") if is_chosen else "",
            service,
            width,
            place=bar_texts.place_of(conversation),
            persona=self._persona(),
            context=bar_texts.context_words(self._last_usage, services.window_of(session.chosen)),
        )
        self.welcome.update(
            bar_texts.welcome_text(
                name if is_chosen else "",
                place if is_chosen else "",
                model,
                self._host.keys,
                is_narrow=width < NARROW_WELCOME,
                is_low=self._is_low,
            )
        )
        self._update_footer()
        self.update_status()
        if self._is_low:  # once more when the composer has its width
            self.header.call_after_refresh(self.update_status)

    @property
    def _is_low(self) -> bool:
        return self._host.size.height <= LOW_SCREEN

    def _update_footer(self) -> None:
        if self.status.notice.plain and self.is_covered():
            self.footer.left, self.footer.spots = self.status.notice, ()
        else:
            self.footer.left, self.footer.spots = footer(self._hints(), self._host.size.width)

    def _who(self, provider: Provider | None) -> tuple[str, str]:
        """Return who answers, as the header and as the welcome say it."""
        services, chosen = self._services, self._session.chosen
        name = services.options_for(chosen).provider
        if provider is None:
            is_gone = not services.settings.knows(name)
            return (f"{name} (removed)" if is_gone else name), ""
        if name in services.settings.providers and name != OPENAI:
            return name, f"{name} ({provider.service})"
        return provider.service, provider.service

    def _persona(self) -> str:
        """Return the name of the persona that is set here, and whether there is none of this name any more."""
        name = persona_name(self._session.chosen)
        return f"{name} (removed)" if name and name not in self._services.settings.personas else name

    def _hints(self) -> Sequence[Hint]:
        """Return the keys that the footer may show, most useful first."""
        focused, commands, is_replying = self._host.focused, self._commands, self._session.is_replying
        if isinstance(focused, Input) and focused.id == "find":
            return [*FIND, *hints_for([ACTION_OF["app.help"]], self._host.keys)]
        is_finding = commands.is_available(ACTION_OF["find.next"])
        back = way_back(commands.scope, is_replying=is_replying, is_finding=is_finding)
        return [*back, *hints_for(commands.hinted(), self._host.keys)]

    def update_status(self) -> None:
        """Bring the status line up to date."""
        session, transcript, keys = self._session, self._transcript, self._host.keys
        send, end, turn = keys.how("turn.send"), keys.how("transcript.end"), session.turn
        if turn is not None and session.edit is not None:
            lefts = bar_texts.edit_status(session.edit.message, send, is_replying=True)
        elif turn is not None:
            provider = self._services.provider_for(session.chosen)
            lefts = bar_texts.turn_status(
                turn, is_on_this_computer=provider is not None and provider.is_on_this_computer
            )
        elif self._services.store.has_failed:
            lefts = bar_texts.closed_status()
        elif self._services.store.waits_for_space:
            lefts = bar_texts.full_status()
        elif session.edit is not None:
            lefts = bar_texts.edit_status(session.edit.message, send)
        elif transcript.has_focus and (chosen := transcript.chosen_entry) is not None:
            lefts = bar_texts.chosen_status(chosen)
        else:
            lefts = bar_texts.idle_status(
                transcript.last_entry,
                session.returned,
                self._composer.text,
                send=send,
                has_queue=session.queues.is_held(session.chosen.id),
            )
        rights = bar_texts.place_status(
            is_following=transcript.is_following, has_new_text=transcript.has_new_text, end=end
        )
        status = self.status
        status.shorter, status.shorter_right = lefts[1:], rights[1:]
        status.left, status.right = lefts[0], rights[0]
        is_low = self._is_low
        status.display = not is_low or bool(status.notice.plain)
        in_border = self._border_words(lefts, rights) if is_low else Content.empty()
        if not in_border.is_same(self._in_border):  # setting it paints the composer again
            self._composer.border_subtitle = self._in_border = in_border

    def _border_words(self, lefts: Sequence[Content], rights: Sequence[Content]) -> Content:
        """Return the status in the composer's border: what is under way, and whether there is new text."""
        is_new = self._transcript.has_new_text
        cells = self._composer.outer_size.width - _BORDER_CELLS
        left, right = fit(lefts, [*rights, Content.empty()] if is_new else [Content.empty()], cells)
        return Content("  ").join(part for part in (left, right) if part)

    def show_notice(self, notice: Content) -> None:
        """Show a notice in place of the status, and of the keys where the list covers that; or both again."""
        self.status.notice = notice
        if self.footer.is_attached:
            self._update_footer()
        self.update_status()

    def _turns_changed(self) -> None:
        """Keep a running turn's state up to date until all turns are over."""
        self.update()
        if self._last_usage and not self._session.is_replying and not self._session.is_leaving:
            self._host.start(self._look_up_window(), "window", exclusive=True)
        if self._session.turns and self._ticker is None:
            self._ticker = self._host.set_interval(SPINNER_S, self._tick)

    @property
    def _last_usage(self) -> Usage | None:
        """The count of the last reply that has one; the newest may still be streaming."""
        newest = self._transcript.document.entries[-4:]
        return next((each.usage for each in reversed(newest) if each.usage is not None), None)

    async def _look_up_window(self) -> None:
        """Ask the service that has just answered how much its model has room for."""
        chosen = self._session.chosen
        before = self._services.window_of(chosen)
        await self._services.look_up_window(chosen)
        if self._services.window_of(chosen) != before:
            self._host.refresh_bars()

    def pause(self) -> None:
        """Let the status line stand still, for a picture."""
        if self._ticker is not None:
            self._ticker.pause()

    def _tick(self) -> None:
        if not self._session.turns and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
            gc_tuning.collect_now()
        if not self._host.is_output_behind:
            self.update_status()
            turn = self._session.turn
            if turn is not None and turn.is_thinking and turn.reply is not None:
                self._transcript.show_reasoning_time(turn.reply.id, turn.reasoning_ms or 0)
