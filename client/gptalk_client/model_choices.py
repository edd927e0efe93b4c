"""Which models a person likes and chose last, by provider: a small file beside the conversations.

It only orders lists, so a file that cannot be read counts as empty.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gptalk_client.errors import StoreError
from gptalk_client.files import atomic_write, open_regular
from gptalk_client.paths import make_private_folder

MOST_USED = 5
"""How many of the models that were chosen last are remembered for each provider."""


@dataclass(slots=True)
class ModelChoices:
    """One provider's models, by name."""

    favourites: list[str] = field(default_factory=list)
    """In the order in which they were marked."""
    used: list[str] = field(default_factory=list)
    """Those that were chosen, the last one first."""


def read_choices(file: Path, provider: str) -> ModelChoices:
    """Return what is remembered of a provider's models."""
    return _read(file).get(provider) or ModelChoices()


def mark_favourite(file: Path, provider: str, model: str, *, is_favourite: bool) -> None:
    """Remember that a model is a favourite, or is none any more.

    Raises:
        StoreError: It cannot be written.
    """
    every = _read(file)
    favourites = every.setdefault(provider, ModelChoices()).favourites
    if is_favourite and model not in favourites:
        favourites.append(model)
    elif not is_favourite and model in favourites:
        favourites.remove(model)
    _write(file, every)


def note_used(file: Path, provider: str, model: str) -> None:
    """Remember that a model was chosen.

    Raises:
        StoreError: It cannot be written.
    """
    every = _read(file)
    choices = every.setdefault(provider, ModelChoices())
    choices.used = [model, *(each for each in choices.used if each != model)][:MOST_USED]
    _write(file, every)


def _read(file: Path) -> dict[str, ModelChoices]:
    with contextlib.suppress(OSError, msgspec.DecodeError, RecursionError), open_regular(file) as opened:
        return msgspec.json.decode(opened.read(), type=dict[str, ModelChoices])
    return {}


def _write(file: Path, every: dict[str, ModelChoices]) -> None:
    try:
        make_private_folder(file.parent)
        with atomic_write(file, replace=True, keep_mode=True) as temporary:
            temporary.write_bytes(msgspec.json.encode(every))
    except OSError as err:
        raise StoreError(f"{file} cannot be written: {err.strerror or err}.") from err
