"""Going on where a reply or a long conversation ended: continue, try again, compact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import Message, Status
from gptalk_tui.widgets.transcript.reply_words import is_cut, may_continue

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.prompt_queue import PromptQueue
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.chat.turn_runner import TurnRunner
    from gptalk_tui.chat.turns import LiveTurn
    from gptalk_tui.widgets.transcript.widget import Transcript

COMPACT = (
    "Summarize our conversation so far, so that it can continue from the summary alone. Keep facts, names,"
    " numbers, decisions, code that is still needed, and open questions. Reply with the summary only."
)
SUMMARY = "Summary of the conversation so far:\n\n"


class Continuation:
    """Goes on with a conversation.

    To compact it, the engine is asked for a summary in a turn like any other, at the end of the branch. The
    summary then becomes a system message at the root of a new branch, which is sent whatever the context's limit
    is. The whole conversation stays as the older version of that message.
    """

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        view: TranscriptView,
        transcript: Transcript,
        runner: TurnRunner,
        queue: PromptQueue,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._view = view
        self._transcript = transcript
        self._runner = runner
        self._queue = queue
        self._compacting: list[LiveTurn] = []
        """The turns that write summaries."""
        session.turns.when_changed.append(self._turns_changed)

    @property
    def may_continue(self) -> bool:
        """Whether the last reply broke off, was cut or was stopped, and has text to go on from."""
        last = self._transcript.last_entry
        return last is not None and may_continue(last) and not self._session.is_replying

    def go_on(self) -> None:
        """Continue a reply that was cut; ask again for one that failed, broke off or was stopped."""
        last = self._transcript.last_entry
        if last is not None and is_cut(last) and not self._session.is_replying:
            self.continue_reply()
        else:
            self._runner.try_again()

    def continue_reply(self) -> None:
        """Ask for the rest of the last reply, to append to it."""
        last = self._transcript.last_entry
        if self.may_continue and last is not None:
            self._runner.continue_reply(last.id)
        else:
            self._host.say("Only a reply that was cut or stopped, and is the last one, can be continued.")

    # Compacting

    @property
    def may_compact(self) -> bool:
        """Whether there is a conversation to summarize."""
        return (
            self._session.conversation is not None
            and not self._session.is_replying
            and self._transcript.last_entry is not None
        )

    def compact(self) -> None:
        """Ask for a summary of the conversation and go on from it in a new branch."""
        turn = self._runner.send(COMPACT, is_whole=True)
        turn.is_summary = True
        self._compacting.append(turn)
        self._host.say("Summarizing the conversation; nothing is deleted.")

    def _turns_changed(self) -> None:
        for turn in [each for each in self._compacting if each not in self._session.turns]:
            self._compacting.remove(turn)
            if turn.reply is not None and turn.reply.status is Status.COMPLETE and turn.reply.content:
                self._host.start(self._begin_branch(turn.reply), "compact")
            elif not self._session.is_leaving:
                self._host.say("Not compacted: the summary is not complete.", is_error=True)

    async def _begin_branch(self, summary: Message) -> None:
        conversation_id, content = summary.conversation_id, SUMMARY + summary.content
        try:
            await self._services.store.call(lambda store: store.begin_branch(conversation_id, content))
            conversation = await self._services.store.call(lambda store: store.conversation(conversation_id))
            await self._view.show_branch(conversation_id, None)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            self._queue.summary_shown(conversation_id, None)
            return
        self._queue.summary_shown(conversation_id, conversation)
        self._session.list_changed()
        key = self._host.keys.how("branch.previous")
        self._host.say(f"Compacted. {key} on the summary shows the whole conversation.")
