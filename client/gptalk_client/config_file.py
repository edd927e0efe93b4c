"""The config file as the settings of a run: read, checked, and overridden by environment and options.

Order of precedence: default, file, environment, option.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gptalk_client.addresses import Address, Proxy
from gptalk_client.config_reading import Problem, line_of, read_file
from gptalk_client.errors import ConfigError
from gptalk_client.settings import BUILT_IN, GPTALK, LOCAL, OPENAI, Settings, no_provider

__all__ = ["Problem", "exposures", "line_of", "load_settings", "read_file"]


def load_settings(
    file: Path,
    *,
    environ: Mapping[str, str] | None = None,
    url: str | None = None,
    provider: str | None = None,
    model: str | None = None,
    proxy: str | None = None,
) -> tuple[Settings, list[Problem]]:
    """Return the settings, and the unknown keys of the file as warnings.

    An address is the chosen provider's; where the file chose `local`, it means a GPTalk service.

    Args:
        file: The config file; it may be absent.
        environ: Environment; None takes the process's.
        url: Option `--url`, before all else; likewise the others.
        provider: Option `--provider`.
        model: Option `--model`.
        proxy: Option `--proxy`.

    Raises:
        ConfigError: The file, a variable or an option cannot be used. It names which one.
    """
    settings, problems = read_file(file)
    for problem in problems:
        if not problem.is_unknown_key:
            raise ConfigError(f"{problem}.")
    environ = os.environ if environ is None else environ
    options = {"provider": provider, "url": url, "model": model, "proxy": proxy}
    given: dict[str, tuple[str, str]] = {}
    for key, option in options.items():
        variable = f"GPTALK_{key.upper()}"
        if value := option or environ.get(variable):
            given[key] = (value, f"--{key}" if option else variable)
    try:
        return _override(settings, given), problems
    except ConfigError as err:
        raise ConfigError(err.message, hint="Correct it and try again.") from err  # it is not in the file


def exposures(file: Path, settings: Settings) -> list[Problem]:
    """Return a warning for each way in which other users can read a config file's secrets or change it.

    Args:
        file: The config file; it may be absent.
        settings: What it says.
    """
    if sys.platform == "win32":
        return []
    try:
        status = file.stat()
    except OSError:
        return []
    quoted = shlex.quote(str(file))
    found: list[Problem] = []
    if status.st_uid not in (os.geteuid(), 0):
        found.append(Problem(file, "", None, "it belongs to another user, who can redirect your prompts"))
    elif status.st_mode & 0o002:
        found.append(
            Problem(file, "", None, f"other users can change it; `chmod o-w {quoted}` prevents that")
        )
    for key in _secrets(file, settings) if status.st_mode & 0o044 else []:
        message = f"other users can read this secret; `chmod 600 {quoted}` prevents that"
        found.append(Problem(file, ".".join(key), line_of(file, key), message))
    return found


def _secrets(file: Path, settings: Settings) -> list[tuple[str, ...]]:
    """Return the keys under which a config file has secrets."""
    found: list[tuple[str, ...]] = [("proxy",)] if "@" in settings.proxy else []
    for name, provider in settings.providers.items():
        is_old = name == OPENAI and line_of(file, ("providers", OPENAI)) is None
        table = (OPENAI,) if is_old else ("providers", name)
        found += [(*table, *secret.split(".", 1)) for secret in provider.secrets]
    return found


def _override(settings: Settings, given: Mapping[str, tuple[str, str]]) -> Settings:
    """Return the settings with overrides from environment and options: by key, the value and its source."""
    if "provider" in given:
        provider, source = given["provider"]
        if not settings.knows(provider):
            raise ConfigError(f"{source}: {no_provider(provider, settings.provider_names).message}")
        # The file's model is one of the provider that the file chooses.
        model = settings.model if provider == (settings.provider or GPTALK) else ""
        settings = replace(settings, provider=provider, model=model)
    if "url" in given:
        settings = _with_address(settings, *given["url"], is_chosen="provider" in given)
    if "model" in given:
        settings = replace(settings, model=given["model"][0])
    if "proxy" in given:
        settings = replace(settings, proxy=Proxy.parse(*given["proxy"]).url)
    return settings


def _with_address(settings: Settings, url: str, source: str, *, is_chosen: bool) -> Settings:
    """Return the settings with another address for the provider that replies; a GPTalk service by default."""
    name = settings.provider or GPTALK
    if name in BUILT_IN:
        address = Address.parse(url, source).base
        is_local = name == LOCAL and not is_chosen
        model = "" if is_local else settings.model
        return replace(settings, url=address, provider=GPTALK if is_local else name, model=model)
    provider = settings.provider_settings(name)
    address = Address.parse(url, source, takes_query=provider.type == "openai").whole
    return replace(settings, providers={**settings.providers, name: replace(provider, url=address)})
