"""Everything that can go wrong, as one tree.

GptalkError
├── ConfigError                a setting, option or environment variable that cannot be used
├── UsageError                 a request that makes no sense: no such conversation, an ambiguous id
├── StoreError                 the conversations on disk
│   ├── StoreFullError         no space left
│   ├── StoreReadOnlyError     the folder or file cannot be written
│   └── NewerSchemaError       written by a later version
├── TranscriptError            an export or an import
├── LocalModelError            the embedded endpoint, its engine or its weights
└── ProviderError              one turn with a service
    ├── NetworkError           no connection, or it broke before any answer
    ├── TimedOutError          a phase took too long (`phase`: connect, headers)
    ├── ProxyError             the proxy refused
    ├── TLSError               the certificate is not good
    ├── AuthError              the service refused the login or the token
    ├── BlockedError           a challenge page or a captive portal answered instead
    ├── RateLimitedError       too many requests (`retry_after_s`)
    ├── ServerError            the service says that it failed
    ├── ProtocolError          the answer is not of the protocol
    ├── TruncatedError         the stream ended before its end mark
    └── StalledError           the stream went silent

Every error says in `for_humans()` what happened and what to do next. The text may hold words of a server:
show it through `gptalk_client.text.visible`. No hint names an option or a key of a program: a front end adds
its own for the error's `remedy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

TEXT_KEPT = "The text so far is kept. Try again for a whole reply."
"""The hint for a reply that broke off."""


class Remedy(StrEnum):
    """What a person would have to change, for a front end that can say how."""

    ADDRESS = "address"
    """The service's address."""
    CONTEXT = "context"
    """How much of the conversation is sent."""
    DATA_FOLDER = "data folder"
    ENGINE = "engine"
    """Which engine replies."""
    KEY = "key"
    """The provider's key."""
    MODEL = "model"
    MODEL_FILE = "model file"
    OVERWRITE = "overwrite"
    """Whether an existing file may be replaced."""
    PORT = "port"
    PROXY = "proxy"
    SOURCE = "source"
    """The program that an imported file is from."""


_NO_WAYS: Mapping[Remedy, str] = MappingProxyType({})


class GptalkError(Exception):
    """Root of every error that this project raises on purpose.

    Args:
        message: One sentence: what happened.
        hint: One sentence: what to do next. Each class brings a default.
        remedy: What would have to change. Each class brings a default, which goes with its hint.
    """

    default_hint = ""
    default_remedy: Remedy | None = None

    def __init__(self, message: str, *, hint: str | None = None, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.remedy = self.default_remedy if hint is None and remedy is None else remedy

    def for_humans(self, ways: Mapping[Remedy, str] = _NO_WAYS) -> str:
        """Return what happened and what to do next, in one or two sentences.

        Args:
            ways: A sentence for each remedy on how to apply it here; goes last.
        """
        way = ways.get(self.remedy, "") if self.remedy is not None else ""
        next_ = f"{self.hint} {way}".strip()
        # A service's reason may end without a full stop.
        stop = "." if next_ and self.message[-1:].isalnum() else ""
        return f"{self.message}{stop} {next_}".strip()


class ConfigError(GptalkError):
    """An invalid setting, option or environment variable."""

    default_hint = "Correct it and start again; `gptalk-tui config path` prints its path."


class UsageError(GptalkError):
    """A request that makes no sense, such as an unknown conversation id."""


class StoreError(GptalkError):
    """The conversations on disk could not be read or written."""

    default_hint = "`gptalk-tui doctor` checks the data folder."


class StoreFullError(StoreError):
    """No space is left for the conversations."""

    default_hint = "Free some space; saving is retried automatically."


class StoreReadOnlyError(StoreError):
    """The conversations cannot be written."""

    default_hint = "Check the folder's permissions, or choose another folder."
    default_remedy = Remedy.DATA_FOLDER


class NewerSchemaError(StoreError):
    """A later version of the program wrote the database."""

    default_hint = "Update gptalk-tui, or choose another data folder."
    default_remedy = Remedy.DATA_FOLDER


class TranscriptError(GptalkError):
    """A failed export or import."""


class LocalModelError(GptalkError):
    """The embedded endpoint, its engine or its weights."""


class ProviderError(GptalkError):
    """One turn with a service failed. The text so far, if any, is kept."""

    default_hint = "Try again."


class NetworkError(ProviderError):
    """No connection, or it broke before any response."""

    default_hint = "Check the network, then try again."


class TimedOutError(ProviderError):
    """A phase of the turn took too long.

    Args:
        message: One sentence.
        phase: `connect` or `headers`.
    """

    default_hint = "Try again, or raise the timeouts in the settings."

    def __init__(self, message: str, *, phase: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.phase = phase


class ProxyError(ProviderError):
    """The proxy refused or can't be reached."""

    default_hint = "Check the proxy's address and the proxy variables of the environment."
    default_remedy = Remedy.PROXY


class TLSError(ProviderError):
    """The service's certificate is not valid."""

    default_hint = "Check the clock and the network; certificates are always verified."


class AuthError(ProviderError):
    """The service refused the login or the token."""

    default_hint = "`gptalk-tui auth login` logs in again."


class BlockedError(ProviderError):
    """A challenge page or a captive portal answered instead of the service."""

    default_hint = "Open the service in a browser, or sign in to the network."


class RateLimitedError(ProviderError):
    """The service is limiting requests.

    Args:
        message: One sentence.
        retry_after_s: Seconds that the service asks to wait, if it said so.
    """

    default_hint = "Wait a moment before the next prompt."

    def __init__(self, message: str, *, retry_after_s: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class ServerError(ProviderError):
    """The service reported a failure.

    Args:
        message: One sentence, with the service's own reason where it gave one.
        status: The HTTP status, if that told.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        hint: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(message, hint=hint, remedy=remedy)
        self.status = status


class ProtocolError(ProviderError):
    """The response does not follow the protocol."""

    default_hint = "Check the address of the service."
    default_remedy = Remedy.ADDRESS


class TruncatedError(ProviderError):
    """The stream ended before its end mark: the reply may be incomplete."""

    default_hint = TEXT_KEPT


class StalledError(ProviderError):
    """The stream went silent."""

    default_hint = TEXT_KEPT
