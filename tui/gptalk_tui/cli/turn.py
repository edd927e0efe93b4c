"""One turn from the command line: whom to ask, what to print, and which exit code to return."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from gptalk_client.chat import Chat
from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import (
    Conversation,
    Message,
    Phase,
    PhaseChanged,
    ReasoningAdded,
    ReplyEvent,
    Role,
    SaveFailed,
    SaveRecovered,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
)
from gptalk_client.providers.base import Provider
from gptalk_client.reply_record import ReplyRecord
from gptalk_client.settings import Settings
from gptalk_client.store.rows import new_id
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from gptalk_client.text import visible
from gptalk_client.turn_options import Overrides, TurnOptions
from gptalk_tui.cli import terminal
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.conversations import opened
from gptalk_tui.cli.exit_codes import FAILED, exit_code_of
from gptalk_tui.cli.hints import way
from gptalk_tui.cli.markdown_writer import MarkdownWriter
from gptalk_tui.cli.output import ReplyWriter, note, write, write_aside
from gptalk_tui.cli.signals import run_until_signal
from gptalk_tui.factory import build_provider

_REWRITTEN = "the service rewrote its reply; here it is in full:"
_WAS_REASONING = "what was printed so far is the model's reasoning; the reply follows:"


@dataclass(frozen=True, slots=True)
class Question:
    """The prompt, and the conversation that it belongs to."""

    text: str
    chat: str | None = None
    go_on: bool = False
    system_prompt: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    is_saved: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """How the reply is printed."""

    as_json: bool = False
    streams: bool = True
    extracts: bool = False
    shows_reasoning: bool = False
    raw: bool = False


def run_turn(context: Globals, question: Question, shape: Shape) -> int:
    """Ask, print, and return the exit code.

    Raises:
        GptalkError: Nothing was asked, because of a setting, the conversation or the store.
        Signalled: A signal ended it. The text so far is printed and saved.
    """
    settings = context.settings()
    overrides = _overrides(context, settings, question)
    if not question.is_saved and not (question.chat or question.go_on):
        options = TurnOptions.resolve(settings, None, overrides)
        provider = _provider(context, settings, options)
        return run_until_signal(_ask_unsaved(provider, options, [], question.text, shape))
    with opened(context) as store:
        conversation = _conversation(store, question)
        options = TurnOptions.resolve(settings, conversation, overrides)
        provider = _provider(context, settings, options)
        if not question.is_saved:
            branch = _branch(store, conversation, options)
            return run_until_signal(_ask_unsaved(provider, options, branch, question.text, shape))
        new = None
        if conversation is None:
            new = conversation = Conversation(
                new_id(), "", 0, 0, system_prompt=overrides.system_prompt, model=overrides.model,
                provider=options.provider,
            )  # fmt: skip
        return run_until_signal(_ask(store, provider, options, conversation, new, question.text, shape))


def _overrides(context: Globals, settings: Settings, question: Question) -> Overrides:
    """Return what the options of this one run ask for. An address asks for the provider that it belongs to."""
    return Overrides(
        provider=settings.provider or "gptalk" if context.provider or context.url else None,
        model=context.model or "",
        system_prompt=question.system_prompt,
        parameters=question.parameters,
    )


def _provider(context: Globals, settings: Settings, options: TurnOptions) -> Provider:
    return build_provider(replace(settings, provider=options.provider), context.paths(), note)


def _conversation(store: Store, question: Question) -> Conversation | None:
    """Return the conversation to continue; None for a new one."""
    if question.chat:
        return store.find_conversation(question.chat)
    if not question.go_on:
        return None
    latest = store.latest_conversation()
    if latest is None:
        raise UsageError("There is no conversation to continue.", hint="Leave out --continue.")
    return latest


def _branch(store: Store, conversation: Conversation | None, options: TurnOptions) -> list[Message]:
    if conversation is None or conversation.active_message_id is None:
        return []
    return store.context(conversation.active_message_id, limit=options.context_limit)


async def _ask(
    store: Store,
    provider: Provider,
    options: TurnOptions,
    conversation: Conversation,
    new: Conversation | None,
    text: str,
    shape: Shape,
) -> int:
    thread = StoreThread(store)
    chat = Chat(thread)
    try:
        events = chat.reply(conversation.id, text, provider=provider, options=options, new=new)
        code = await _print(events, shape)
        if chat.unsaved_replies:
            note("the reply could not be saved; run `gptalk-tui doctor` to check the data folder.")
            return code or FAILED
        return code
    finally:
        await chat.aclose()
        await provider.aclose()
        await thread.aclose()


async def _ask_unsaved(
    provider: Provider, options: TurnOptions, branch: list[Message], text: str, shape: Shape
) -> int:
    prompt = Message("", "", None, Role.USER, text, Status.COMPLETE, 0)
    events = provider.stream(options.request([*branch, prompt]))
    try:
        return await _print(_unsaved_turn(events, provider, options.model), shape)
    finally:
        await provider.aclose()


async def _unsaved_turn(
    events: AsyncGenerator[ReplyEvent, None], provider: Provider, model: str
) -> AsyncGenerator[TurnEvent, None]:
    """Yield a provider's events, and the end of a turn that is not saved."""
    record, cause = ReplyRecord(), None
    try:
        async with aclosing(events):
            async for event in events:
                record.take(event)
                yield event
        status, error = record.ending()
    except GptalkError as err:
        (status, error), cause = record.failure(err, is_kept=False), err
    facts = record.facts()
    reply = Message(
        "", "", None, Role.ASSISTANT, "", status, 0, provider.model_for(model), error, provider=provider.name,
        finish_reason=facts.finish_reason, usage=facts.usage,
    )  # fmt: skip
    yield TurnEnded(reply, cause)


async def _print(events: AsyncGenerator[TurnEvent, None], shape: Shape) -> int:
    """Print a turn as it streams and return the exit code."""
    printer = _printer(shape)
    aside = ReplyWriter(to=write_aside)
    is_live = shape.streams and not shape.as_json and not shape.extracts
    pieces: list[str] = []
    thoughts: list[str] = []
    ended: TurnEnded | None = None
    try:
        async with aclosing(events):
            async for event in events:
                if not isinstance(event, TextAdded):
                    printer.hide()
                match event:
                    case ReasoningAdded(text):
                        thoughts.append(text)
                        if shape.shows_reasoning:
                            aside.add(text)
                    case TextAdded(text):
                        aside.end()
                        pieces.append(text)
                        if is_live:
                            printer.add(text)
                    case TextReplaced(text):
                        pieces = [text]
                        if is_live:
                            printer.end()
                            note(_REWRITTEN if text else _WAS_REASONING)
                            printer.add(text)
                    case PhaseChanged(Phase.RETRYING, wait_s, reason):
                        note(f"{reason or 'trying again'} (in {wait_s or 0:.0f} s)")
                    case SaveFailed(reason):
                        note(f"not saved yet: {reason}")
                    case SaveRecovered():
                        note("saved.")
                    case TurnEnded():
                        ended = event
    finally:
        aside.end()
        if is_live and pieces:
            printer.end()
    assert ended is not None, "every turn yields TurnEnded"
    text = "".join(pieces)
    if shape.as_json:
        write(json.dumps(_as_json(ended.reply, text, "".join(thoughts))) + "\n")
    elif not is_live and text:
        _print_whole(text, shape, printer)
    return _outcome(ended, text, shape)


def _printer(shape: Shape) -> ReplyWriter | MarkdownWriter:
    """Return what writes the reply: rendered on a terminal, as it came elsewhere."""
    if shape.raw or shape.as_json or shape.extracts or not terminal.is_rich():
        return ReplyWriter(raw=shape.raw)
    return MarkdownWriter()


def _print_whole(text: str, shape: Shape, printer: ReplyWriter | MarkdownWriter) -> None:
    if not shape.extracts:
        printer.add(text)
        printer.end()
    elif (block := first_code_block(text)) is not None:
        write(block if shape.raw else visible(block))


def _outcome(ended: TurnEnded, text: str, shape: Shape) -> int:
    reply = ended.reply
    if reply.status is not Status.COMPLETE:
        how = way(ended.cause.remedy) if ended.cause is not None else ""
        note(f"{reply.error or f'the reply is {reply.status.value}.'} {how}".strip())
        return exit_code_of(ended.cause) if isinstance(ended.cause, GptalkError) else FAILED
    if not text:
        note("the service sent an empty reply.")
    if reply.finish_reason == "refusal":
        note("the model refused to answer.")
    if shape.extracts and first_code_block(text) is None:
        note("the reply has no code block." + (" It is saved; see `gptalk-tui show`." if reply.id else ""))
        return FAILED
    return 0


def first_code_block(markdown: str) -> str | None:
    """Return the content of the first code block in a Markdown text; None if there is none."""
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type in ("fence", "code_block"):
            return token.content
    return None


def _as_json(reply: Message, text: str, reasoning: str) -> dict[str, Any]:
    return {
        "conversation_id": reply.conversation_id or None,
        "message_id": reply.id or None,
        "content": text,
        "reasoning": reasoning or None,
        "status": reply.status.value,
        "finish_reason": reply.finish_reason or None,
        "error": reply.error or None,
        "model": reply.model or None,
        "provider": reply.provider or None,
        "usage": asdict(reply.usage) if reply.usage else None,
    }
