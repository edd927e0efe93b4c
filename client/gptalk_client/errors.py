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
show it through `gptalk_client.text.visible`.
"""

from __future__ import annotations

TEXT_KEPT = "The text so far is kept. Try again for a whole reply."
"""The hint for a reply that broke off."""


class GptalkError(Exception):
    """Root of every error that this project raises on purpose.

    Args:
        message: One sentence: what happened.
        hint: One sentence: what to do next. Each class brings a default.
    """

    default_hint = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint

    def for_humans(self) -> str:
        """Return what happened and what to do next, in one or two sentences."""
        # A service's reason may end without a full stop.
        stop = "." if self.hint and self.message[-1:].isalnum() else ""
        return f"{self.message}{stop} {self.hint}".strip()


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

    default_hint = "Check the folder's permissions, or choose another with --data-dir."


class NewerSchemaError(StoreError):
    """A later version of the program wrote the database."""

    default_hint = "Update gptalk-tui, or choose another folder with --data-dir."


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

    default_hint = "Check --proxy and the proxy variables of the environment."


class TLSError(ProviderError):
    """The service's certificate is not valid."""

    default_hint = "Check the clock and the network; certificates are always verified."


class AuthError(ProviderError):
    """The service refused the login or the token."""

    default_hint = "`gptalk-tui auth login` logs in again."


class BlockedError(ProviderError):
    """A challenge page or a captive portal answered instead of the service."""

    default_hint = "Open the service in a browser, or sign in to the network, then try again."


class RateLimitedError(ProviderError):
    """The service is limiting requests.

    Args:
        message: One sentence.
        retry_after_s: Seconds that the service asks to wait, if it said so.
    """

    default_hint = "Wait a moment, then try again."

    def __init__(self, message: str, *, retry_after_s: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class ServerError(ProviderError):
    """The service reported a failure.

    Args:
        message: One sentence, with the service's own reason where it gave one.
        status: The HTTP status, if that told.
    """

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ProtocolError(ProviderError):
    """The response does not follow the protocol."""

    default_hint = "Check the address of the service with --url."


class TruncatedError(ProviderError):
    """The stream ended before its end mark: the reply may be incomplete."""

    default_hint = TEXT_KEPT


class StalledError(ProviderError):
    """The stream went silent."""

    default_hint = TEXT_KEPT
