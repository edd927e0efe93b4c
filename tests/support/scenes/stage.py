"""The app on a stage, and what the scenes do with it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch

from gptalk_client.models import Role
from gptalk_client.settings import Settings
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_tui.chat.turns import LiveTurn
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, running_app
from support.pictures import picture
from support.scripted_provider import ScriptedProvider, Step

WIDE = (120, 36)
SIZES = (WIDE, (80, 24), (58, 24), (40, 12), (200, 50))
"""Columns and lines that every screen is looked at in."""
SIZE = ContextVar("size", default=WIDE)
"""Of the screen that a scene is set on."""
Scene: TypeAlias = Callable[[], Awaitable[str]]
"""Drives the app to what is to be seen, and returns its picture."""


@asynccontextmanager
async def scene(
    *turns: list[Step],
    size: tuple[int, int] | None = None,
    settings: Settings | None = None,
    window: int | None = None,
) -> AsyncIterator[Running]:
    """Run the app for a picture."""
    with tempfile.TemporaryDirectory() as folder, fixed_figures():
        provider = ScriptedProvider(*turns)
        provider.service = "gptalk.net"
        provider.window = window
        chosen = settings or Settings(provider="gptalk", model="gpt-3.5-turbo")
        async with running_app(provider, Path(folder), size=size or SIZE.get(), settings=chosen) as app:
            yield app


@contextmanager
def fixed_figures() -> Iterator[None]:
    """Make times and durations the same in every run."""
    words = "gptalk_tui.widgets.transcript.reply_words"
    with (
        patch(f"{words}.time_words", lambda _: "2026-01-31 09:05"),
        patch(f"{words}.duration_s", lambda _: 4.2),
        patch(
            f"{words[: -len('.reply_words')]}.rendering.thought_words",
            lambda _, *, is_growing: "Thinking for 12 s" if is_growing else "Thought for 12 s",
        ),
    ):
        yield


def newest(app: Running) -> str:
    """Return the newest message, with its reasoning, whether it is in view or not."""
    document = app.chat.transcript.document
    if not document.entries:
        return ""
    rows = document.rows(len(document.entries) - 1)
    return rows.text + (rows.thoughts.recent if rows.thoughts is not None else "")


async def talk(app: Running, *prompts: str) -> None:
    """Hold a conversation."""
    for prompt in prompts:
        await app.send(prompt)
        await app.until_idle()


async def open_dialog(app: Running, *keys: str) -> None:
    """Open a dialog by keys or a slash command, and wait until its list, if it has one, has rows."""
    before = app.app.screen
    await (app.send(keys[0]) if keys[0].startswith("/") else app.press(*keys))
    await app.until(lambda: app.app.screen is not before and app.app.screen.focused is not None)
    await app.until(lambda: all(each.rows for each in app.app.screen.query(RowList)))


async def streaming_picture(app: Running, took_s: float, *, tokens_per_s: float = 0.0) -> str:
    """Return a picture of a turn under way, with figures that do not depend on the clock."""
    app.chat.controllers.bars.pause()
    with (
        patch.object(LiveTurn, "elapsed_s", took_s),
        patch.object(LiveTurn, "tokens_per_s", tokens_per_s),
        patch("gptalk_tui.chat.bar_texts._spinner", lambda: ("⠹ ", "$ink-accent")),
    ):
        app.chat.refresh_status()
        return await picture(app)


def rows_of_list(app: Running) -> str:
    """Return what the list of conversations shows."""
    rows = app.chat.query_one(RowList)
    return "\n".join(rows.render_line(y).text for y in range(rows.size.height))


def import_titles(app: Running, *found: tuple[str, int, bool]) -> None:
    """Store conversations: title, days since their last message, whether they are pinned."""
    now = datetime.now(UTC) - timedelta(seconds=5)
    for title, days, pinned in found:
        at_ms = int((now - timedelta(days=days)).timestamp() * 1000)
        message = ImportedMessage("1", None, Role.USER, title, at_ms)
        imported = ImportedConversation(title, title, at_ms, at_ms, [message], pinned=pinned)
        app.store.import_conversations("scene", [imported])
