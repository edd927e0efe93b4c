"""What can go wrong with the embedded endpoint, and the check that its optional packages are there.

LocalModelError
├── WeightsMissingError    nothing was pulled yet: ask, then `weights.pull`
├── PullCancelledError     the person stopped the pull
├── EngineError            the engine could not answer; the text is for people
└── EndpointCrashedError   the endpoint's process ended by itself (also a ProviderError: it fails a turn)
"""

from __future__ import annotations

import importlib.util

from gptalk_client.errors import LocalModelError, ProviderError

INSTALL_LOCAL = (
    "Reinstall with the local extra, such as `pipx install --force '.[local]'` in a clone of gptalk-tui."
)
"""How to get the optional packages."""


class WeightsMissingError(LocalModelError):
    """The weights have not been downloaded yet."""


class PullCancelledError(LocalModelError):
    """The download of the weights was cancelled. Nothing is left behind."""

    default_hint = "`gptalk-tui model pull` starts it again."


class EngineError(LocalModelError):
    """The engine could not answer."""


class EndpointCrashedError(LocalModelError, ProviderError):
    """The local model's process exited unexpectedly. The next turn starts another."""

    default_hint = "Try again: the model restarts automatically."


def require_local_extra(*packages: str) -> None:
    """Check, without importing them, that the optional packages are installed.

    Args:
        packages: Import names, such as `xllamacpp`.

    Raises:
        LocalModelError: One is missing; the hint says how to install it.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise LocalModelError(
            f"The embedded endpoint needs {' and '.join(missing)}, which this installation doesn't have.",
            hint=INSTALL_LOCAL,
        )
