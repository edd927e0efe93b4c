"""The table of limits says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from gptalk_client.embedded import connection, server
from gptalk_client.providers import (
    api_keys,
    event_stream,
    gptalk,
    http,
    openai,
    openai_models,
    reply_bound,
    retries,
    stream_reader,
)
from gptalk_client.providers.building import CHECK_TIMEOUTS
from gptalk_client.settings import ChatSettings, Timeouts
from gptalk_client.store.saver import FLUSH_S
from gptalk_client.turn_options import CONTEXT_BYTES
from gptalk_tui.cli.ask import MAX_INPUT_BYTES

PAGE = Path(__file__).parents[1] / "docs" / "limits.md"


def test_defaults_in_the_table_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) ?\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)[1:]
    times, chat = Timeouts(), ChatSettings()
    assert [(default, setting.strip("` ")) for _, default, setting in rows] == [
        (f"{times.connect_s:g} s", "timeouts.connect_s"),
        (f"{times.headers_s:g} s", "timeouts.headers_s"),
        (f"{openai.LOADING_S:g} s", "timeouts.headers_s"),
        (f"{times.stall_s:g} s", "timeouts.stall_s"),
        (f"{times.comments_s:g} s", "timeouts.comments_s"),
        (f"{stream_reader.FINISHED_S:g} s", ""),
        (f"{retries.MAX_RETRY_AFTER_S:g} s", ""),
        (str(chat.context_messages), "chat.context_messages"),
        (f"{CONTEXT_BYTES >> 10} KiB", ""),
        (f"{event_stream.MAX_EVENT_BYTES >> 20} MiB", ""),
        (f"{reply_bound.MAX_REPLY_BYTES >> 20} MiB", ""),
        (f"{api_keys.COMMAND_S:g} s", ""),
        (f"{CHECK_TIMEOUTS.connect_s:g} s, {CHECK_TIMEOUTS.headers_s:g} s", ""),
        (f"{openai_models.MAX_LIST_BYTES >> 20} MiB", ""),
        (f"{http.MAX_BODY_BYTES >> 10} KiB", ""),
        (str(gptalk.MAX_USES), ""),
        (f"{MAX_INPUT_BYTES >> 20} MiB", ""),
        ("250 ms", ""),
        (str(connection.MAX_CONNECTIONS), ""),
        (f"{server.EndpointTimeouts().request_s:g} s", ""),
        (f"{server.MAX_PROMPT_BYTES >> 20} MiB", ""),
        (f"{server.MAX_HELD_BYTES >> 20} MiB", ""),
        (str(server.MAX_WAITING_PROMPTS), ""),
        (str(server.MAX_LOGINS), ""),
    ]
    assert FLUSH_S < 0.25
