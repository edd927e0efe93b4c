"""What the command line offers for the library's errors, which know of no options."""

from __future__ import annotations

from collections.abc import Mapping

from gptalk_client.errors import GptalkError, Remedy

WAYS: Mapping[Remedy, str] = {
    Remedy.ADDRESS: "--url sets it.",
    Remedy.CONTEXT: "`-o context_messages=10` sends the newest ten.",
    Remedy.DATA_FOLDER: "--data-dir names it.",
    Remedy.ENGINE: "`gptalk-tui providers add` adds one.",
    Remedy.KEY: "`gptalk-tui providers add` takes another one.",
    Remedy.MODEL: "-m names it.",
    Remedy.MODEL_FILE: "--model-file names it.",
    Remedy.OVERWRITE: "--force replaces the file.",
    Remedy.PORT: "--port sets it.",
    Remedy.PROXY: "--proxy sets it.",
    Remedy.SOURCE: "--from names it.",
}


def with_options(error: GptalkError) -> str:
    """Return what happened and what to do next, with the option that does it."""
    return error.for_humans(WAYS)
