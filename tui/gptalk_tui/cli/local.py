"""`serve` and `model`: the embedded endpoint by itself, and its weights."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import columns, note, write
from gptalk_tui.cli.progress import Progress

if TYPE_CHECKING:
    from gptalk_client.embedded.pull_progress import PullProgress


@click.command(
    epilog=examples(
        "gptalk-tui serve --model-file ~/models/any.gguf",
        "gptalk-tui serve --upstream http://127.0.0.1:11434/v1 -m llama3.2",
        "gptalk-tui serve --port 8899 --secret-file ~/.config/gptalk-tui/serve.secret",
    )
)
@click.option(
    "--model-file", metavar="GGUF", help="A model file; without it, the one that `model pull` fetches."
)
@click.option(
    "--upstream", default="", metavar="URL", help="Relay to this OpenAI-compatible endpoint instead."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="This computer only.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes any that is free."
)
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Keep the secret here, so that the address stays the same; needs --port.",
)
@pass_globals
def serve(
    context: Globals,
    model_file: str | None,
    upstream: str,
    host: str,
    port: int,
    secret_file: Path | None,
) -> int:
    """Serve the GPTalk protocol from a model on this computer, until Ctrl+C.

    The address it prints holds a secret: only who knows it can use the endpoint. With --upstream, -m names the
    model to ask for, and GPTALK_UPSTREAM_KEY or OPENAI_API_KEY holds the key.
    """
    from gptalk_client.addresses import Address
    from gptalk_client.embedded.serve import serve as run
    from gptalk_client.errors import ConfigError, UsageError

    if secret_file is not None and not port:
        raise UsageError("--secret-file needs --port: without it, each start takes another port.")
    try:
        upstream = Address.parse(upstream, "--upstream").base if upstream else ""
    except ConfigError as err:
        raise ConfigError(err.message, hint="Correct it and try again.") from err  # it stands in no file
    settings = context.settings()
    number = run(
        context.paths().models,
        model_file=model_file or (None if upstream else settings.local.model_file or None),
        upstream=upstream,
        # The config file's model is one of the service that chats go to, not of this upstream.
        upstream_model=(context.model or os.environ.get("GPTALK_MODEL", "")) if upstream else "",
        host=host,
        port=port,
        secret_file=secret_file,
        echo=lambda line: write(line + "\n"),
    )
    return 128 + number


@click.group(epilog=examples("gptalk-tui model pull"))
@pass_globals
def model(context: Globals) -> None:
    """The small model for offline use."""


@model.command(epilog=examples("gptalk-tui model pull"))
@pass_globals
def pull(context: Globals) -> None:
    """Fetch the model's weights, once; after that no network is needed."""
    import threading

    from gptalk_client.embedded import weights

    folder = context.paths().models
    if path := weights.installed(folder):
        note(f"The weights are there already: {path}")
        return
    cancel = threading.Event()
    bar = _PullProgress()
    try:
        path = weights.pull(folder, bar.show, cancel)
    finally:
        cancel.set()
        bar.end()
    note(f"The weights are in {path}. Chat with them: gptalk-tui --provider local")


@model.command("list", epilog=examples("gptalk-tui model list"))
@pass_globals
def list_(context: Globals) -> None:
    """List the models that can be used without a network."""
    from gptalk_client.embedded import weights
    from gptalk_client.text import one_line, visible

    found = weights.list_models(context.paths().models)
    if not found:
        note("There is no model yet; `gptalk-tui model pull` fetches a small one.")
    for each in found:
        write(
            columns(
                one_line(each.name),
                weights.in_megabytes(each.size_bytes),
                visible(str(each.path), newlines=False),
            )
            + "\n"
        )


class _PullProgress:
    """A bar for each phase of a pull that can be measured; elsewhere, and for the others, a line."""

    def __init__(self) -> None:
        self._phase = ""
        self._bar: Progress | None = None

    def show(self, progress: PullProgress) -> None:
        """Show how far the pull is."""
        if progress.phase != self._phase:
            self.end()
            self._phase = progress.phase
            self._bar = Progress(str(progress.phase))
            if not (sys.stderr.isatty() and progress.total_bytes):
                note(str(progress.phase))
        if self._bar is not None and progress.total_bytes:
            self._bar.show(progress.done_bytes / progress.total_bytes)

    def end(self) -> None:
        """Leave the bar's line."""
        if self._bar is not None:
            self._bar.__exit__()
