"""Titles of new conversations: a few words of the prompt at once, and better ones of the model if asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gptalk_client.errors import NetworkError
from gptalk_client.settings import ChatSettings, Settings
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider, Step


def said(app: Running) -> str:
    return next(iter(each.message for each in app.app._notifications), "")


def with_model_titles() -> Settings:
    return Settings(provider="gptalk", model="test-model", chat=ChatSettings(titles="model"))


async def test_a_title_is_made_of_the_prompt_and_improved_by_the_model_only_if_asked_for(
    tmp_path: Path,
) -> None:
    provider = ScriptedProvider(["A reply."], ["Reading", " files\n"], ["More."])
    async with running_app(provider, tmp_path, settings=with_model_titles()) as app:
        await app.send("Can you read a file?")
        await app.until(lambda: app.chat.session.chosen.title == "Reading files")
        await app.until_idle()
        await app.send("And now?")
        await app.until_idle()
        assert len(provider.requests) == 3
    provider = ScriptedProvider(["A reply."])
    async with running_app(provider, tmp_path, new=True) as app:
        await app.send("Can you read a file?")
        await app.until_idle()
        assert app.chat.session.chosen.title == "Read a file?"
        assert len(provider.requests) == 1


@pytest.mark.parametrize("trouble", [NetworkError("No."), "x" * 500])
async def test_a_title_that_cannot_be_made_is_no_trouble(tmp_path: Path, trouble: Step) -> None:
    provider = ScriptedProvider(["A reply."], [trouble])
    async with running_app(provider, tmp_path, settings=with_model_titles()) as app:
        await app.send("Read a file")
        await app.until_idle()
        await app.until(lambda: provider.closed == 2 and not app.chat.is_working("title"))
        assert (app.chat.session.chosen.title, said(app)) == ("Read a file", "")


async def test_a_title_that_the_person_gave_meanwhile_stays(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["A reply."], [gate, "Reading files"])
    async with running_app(provider, tmp_path, settings=with_model_titles()) as app:
        await app.send("Read a file")
        await app.until(lambda: provider.at_gate.is_set())
        await app.send("/rename Mine")
        await app.until(lambda: app.chat.session.chosen.title == "Mine")
        gate.set()
        await app.until(lambda: provider.closed == 2 and not app.chat.is_working("title"))
        assert app.store.conversation(app.chat.session.chosen.id).title == "Mine"
