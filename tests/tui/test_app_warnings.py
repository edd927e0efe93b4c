"""What a provider warns of is told in the app, from whichever thread it comes."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from gptalk_client.settings import Settings
from gptalk_tui.app import GptalkApp
from gptalk_tui.factory import build_provider
from support.apps import LIMIT_S, Running, paths_in, running_app
from support.gptalk_server import GptalkServer
from support.scripted_provider import ScriptedProvider


def toasts(app: GptalkApp) -> list[str]:
    return [each.message for each in app._notifications]


async def test_a_login_that_cannot_be_kept_is_told_in_a_toast(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.auth.mkdir(parents=True)
    async with GptalkServer(reply="Here I am.") as server, contextlib.AsyncExitStack() as stack:
        app = GptalkApp(Settings(provider="gptalk", url=server.url), paths, build_provider)
        pilot = await stack.enter_async_context(app.run_test())
        running = Running(app, pilot, paths)
        await running.until(lambda: running.chat.services is not None, "the store opens")
        await running.send("Hi")
        await running.until(lambda: any("auth.json can't be written" in each for each in toasts(app)))
        await running.until_idle()
        assert "Here I am." in running.text


async def test_a_warning_of_another_thread_is_shown_harmless(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.to_thread(running.app._warn_soon, "[red]evil[/]\x1b[2J\nfile")
        await running.until(lambda: toasts(running.app))
        (toast,) = running.app._notifications
        assert (toast.message, toast.markup) == ("[red]evil[/]␛[2J file", False)
