"""What can be done to a message of the open conversation: edit, ask again, switch versions, fork, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import Conversation, Message, QueuedPrompt, Role
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.drafts import Drafts
    from gptalk_tui.chat.editing import Editing
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.opener import Opener
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.chat.turn_runner import TurnRunner
    from gptalk_tui.chat.undo import Undo
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript


class MessageActions:
    """Acts on the chosen message. Nothing is overwritten: what is edited or asked again is a branch."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        composer: Composer,
        view: TranscriptView,
        opener: Opener,
        runner: TurnRunner,
        editing: Editing,
        drafts: Drafts,
        undo: Undo,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._transcript = transcript
        self._composer = composer
        self._view = view
        self._opener = opener
        self._runner = runner
        self._editing = editing
        self._drafts = drafts
        self._undo = undo

    # Edit and ask again

    async def edit(self) -> None:
        """Put the chosen message, or the prompt that it answers, into the composer to be sent as a sibling."""
        prompt_id = self._prompt_id()
        if prompt_id is not None and not self._is_refused():
            await self._editing.begin(prompt_id)

    @property
    def is_on_reply(self) -> bool:
        """Whether the chosen message is a reply."""
        entry = self._transcript.chosen_entry
        return entry is not None and entry.role is Role.ASSISTANT

    async def edit_reply(self) -> None:
        """Put the chosen reply into the composer, to be kept as another version of it."""
        entry = self._transcript.chosen_entry
        if entry is not None and entry.role is not Role.ASSISTANT:
            self._host.say(f"This is no reply. {self._host.keys.how('message.edit')} edits a prompt.")
        elif entry is not None and not self._is_refused():
            await self._editing.begin(entry.id)

    def keep_reply(self, reply: Message, text: str) -> None:
        """Keep what a reply was edited to as another version of it."""
        if text == reply.content:
            self._editing.take()
            self._host.say("Nothing was changed.")
        elif not self._is_refused():
            self._editing.take()
            self._host.start(self._keep_reply(reply, text), "branch")

    async def _keep_reply(self, reply: Message, text: str) -> None:
        try:
            await self._services.store.call(lambda store: store.edit_reply(reply.id, text))
            await self._view.show_branch(reply.conversation_id, None)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            self._editing.resume(reply, text)
            return
        self._session.list_changed()
        self._host.say(
            f"Kept as another version. {self._host.keys.how('branch.previous')} shows the older one."
        )

    def regenerate(self) -> None:
        """Ask again for the chosen reply, or for a reply to the chosen prompt, beside those that are there."""
        prompt_id = self._prompt_id()
        if prompt_id is not None and not self._is_refused():
            self._runner.regenerate(prompt_id)

    # Reasoning

    @property
    def has_reasoning(self) -> bool:
        """Whether the chosen message has reasoning."""
        entry, turn = self._transcript.chosen_entry, self._session.turn
        if entry is None:
            return False
        is_live = turn is not None and turn.reply is not None and turn.reply.id == entry.id
        return entry.reasoning_chars > 0 or (turn is not None and is_live and turn.reasoning_chars > 0)

    def toggle_reasoning(self) -> None:
        """Open or fold what the model thought before it wrote the chosen reply."""
        if self._transcript.chosen is not None and self.has_reasoning:
            self._transcript.toggle_reasoning(self._transcript.chosen)
        else:
            self._host.say("This message has no reasoning.")

    def toggle_chips(self) -> None:
        """Show the files and the pasted text of the chosen prompt, or fold each to one line."""
        if self._transcript.chosen is not None and self._transcript.has_chips:
            self._transcript.toggle_chips(self._transcript.chosen)
        else:
            self._host.say("This message has no file and no pasted text.")

    # Versions

    def has_sibling(self, by: int) -> bool:
        """Whether the chosen message has an older (-1) or a newer (1) version."""
        entry = self._transcript.chosen_entry
        return entry is not None and 1 <= entry.sibling + by <= entry.siblings

    async def switch_version(self, by: int) -> None:
        """Show the branch of the chosen message's older (-1) or newer (1) sibling."""
        session = self._session
        entry, conversation_id, turn = self._transcript.chosen_entry, session.conversation_id, session.turn
        if entry is None or conversation_id is None:
            return
        if turn is not None and turn.reply is None:
            self._host.say("The prompt is still being saved.")
            return

        def read(store: Store) -> tuple[str, int] | tuple[Conversation, str]:
            siblings = store.siblings(entry.id)
            at = siblings.index(entry.id) + by
            if not 0 <= at < len(siblings):
                return "", len(siblings)
            return store.set_active(conversation_id, store.newest_leaf(siblings[at])), siblings[at]

        try:
            found, target = await self._services.store.call(read)
            if isinstance(found, Conversation):
                await self._view.show_branch(conversation_id, str(target))
                self._session.list_changed()
                return
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        if target == 1:
            keys = self._host.keys
            edit, again = keys.how("message.edit"), keys.how("message.regenerate")
            self._host.say(f"This message has no other version. {edit} or {again} makes one.")
        else:
            self._host.say(f"This is the {'oldest' if by < 0 else 'newest'} of {target} versions.")

    # Fork and delete

    @property
    def may_fork(self) -> bool:
        """Whether the chosen message is whole; the reply that streams is not."""
        entry, turn = self._transcript.chosen_entry, self._session.turn
        if entry is None or turn is None:
            return True
        return turn.reply is not None and turn.reply.id != entry.id

    async def fork(self) -> None:
        """Copy the conversation up to the chosen message into a new one, and open that."""
        entry = self._transcript.chosen_entry
        if entry is None:
            return
        if not self.may_fork:
            self._say_still_replying()
            return
        message_id, opened = entry.id, self._session.opened
        try:
            forked = await self._services.store.call(lambda store: store.fork(message_id))
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        self._session.list_changed()
        if opened == self._session.opened:
            await self._opener.open(forked.id)
            self._composer.focus()
        self._host.say(f"Forked into “{title_of(forked)}”. The original is unchanged.")

    async def delete(self) -> None:
        """Delete the chosen message and what follows it, so that it can be undone."""
        entry, conversation_id = self._transcript.chosen_entry, self._session.conversation_id
        if entry is None or conversation_id is None or self._is_refused():
            return
        services, message_id, index = self._services, entry.id, self._transcript.chosen or 0
        below = len(self._transcript.document.entries) - index - 1

        async def restore() -> None:
            await services.store.call(lambda store: store.restore_message(token))
            await self._view.show_branch(conversation_id, message_id)
            self._session.list_changed()

        try:
            token = await services.store.call(lambda store: store.delete_message(message_id))
            await self._view.show_branch(conversation_id, None, index=index)
            self._session.list_changed()
            await self._release_deleted()
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        done = "Deleted the message and what follows it." if below else "Deleted the message."
        self._undo.offer(done, "Message restored.", restore)

    # Parts

    def _prompt_id(self) -> str | None:
        """Return the chosen prompt, or the one that the chosen reply answers; say why if there is none."""
        entry = self._transcript.chosen_entry
        if entry is None:
            return None
        if entry.role is Role.USER:
            return entry.id
        if entry.role is Role.ASSISTANT and entry.parent_id is not None:
            return entry.parent_id
        self._host.say("This message answers no prompt.")
        return None

    def _is_refused(self) -> bool:
        is_refused = self._session.is_replying
        if is_refused:
            self._say_still_replying()
        return is_refused

    def _say_still_replying(self) -> None:
        stop = self._host.keys.how("turn.stop")
        self._host.say(f"Still replying. {stop} stops it.", is_true=lambda: self._session.is_replying)

    async def _release_deleted(self) -> None:
        """Make the composer's text a prompt of its own where the message that it would replace is deleted."""
        session = self._session
        beside = session.edit.message if session.edit is not None else session.returned
        if beside is None or isinstance(beside, QueuedPrompt):
            return
        try:
            await self._services.store.call(lambda store: store.message(beside.id))
        except UsageError:
            if session.edit is not None and session.edit.message is beside:
                text = self._drafts.text
                session.edit = None
                self._composer.set_text(text)
            elif session.returned is beside:
                session.returned = None
            self._host.refresh_bars()
