"""One turn from the command line: who is asked, what is printed, and which exit code comes of it."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from gptalk_client.chat import Chat, request_messages
from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import (
    Conversation,
    Message,
    Phase,
    PhaseChanged,
    ReplyRequest,
    Role,
    SaveFailed,
    SaveRecovered,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)
from gptalk_client.paths import Paths
from gptalk_client.providers.base import Provider
from gptalk_client.settings import PROVIDERS, Settings
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from gptalk_client.text import visible
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.conversations import opened
from gptalk_tui.cli.exit_codes import FAILED, exit_code_of
from gptalk_tui.cli.output import ReplyWriter, note, write
from gptalk_tui.cli.signals import run_until_signal
from gptalk_tui.factory import build_provider


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where in the history."""

    text: str
    chat: str | None = None
    go_on: bool = False
    system_prompt: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    is_saved: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """How the reply is printed."""

    as_json: bool = False
    streams: bool = True
    extracts: bool = False
    raw: bool = False


def run_turn(given: Globals, question: Question, shape: Shape) -> int:
    """Ask, print, and return the exit code.

    Raises:
        GptalkError: Nothing was asked: a setting, the conversation or the store was not good.
        Signalled: A signal ended it. What had come is printed and kept.
    """
    settings, paths = given.settings(), given.paths()
    if not question.is_saved and not (question.chat or question.go_on):
        return run_until_signal(_without_store(settings, paths, question, shape))
    with opened(given) as store:
        conversation = _conversation(store, question)
        settings = _settings_for(given, settings, conversation)
        model = given.model or (conversation.model if conversation else "") or settings.model
        settings = replace(settings, model=model)
        if question.is_saved:
            return run_until_signal(_with_store(store, conversation, settings, paths, question, shape))
        earlier = store.branch_messages(conversation.id) if conversation else []
        return run_until_signal(_without_store(settings, paths, question, shape, conversation, earlier))


def _conversation(store: Store, question: Question) -> Conversation | None:
    """Return the conversation to go on with; None for a new one."""
    if question.chat:
        return store.find_conversation(question.chat)
    if not question.go_on:
        return None
    latest = store.latest_conversation()
    if latest is None:
        raise UsageError("There is no conversation to continue.", hint="Leave out --continue.")
    return latest


def _settings_for(given: Globals, settings: Settings, conversation: Conversation | None) -> Settings:
    """Return settings with the conversation's own provider, unless another one was asked for just now.

    What was told to a model on this computer must not go to a service because the default has changed.
    """
    asked = given.provider or given.url or os.environ.get("GPTALK_PROVIDER") or os.environ.get("GPTALK_URL")
    own = next((name for name in PROVIDERS if conversation and conversation.provider == name), None)
    return replace(settings, provider=own) if own and not asked else settings


async def _with_store(
    store: Store,
    conversation: Conversation | None,
    settings: Settings,
    paths: Paths,
    question: Question,
    shape: Shape,
) -> int:
    provider = build_provider(settings, paths, note)
    thread = StoreThread(store)
    chat = Chat(thread)
    try:
        if conversation is None:
            conversation = await thread.call(
                Store.create_conversation,
                system_prompt=question.system_prompt or settings.chat.system_prompt,
                model=settings.model,
                provider=provider.name,
            )
        events = chat.reply(
            conversation.id,
            question.text,
            provider=provider,
            model=settings.model,
            options=_options(settings, conversation, question),
            system_prompt=question.system_prompt,
            context_messages=settings.chat.context_limit,
        )
        code = await _print(events, shape, provider)
        if chat.unsaved_replies:
            note("the reply could not be saved; `gptalk-tui doctor` checks the data folder.")
            return code or FAILED
        return code
    finally:
        await chat.aclose()
        await provider.aclose()
        await thread.aclose()


async def _without_store(
    settings: Settings,
    paths: Paths,
    question: Question,
    shape: Shape,
    conversation: Conversation | None = None,
    earlier: list[Message] | None = None,
) -> int:
    provider = build_provider(settings, paths, note)
    own_system_prompt = conversation.system_prompt if conversation else settings.chat.system_prompt
    prompt = Message("", "", None, Role.USER, question.text, Status.COMPLETE, 0)
    newest = [*(earlier or []), prompt][-settings.chat.context_limit :]
    request = ReplyRequest(
        request_messages(newest, question.system_prompt or own_system_prompt),
        settings.model,
        _options(settings, conversation, question),
    )
    try:
        return await _print(_as_turn(provider, request, prompt), shape, provider)
    finally:
        await provider.aclose()


async def _as_turn(
    provider: Provider, request: ReplyRequest, prompt: Message
) -> AsyncGenerator[TurnEvent, None]:
    """Yield a provider's stream as the events of a turn that nobody keeps."""
    reply = Message("", "", None, Role.ASSISTANT, "", Status.STREAMING, 0, request.model)
    yield TurnOpened(prompt, reply)
    has_text = False
    try:
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                has_text = has_text or isinstance(event, TextAdded | TextReplaced)
                yield event
    except GptalkError as err:
        status = Status.INCOMPLETE if has_text else Status.FAILED
        yield TurnEnded(replace(reply, status=status, error=err.for_humans()), err)
    else:
        yield TurnEnded(replace(reply, status=Status.COMPLETE))


def _options(settings: Settings, conversation: Conversation | None, question: Question) -> dict[str, Any]:
    general = {} if settings.chat.temperature is None else {"temperature": settings.chat.temperature}
    return {**general, **(conversation.options if conversation else {}), **question.options}


async def _print(events: AsyncGenerator[TurnEvent, None], shape: Shape, provider: Provider) -> int:
    """Print a turn as it goes and return the exit code."""
    printer = ReplyWriter(raw=shape.raw)
    is_live = shape.streams and not shape.as_json and not shape.extracts
    pieces: list[str] = []
    ended: TurnEnded | None = None
    try:
        async with aclosing(events):
            async for event in events:
                match event:
                    case TextAdded(text):
                        pieces.append(text)
                        if is_live:
                            printer.add(text)
                    case TextReplaced(text):
                        pieces = [text]
                        if is_live:
                            note("the service rewrote its reply; this is all of it now:")
                            printer.replace(text)
                    case PhaseChanged(Phase.RETRYING, wait_s, reason):
                        note(f"{reason or 'trying again'} (in {wait_s or 0:.0f} s)")
                    case SaveFailed(reason):
                        note(f"not saved yet: {reason}")
                    case SaveRecovered():
                        note("saved.")
                    case TurnEnded():
                        ended = event
    finally:
        if is_live and pieces:
            printer.end()
    assert ended is not None, "a turn ends with its end"
    text = "".join(pieces)
    if shape.as_json:
        write(json.dumps(_as_json(ended.reply, text, provider)) + "\n")
    elif not is_live and text:
        _print_whole(text, shape, printer)
    return _outcome(ended, text, shape)


def _print_whole(text: str, shape: Shape, printer: ReplyWriter) -> None:
    if not shape.extracts:
        printer.add(text)
        printer.end()
    elif (block := first_code_block(text)) is not None:
        write(block if shape.raw else visible(block))


def _outcome(ended: TurnEnded, text: str, shape: Shape) -> int:
    reply = ended.reply
    if reply.status is not Status.COMPLETE:
        note(reply.error or f"the reply is {reply.status.value}.")
        return exit_code_of(ended.cause) if isinstance(ended.cause, GptalkError) else FAILED
    if not text:
        note("the service sent an empty reply.")
    if shape.extracts and first_code_block(text) is None:
        note(
            "there is no code block in the reply."
            + (" It is kept; see `gptalk-tui show`." if reply.id else "")
        )
        return FAILED
    return 0


def first_code_block(markdown: str) -> str | None:
    """Return what the first code block of a Markdown text holds; None if there is none."""
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type in ("fence", "code_block"):
            return token.content
    return None


def _as_json(reply: Message, text: str, provider: Provider) -> dict[str, Any]:
    return {
        "conversation_id": reply.conversation_id or None,
        "message_id": reply.id or None,
        "content": text,
        "status": reply.status.value,
        "error": reply.error or None,
        "model": reply.model,
        "provider": provider.name,
    }
