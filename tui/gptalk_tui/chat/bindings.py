"""What carries out each action of the table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from gptalk_tui.chat.commands import Command
from gptalk_tui.chat.sidebar import Shown

if TYPE_CHECKING:
    from gptalk_tui.chat.controllers import Controllers
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.session import Session
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript


def bound(
    made: Controllers, session: Session, host: Host, transcript: Transcript, composer: Composer
) -> Mapping[str, Command]:
    """Return what carries out each action.

    Args:
        made: The controllers. Those that the first frame does without are named in functions only, so that they
            can be made later.
        session: What is open.
        host: The screen.
        transcript: The conversation's pane.
        composer: The input box.
    """
    commands, sidebar, navigation, undo = made.commands, made.sidebar, made.navigation, made.undo

    def is_idle() -> bool:
        return not session.is_replying

    def is_stored() -> bool:
        return session.conversation is not None

    def has_messages() -> bool:
        return navigation.has_messages

    def has_target() -> bool:
        return sidebar.target is not None

    def finds() -> bool:
        return transcript.marks is not None

    return {
        "turn.send": Command(lambda: made.submission.submit_composer()),
        "prompt.new_line": Command(partial(composer.insert_text, "\n")),
        "app.interrupt": Command(lambda: made.interrupt.run()),
        "prompt.history": Command(lambda: made.history.search()),
        "prompt.editor": Command(lambda: made.editor.write()),
        "prompt.unfold": Command(lambda: made.submission.unfold(), lambda: composer.has_fold),
        "turn.stop": Command(
            lambda: made.runner.stop(),
            lambda: session.is_replying,
            # In the composer Esc ends an edit first.
            hinted=lambda: session.edit is None or not composer.has_focus,
        ),
        "message.continue": Command(
            lambda: made.continuation.continue_reply(), lambda: made.continuation.may_continue
        ),
        "conversation.compact": Command(
            lambda: made.continuation.compact(), lambda: made.continuation.may_compact
        ),
        "queue.send": Command(lambda: made.queue.go_on(), lambda: made.queue.may_go_on),
        "queue.visit": Command(lambda: made.queue.visit(), lambda: made.queue.has_any),
        "queue.edit": Command(lambda: made.queue.edit(), lambda: made.queue.has_any),
        "queue.remove": Command(lambda: made.queue.remove(), lambda: made.queue.has_any),
        "turn.retry": Command(lambda: made.runner.try_again(), lambda: is_stored() and is_idle()),
        "conversation.new": Command(lambda: made.opener.open_new()),
        "conversation.switch": Command(sidebar.visit),
        "list.toggle": Command(sidebar.toggle),
        "conversation.export": Command(lambda: made.exports.write(), is_stored),
        "export.open": Command(lambda: made.exports.open_last(), lambda: made.exports.last is not None),
        "app.palette": Command(commands.palette),
        "app.help": Command(commands.help),
        "app.quit": Command(host.quit),
        "app.repaint": Command(host.repaint),
        "find.open": Command(lambda: made.find.open(), run_with=lambda words: made.find.open(words)),
        "find.in_transcript": Command(lambda: made.find.open()),
        "find.next": Command(lambda: made.find.step(1), finds),
        "find.previous": Command(lambda: made.find.step(-1), finds),
        "find.everywhere": Command(
            lambda: made.search.open(), run_with=lambda words: made.search.open(words)
        ),
        "transcript.page_up": Command(partial(transcript.scroll_page, -1)),
        "transcript.page_down": Command(partial(transcript.scroll_page, 1)),
        "transcript.top": Command(transcript.scroll_to_top),
        "transcript.end": Command(transcript.follow_end, lambda: not transcript.is_following),
        "reading.up": Command(partial(transcript.scroll_lines, -1)),
        "reading.down": Command(partial(transcript.scroll_lines, 1)),
        "reading.half_up": Command(partial(transcript.scroll_half, -1)),
        "reading.half_down": Command(partial(transcript.scroll_half, 1)),
        "reading.page_down": Command(partial(transcript.scroll_page, 1)),
        "reading.top": Command(transcript.scroll_to_top),
        "reading.end": Command(transcript.follow_end),
        "focus.next": Command(partial(navigation.go_round, 1)),
        "focus.previous": Command(partial(navigation.go_round, -1)),
        "message.previous": Command(partial(navigation.walk, -1)),
        "message.next": Command(partial(navigation.walk, 1)),
        "message.copy": Command(navigation.copy_message, has_messages),
        "message.reasoning": Command(
            lambda: made.messages.toggle_reasoning(), has_messages, lambda: made.messages.has_reasoning
        ),
        "message.unfold": Command(
            lambda: made.messages.toggle_chips(), has_messages, lambda: transcript.has_chips
        ),
        "message.details": Command(transcript.toggle_details, has_messages),
        "code.next": Command(navigation.next_code, has_messages),
        "code.copy": Command(navigation.copy_code, has_messages),
        "reply.edit": Command(
            lambda: made.messages.edit_reply(), has_messages, lambda: is_idle() and made.messages.is_on_reply
        ),
        "link.next": Command(navigation.next_link, has_messages),
        "link.open": Command(navigation.open_chosen_link, has_messages),
        "message.edit": Command(lambda: made.messages.edit(), has_messages, is_idle),
        "message.regenerate": Command(lambda: made.messages.regenerate(), has_messages, is_idle),
        "message.compare": Command(
            lambda: made.comparison.run(),
            lambda: made.comparison.may_compare,
            run_with=lambda words: made.comparison.run_with(words),
        ),
        "branch.previous": Command(
            lambda: made.messages.switch_version(-1), has_messages, lambda: made.messages.has_sibling(-1)
        ),
        "branch.next": Command(
            lambda: made.messages.switch_version(1), has_messages, lambda: made.messages.has_sibling(1)
        ),
        "message.fork": Command(lambda: made.messages.fork(), has_messages, lambda: made.messages.may_fork),
        "message.delete": Command(lambda: made.messages.delete(), has_messages, is_idle),
        "conversation.previous": Command(partial(sidebar.go, -1)),
        "conversation.next": Command(partial(sidebar.go, 1)),
        "conversation.rename": Command(
            lambda: made.conversations.rename(),
            has_target,
            run_with=lambda words: made.conversations.rename_to(words),
        ),
        "conversation.tag": Command(
            lambda: made.tags.ask(), has_target, run_with=lambda words: made.tags.change(words)
        ),
        "conversation.pin": Command(lambda: made.conversations.pin(), has_target),
        "conversation.archive": Command(
            lambda: made.conversations.archive(), lambda: made.conversations.may_archive
        ),
        "conversation.restore": Command(
            lambda: made.conversations.restore(), lambda: made.conversations.may_restore
        ),
        "conversation.trash": Command(
            lambda: made.conversations.trash(), lambda: made.conversations.may_trash
        ),
        "conversation.purge": Command(
            lambda: made.conversations.purge(), lambda: made.conversations.may_purge
        ),
        "list.archived": Command(partial(sidebar.show, Shown.ARCHIVED)),
        "list.trash": Command(partial(sidebar.show, Shown.TRASH)),
        "conversation.settings": Command(lambda: made.settings.ask()),
        "model.choose": Command(
            lambda: made.settings.choose_model(), run_with=lambda words: made.settings.choose_model(words)
        ),
        "provider.choose": Command(lambda: made.settings.choose_provider()),
        "persona.choose": Command(lambda: made.settings.choose_persona()),
        "app.theme": Command(lambda: made.themes.choose()),
        "app.undo": Command(undo.run, lambda: undo.has_any),
    }
