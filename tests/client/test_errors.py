"""Errors say what to do next; how to do it is said by the program that shows them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import gptalk_client
from gptalk_client.errors import GptalkError, ProtocolError, Remedy, ServerError, StoreReadOnlyError
from gptalk_client.providers.http_errors import Response, check_response
from gptalk_client.providers.refusals import remedy_of, said
from gptalk_tui.chat.services import ways
from gptalk_tui.cli import hints
from gptalk_tui.cli.main import cli
from gptalk_tui.keymap import KeyMap

CLIENT = Path(gptalk_client.__file__).parent
APP = ways(KeyMap())
ASK = cli.get_command(click.Context(cli), "ask")
COMMAND_LINE = {remedy: hints.way(remedy, ASK) for remedy in Remedy}
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-z])(?![\w-])")


def texts_of_errors() -> Iterator[tuple[str, str]]:
    """Return every text that the library gives to an error, with the place where it does."""
    for path in sorted(CLIENT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id.endswith("Error")
            ):
                nodes: list[ast.AST] = [*node.args, *(each.value for each in node.keywords)]
            elif (
                isinstance(node, ast.Assign | ast.AnnAssign)
                and node.value
                and "hint" in ast.unparse(node).lower()
            ):
                nodes = [node.value]
            else:
                continue
            for text in (found for each in nodes for found in ast.walk(each)):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield f"{path.relative_to(CLIENT)}:{node.lineno}", text.value


def test_no_error_of_the_library_names_an_option() -> None:
    texts = list(texts_of_errors())
    assert len(texts) > 200
    others = ("pipx install --force", "ssh -L")  # other programs' options
    named = [
        (place, text) for place, text in texts if OPTION.search(text) and not any(o in text for o in others)
    ]
    assert named == []


def test_the_command_line_knows_a_way_for_every_remedy() -> None:
    assert set(hints.WAYS) == set(Remedy)
    assert all(ways and all(words for _, words in ways) for ways in hints.WAYS.values())


def test_a_way_follows_the_hint() -> None:
    error = StoreReadOnlyError("The folder can't be written")
    assert error.for_humans() == (
        "The folder can't be written. Check the folder's permissions, or choose another folder."
    )
    assert error.for_humans({Remedy.DATA_FOLDER: "There."}).endswith("another folder. There.")
    assert error.for_humans({Remedy.PORT: "There."}) == error.for_humans()
    assert ProtocolError("No.", hint="").for_humans({Remedy.ADDRESS: "There."}) == "No."
    assert GptalkError("No", remedy=Remedy.PORT).for_humans({Remedy.PORT: "There."}) == "No. There."


TOO_LONG = [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
    '{"error": {"message": "the request exceeds the available context size"}}',
    '{"error": {"message": "too much", "type": "exceed_context_size_error"}}',
    '{"error": {"message": "Please reduce it", "code": "context_length_exceeded"}}',
    "prompt is too long: 210000 tokens > 200000 maximum",
]  # fmt: skip
NO_MODEL = [
    '{"error": {"message": "The model `gpt-9` does not exist", "code": "model_not_found"}}',
    'model "llama9" not found, try pulling it first',
    "Unknown Model, please check the model code.",
    "The model `x` is not supported on this endpoint.",
]
OTHERS = [
    "temperature must be between 0 and 2",
    "bad key",
    "",
    "the model is overloaded",
    "messages must not be empty",
]


def test_a_services_words_point_to_a_remedy() -> None:
    assert {text: remedy_of(text) for text in TOO_LONG} == dict.fromkeys(TOO_LONG, Remedy.CONTEXT)
    assert {text: remedy_of(text) for text in NO_MODEL} == dict.fromkeys(NO_MODEL, Remedy.MODEL)
    assert {text: remedy_of(text) for text in OTHERS} == dict.fromkeys(OTHERS)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 451])
@pytest.mark.parametrize(
    "body", [b"", b'{"error": {"message": "no"}}', *(text.encode() for text in TOO_LONG + NO_MODEL)]
)
def test_a_request_that_is_refused_is_not_to_be_tried_again(status: int, body: bytes) -> None:
    with pytest.raises(GptalkError) as caught:
        check_response(Response(status, {}, body), "host")
    for known in ({}, COMMAND_LINE, APP):
        assert "try again" not in caught.value.for_humans(known).lower()


@pytest.mark.parametrize("text", [TOO_LONG[2], NO_MODEL[0]])
@pytest.mark.parametrize("how", ["status", "stream"])
def test_what_helps_is_named(text: str, how: str) -> None:
    error = said(text)
    if how == "status":
        with pytest.raises(ServerError) as caught:
            check_response(Response(400, {}, text.encode()), "host")
        error = caught.value
    if text == TOO_LONG[2]:
        assert "fewer of its messages" in error.for_humans()
        assert "Ctrl+T" in error.for_humans(APP)
        assert "fork" in error.for_humans(APP)
        assert "-o context_messages" in error.for_humans(COMMAND_LINE)
    else:
        assert "Ctrl+T" in error.for_humans(APP)
        assert "-m" in error.for_humans(COMMAND_LINE)
