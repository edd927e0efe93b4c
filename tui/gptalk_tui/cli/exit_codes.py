"""Exit codes: 0; 1 failed; 2 usage; 3 the service or the network; 128 and more for signals."""

from __future__ import annotations

from gptalk_client.errors import ConfigError, GptalkError, ProviderError, UsageError

FAILED, USAGE, SERVICE = 1, 2, 3


def exit_code_of(error: GptalkError) -> int:
    """Return the exit code that an error ends the program with."""
    if isinstance(error, ProviderError):
        return SERVICE
    return USAGE if isinstance(error, UsageError | ConfigError) else FAILED
