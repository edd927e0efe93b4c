"""`ask`: one turn without the app."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals

MAX_INPUT_BYTES = 16 << 20
"""Standard input that is longer is no prompt, and may have no end."""


@click.command(
    epilog=examples(
        "gptalk-tui ask 'Why is the sky blue?'",
        "git diff | gptalk-tui ask 'review this'",
        "gptalk-tui ask -x 'a Python function that reverses a list' > reverse.py",
        "gptalk-tui ask --continue 'and in Rust?'",
    )
)
@click.argument("prompt", nargs=-1)
@click.option("--chat", metavar="ID-OR-TITLE", help="Go on with this conversation.")
@click.option("--continue", "-c", "go_on", is_flag=True, help="Go on with the newest conversation.")
@click.option(
    "-s", "--system", default="", metavar="TEXT", help="What the model is told before the conversation."
)
@click.option(
    "-o",
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="Option of the request, such as temperature=0.7; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("--no-stream", is_flag=True, help="Print the reply when it is complete.")
@click.option("-x", "--extract", is_flag=True, help="Print the first code block of the reply only.")
@click.option("--raw", is_flag=True, help="Print the reply as it came, control characters too.")
@click.option("--no-save", is_flag=True, help="Keep nothing of this turn.")
@pass_globals
def ask(
    given: Globals,
    prompt: tuple[str, ...],
    chat: str | None,
    go_on: bool,
    system: str,
    options: tuple[str, ...],
    as_json: bool,
    no_stream: bool,
    extract: bool,
    raw: bool,
    no_save: bool,
) -> int:
    """Ask one question and print the reply. What comes on standard input follows the prompt."""
    from gptalk_tui.cli.turn import Question, Shape, run_turn

    if chat and go_on:
        raise click.UsageError("Choose --chat or --continue, not both.")
    if as_json and (extract or raw):
        raise click.UsageError("--json prints the whole reply, safely; leave out -x and --raw.")
    text = _with_input(" ".join(prompt))
    if not text.strip():
        raise click.UsageError("Say what to ask, as an argument or on standard input.")
    question = Question(
        text=text,
        chat=chat,
        go_on=go_on,
        system_prompt=system,
        parameters=_typed(options),
        is_saved=not no_save,
    )
    return run_turn(given, question, Shape(as_json=as_json, streams=not no_stream, extracts=extract, raw=raw))


def _with_input(prompt: str) -> str:
    """Return the prompt followed by standard input, where that is a pipe or a file."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return prompt
    raw = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
    if len(raw) > MAX_INPUT_BYTES:
        raise click.UsageError(
            f"Standard input holds more than {MAX_INPUT_BYTES >> 20} MB, too much for a prompt."
        )
    piped = raw.decode("utf-8", "replace").rstrip("\r\n")
    return f"{prompt}\n\n{piped}" if prompt and piped else prompt or piped


def _typed(options: tuple[str, ...]) -> dict[str, Any]:
    """Return options by key; a value that reads as JSON is taken as such, any other as text."""
    found: dict[str, Any] = {}
    for option in options:
        key, separator, value = option.partition("=")
        if not separator or not key.isidentifier():
            raise click.UsageError(f"-o {option}: write KEY=VALUE.")
        try:
            found[key] = json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            found[key] = value
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
