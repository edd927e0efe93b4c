"""`providers` and `models`: who can reply, and with what."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gptalk_client.settings import BUILT_IN, GPTALK, LOCAL, ProviderSettings, Settings
from gptalk_tui.cli import completing_providers
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.exit_codes import exit_code_of
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import columns, note, write

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gptalk_client.paths import Paths
    from gptalk_client.providers.model_info import ModelInfo


@click.group(epilog=examples("gptalk-tui providers list", "gptalk-tui providers add ollama"))
@pass_globals
def providers(context: Globals) -> None:
    """Manage who can reply: engines that you run, and services that you rent."""


@providers.command("list", epilog=examples("gptalk-tui providers list", "gptalk-tui providers list --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_globals
def list_(context: Globals, as_json: bool) -> None:
    """List the providers, the one that answers new conversations with a star. Keys are never printed."""
    from gptalk_client.text import one_line

    settings, paths = context.settings(), context.paths()
    rows = [_row(name, settings, paths) for name in settings.provider_names]
    if as_json:
        write(json.dumps(rows, indent=2) + "\n")
        return
    width = max(len(each["name"]) for each in rows)
    for each in rows:
        star = "*" if each["is_default"] else " "
        parts = [each["url"] or "this computer", each["model"], f"key: {each['key']}" if each["key"] else ""]
        write(columns(star, each["name"].ljust(width), *(one_line(part) for part in parts if part)) + "\n")


@providers.command("remove", epilog=examples("gptalk-tui providers remove work"))
@click.argument("name", shell_complete=completing_providers.configured_providers)
@pass_globals
def remove(context: Globals, name: str) -> None:
    """Remove a provider from the config file, and its key. Its conversations stay, and ask for another one."""
    from gptalk_client.config_editing import remove_provider
    from gptalk_client.errors import UsageError
    from gptalk_client.providers.api_keys import KeptKeys
    from gptalk_client.settings import no_provider

    paths, settings = context.paths(), file_settings(context)
    if name in BUILT_IN:
        raise UsageError(f"“{name}” is built in and can't be removed.")
    if not remove_provider(paths.config_file, name):
        raise no_provider(name, list(settings.providers) or BUILT_IN)
    KeptKeys(paths.provider_keys).forget(name)
    note(f"Removed “{name}”.")
    if settings.provider == name:
        note("It answered new conversations. The app asks who does now; --provider chooses for one run.")


@providers.command(
    "test", epilog=examples("gptalk-tui providers test", "gptalk-tui providers test work --json")
)
@click.argument("name", required=False, shell_complete=completing_providers.providers)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_globals
def test(context: Globals, name: str | None, as_json: bool) -> int:
    """Check that a provider would answer, without sending a prompt. Exit code 3 if it wouldn't."""
    from gptalk_client.errors import GptalkError
    from gptalk_tui.cli.hints import with_options
    from gptalk_tui.factory import check_named

    settings = context.settings()
    chosen = name or settings.provider or GPTALK
    try:
        found = _awaited(check_named(chosen, settings, context.paths()))
    except GptalkError as err:
        if not as_json:
            raise
        answer = {"name": chosen, "ok": False, "error": with_options(err), "models": []}
        write(json.dumps(answer, indent=2) + "\n")
        return exit_code_of(err)
    if as_json:
        answer = {"name": chosen, "ok": True, "error": None, "models": [each.name for each in found]}
        write(json.dumps(answer, indent=2) + "\n")
    else:
        write(f"“{chosen}” answers: {count_in_words(found)}.\n")
    return 0


@click.command(
    epilog=examples("gptalk-tui models", "gptalk-tui models ollama", "gptalk-tui models work --json")
)
@click.argument("name", required=False, metavar="[PROVIDER]", shell_complete=completing_providers.providers)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_globals
def models(context: Globals, name: str | None, as_json: bool) -> None:
    """List the models of a provider, with what it tells about them: size, quantization, context, and the price
    of a million tokens of prompt and reply in US dollars."""
    from gptalk_client.text import one_line
    from gptalk_tui.factory import check_named

    settings = context.settings()
    chosen = name or settings.provider or GPTALK
    found = _awaited(check_named(chosen, settings, context.paths()))
    if as_json:
        write(json.dumps([asdict(each) for each in found], indent=2) + "\n")
        return
    if not found:
        note(f"“{chosen}” doesn't list its models. -m names one.")
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        cells = [one_line(each.name).ljust(width if each.summary else 0), each.summary]
        write(columns(*filter(None, cells)) + "\n")


def file_settings(context: Globals) -> Settings:
    """Return what the config file says, whatever the options and the environment choose for this run."""
    import os

    from gptalk_client.config_file import load_settings

    environ = {name: value for name, value in os.environ.items() if name == "GPTALK_PROXY"}
    return load_settings(context.paths().config_file, environ=environ, proxy=context.proxy)[0]


def count_in_words(models: list[ModelInfo]) -> str:
    """Return how many models a provider has, such as `3 models`."""
    if not models:
        return "it doesn't list its models"
    return "1 model" if len(models) == 1 else f"{len(models)} models"


def _awaited(check: Coroutine[Any, Any, list[ModelInfo]]) -> list[ModelInfo]:
    from gptalk_tui.cli.signals import run_until_signal

    return run_until_signal(check)


def _row(name: str, settings: Settings, paths: Paths) -> dict[str, Any]:
    """Return a provider as JSON fields."""
    provider = settings.provider_settings(name)
    is_default = name == (settings.provider or GPTALK)
    own_model = settings.model if is_default else ""
    return {
        "name": name,
        "type": LOCAL if name == LOCAL else provider.type,
        "url": _shown_address(provider) or None,
        "model": own_model or provider.model or None,
        "is_default": is_default,
        "key": _key_source(name, provider, paths),
    }


def _shown_address(provider: ProviderSettings) -> str:
    """Return an address as it may be shown: without its query, and a GPTalk service's without a secret path."""
    from gptalk_client.addresses import Address

    if not provider.url:
        return ""
    address = Address.parse(provider.url, takes_query=True)
    return address.public if provider.type == "gptalk" else address.base


def _key_source(name: str, provider: ProviderSettings, paths: Paths) -> str | None:
    from gptalk_client.errors import GptalkError
    from gptalk_client.providers.api_keys import KeptKeys, key_source

    try:
        return key_source(name, provider, KeptKeys(paths.provider_keys)) or None
    except GptalkError:
        return "kept, but not readable"
