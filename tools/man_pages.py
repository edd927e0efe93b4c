"""Write a manual page for each command, from its own help: `python tools/man_pages.py FOLDER`.

The wheel carries them (`hatch_build.py`), for `man gptalk-tui` and the like. click-man 0.6 would not do: it
cuts the NAME line, leaves the examples out and does not see commands that are loaded when they are needed.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

_EXIT_STATUS = (
    "0; 1: failed; 2: usage; 3: the service or the network; 130, 129 and 143: stopped by a signal (Ctrl+C, a"
    " terminal that has gone, SIGTERM)."
)


def pages(program: click.Command, name: str, version: str) -> Iterator[tuple[str, str]]:
    """Yield file names and manual pages: the program's, then those of its commands, depth first.

    Args:
        program: The root command.
        name: How it is called.
        version: The project's.
    """
    for context in _contexts(click.Context(program, info_name=name)):
        yield f"{_page_name(context)}.1", _page(context, version)


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    for child in _children(context):
        yield from _contexts(child)


def _children(context: click.Context) -> list[click.Context]:
    group = context.command
    if not isinstance(group, click.Group):
        return []
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [click.Context(command, info_name=name, parent=context) for name, command in found if command]


def _page_name(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _page(context: click.Context, version: str) -> str:
    command = context.command
    help_text = inspect.cleandoc(command.help or "")
    summary = " ".join(help_text.partition("\n\n")[0].split()).rstrip(".")
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        f'.TH "{_escaped(_page_name(context).upper())}" "1" "" "gptalk-tui {version}" "gptalk-tui manual"',
        ".SH NAME",
        f"{_escaped(_page_name(context))} \\- {_escaped(summary)}",
        ".SH SYNOPSIS",
        f".B {_escaped(context.command_path)}",
        _escaped(usage),
        ".SH DESCRIPTION",
        *_paragraphs(help_text),
        ".SH OPTIONS",
    ]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record:  # arguments are in the synopsis
            lines += [".TP", f"\\fB{_escaped(record[0])}\\fR", _escaped(" ".join(record[1].split()))]
    if children := _children(context):
        lines.append(".SH COMMANDS")
        for child in children:
            lines += [".TP", f"\\fB{_escaped(_page_name(child))}\\fR(1)"]
            lines.append(_escaped(child.command.get_short_help_str(200)))
    if command.epilog:
        lines += [".SH EXAMPLES", *_paragraphs(inspect.cleandoc(command.epilog))]
    lines += [".SH EXIT STATUS", _escaped(_EXIT_STATUS)]
    if context.parent is not None:
        lines += [".SH SEE ALSO", f"\\fB{_escaped(_page_name(context.parent))}\\fR(1)"]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a help text; a paragraph that click is told not to wrap keeps its lines."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        yield ".PP"
        if lines[0].strip() == "\b":
            kept = [line for line in lines[1:] if line not in ("Example:", "Examples:")]
            yield from (".nf", *(_escaped(line) for line in kept), ".fi")
        else:
            yield _escaped(" ".join(line.strip() for line in lines))


def _escaped(text: str) -> str:
    """Return text that troff sets as it is: no escapes, hyphens that can be copied, no line that is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "\\&" + text if text.startswith(".") else text


def write(folder: Path, root: Path) -> list[Path]:
    """Write the pages of the project's command line.

    Args:
        folder: Where they go; made if it is missing.
        root: The project's folder; its code need not be installed, only click.

    Returns:
        The files.
    """
    sys.path[:0] = [str(root / "client"), str(root / "tui")]
    import gptalk_client
    from gptalk_tui.cli.main import cli
    from gptalk_tui.cli.output import PROGRAM

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages(cli, PROGRAM, gptalk_client.__version__):
        written.append(folder / name)
        written[-1].write_text(text, "utf-8")
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/man_pages.py FOLDER")
    print(
        f"Wrote {len(write(Path(sys.argv[1]), Path(__file__).resolve().parent.parent))} pages to {sys.argv[1]}"
    )
