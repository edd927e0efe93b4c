"""`providers add`: an engine or a service is checked, then kept in the config file."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gptalk_client.errors import UsageError
from gptalk_client.presets import OTHER, PRESETS, Preset, preset_named
from gptalk_client.settings import ProviderSettings, Settings, check_provider_name
from gptalk_tui.cli import completing_providers
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import note
from gptalk_tui.cli.providers import count_in_words, file_settings, providers

if TYPE_CHECKING:
    from gptalk_client.paths import Paths

_NAMES = [each.name for each in PRESETS if each is not OTHER]
_MOST_NAMED = 8


@providers.command(
    epilog=examples(
        "gptalk-tui providers add ollama --default",
        "gptalk-tui providers add openai -m gpt-5-mini",
        "gptalk-tui providers add lan --url 192.168.1.5:8000/v1",
        "gptalk-tui providers add work --url https://llm.example.com/v1 --key-command 'pass show work/llm'",
    )
)
@click.argument("name", shell_complete=completing_providers.presets)
@click.option(
    "--preset",
    type=click.Choice(_NAMES),
    help="Take address and key variable from this engine or service; by default from the one called NAME.",
)
@click.option(
    "--type", "kind", type=click.Choice(["openai", "gptalk"]), help="The protocol; openai by default."
)
@click.option("--key-env", metavar="VARIABLE", help="The environment variable with the key.")
@click.option("--key-command", metavar="COMMAND", help="A command that prints the key.")
@click.option(
    "--key-stdin", is_flag=True, help="Read the key from standard input and keep it, readable by you only."
)
@click.option(
    "--header", "headers", multiple=True, metavar="NAME=VALUE", help="Header for every request; repeatable."
)
@click.option("--query", multiple=True, metavar="NAME=VALUE", help="Addition to every address; repeatable.")
@click.option(
    "-o",
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="Default request parameter; repeatable.",
)
@click.option(
    "--context-tokens", type=click.IntRange(1, 100_000_000), help="How many tokens the model has room for."
)
@click.option(
    "--send-reasoning", is_flag=True, default=None, help="Send the reasoning of earlier replies back."
)
@click.option("--default", "is_default", is_flag=True, help="Let it answer new conversations.")
@click.option("--no-test", is_flag=True, help="Keep it without asking it for its models.")
@click.option("--force", is_flag=True, help="Change the provider that has this name already.")
@pass_globals
def add(
    context: Globals,
    name: str,
    preset: str | None,
    is_default: bool,
    no_test: bool,
    force: bool,
    **given: Any,
) -> None:
    """Add a provider to the config file, once it has answered. --url is its address, -m its model.

    NAME is what it will be called. Ollama, llama.cpp, LM Studio, vLLM, OpenAI and others have their address built
    in; the names are ollama, llamacpp, lmstudio, vllm, openai, anthropic, gemini, openrouter, mistral, deepseek,
    groq and xai. A key that isn't in an environment variable is asked for, and kept where only you can read it.
    """
    from gptalk_client.config_editing import keep_provider, update_file
    from gptalk_client.providers.api_keys import KeptKeys

    check_provider_name(name)
    paths = context.paths()
    settings = file_settings(context)
    if name in settings.providers and not force:
        raise UsageError(f"There is a provider “{name}” already.", hint="--force changes it.")
    found = preset_named(preset or name) or OTHER
    provider = _described(context, settings.providers.get(name), found, given)
    if not provider.url:
        raise UsageError("Which address?", hint=f"Give --url, or a name of these: {', '.join(_NAMES)}.")
    kept = KeptKeys(paths.provider_keys)
    typed = _typed_key(name, found, provider, kept, from_input=given["key_stdin"])
    models = (
        "not tested"
        if no_test
        else _tested(name, replace(provider, api_key=typed or provider.api_key), settings, paths)
    )
    if typed:
        kept.keep(name, provider.url, typed)
    keep_provider(paths.config_file, name, provider)
    if is_default:
        update_file(paths.config_file, {"provider": name, "model": None})
    done = "Changed" if name in settings.providers else "Added"
    note(f"{done} “{name}”: {models}." + (" It answers new conversations." if is_default else ""))
    if not is_default and settings.provider != name:
        note(f"Chat with it: gptalk-tui --provider {name}")


def _described(
    context: Globals, before: ProviderSettings | None, preset: Preset, given: dict[str, Any]
) -> ProviderSettings:
    """Return the provider that the options describe, based on what it was before or on the preset."""
    from gptalk_client.addresses import with_scheme

    provider = before or ProviderSettings(url=preset.url, api_key_env=preset.key_variable)
    parameters = {**provider.options, **_parameters(given["options"])}
    changes: dict[str, Any] = {
        "type": given["kind"],
        "url": with_scheme(context.url) if context.url else None,
        "model": context.model,
        "api_key_env": given["key_env"],
        "api_key_command": _command(given["key_command"]),
        "headers": {**provider.headers, **_pairs("--header", given["headers"])},
        "query": {**provider.query, **_pairs("--query", given["query"])},
        "options": {name: value for name, value in parameters.items() if value is not None},
        "context_tokens": given["context_tokens"],
        "send_reasoning": given["send_reasoning"],
    }  # fmt: skip
    return replace(provider, **{name: value for name, value in changes.items() if value is not None})


def _command(text: str | None) -> list[str] | None:
    try:
        return shlex.split(text) if text else None
    except ValueError as err:
        raise UsageError(f"--key-command: {str(err).lower()}.", hint="Quote it as for a shell.") from err


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    found = {}
    for each in texts:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise click.UsageError(f"{option} {name}: expected NAME=VALUE.")
        found[name] = value
    return found


def _parameters(texts: Iterable[str]) -> dict[str, Any]:
    from gptalk_client.parameters import read_parameter

    return {name: read_parameter(name, value) for name, value in _pairs("-o", texts).items()}


def _typed_key(name: str, preset: Preset, provider: ProviderSettings, kept: Any, *, from_input: bool) -> str:
    """Return the key that was typed; empty where none is needed or wanted."""
    from gptalk_client.addresses import Address
    from gptalk_client.providers.api_keys import check_key, key_source

    if from_input:
        return check_key(sys.stdin.readline().strip(), name)
    address = Address.parse(provider.url, "--url", takes_query=True)
    is_asked = not address.is_loopback and provider.type == "openai" and can_ask()
    if not is_asked or key_source(name, provider, kept):
        return ""
    where = f", or set {provider.api_key_env}" if provider.api_key_env else ""
    words = f"Key for {preset.title if preset is not OTHER else name} (hidden; Enter for none{where})"
    return check_key(
        str(click.prompt(words, default="", hide_input=True, show_default=False, err=True)).strip(), name
    )


def can_ask() -> bool:
    """Return whether somebody can type an answer."""
    return sys.stdin.isatty()


def _tested(name: str, provider: ProviderSettings, settings: Settings, paths: Paths) -> str:
    """Ask the provider for its models; return how many it has, in words.

    Raises:
        GptalkError: It doesn't answer, or lists other models than the one that was named.
    """
    from gptalk_client.text import one_line
    from gptalk_tui.cli.signals import run_until_signal
    from gptalk_tui.factory import check_named

    trial = replace(settings, providers={**settings.providers, name: provider})
    found = run_until_signal(check_named(name, trial, paths))
    names = [each.name for each in found]
    if provider.model and names and provider.model not in names:
        shown = ", ".join(one_line(each) for each in names[:_MOST_NAMED])
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        raise UsageError(
            f"“{name}” doesn't list a model “{provider.model}”; it has {shown}{more}.",
            hint="--no-test keeps it anyway.",
        )
    return count_in_words(found)
