"""httpx's exceptions and a service's responses, translated into this project's own errors.

None of httpx's text gets through, since it may contain an address and so a token: all sentences are written here.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gptalk_client.errors import (
    AuthError,
    BlockedError,
    ConfigError,
    GptalkError,
    NetworkError,
    ProtocolError,
    ProviderError,
    ProxyError,
    RateLimitedError,
    Remedy,
    ServerError,
    TimedOutError,
    TLSError,
    TruncatedError,
)
from gptalk_client.providers.json_text import decode_json, server_reason, shorten
from gptalk_client.providers.refusals import names_bad_key, rejected

DEFAULT_RETRY_AFTER_S = 2.0
"""How long to wait if a service sends no intelligible `Retry-After`, in seconds."""


_HOST_HINT = "Check the address and the network."
_START_HINT = "Start the engine there, then try again."
_REFUSED_HINT = "Check that it is running, and the port in its address."


class TokenRefusedError(AuthError):
    """The service responded with 401: another token may help."""


@dataclass(frozen=True, slots=True)
class Response:
    """The response to one request."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Empty if the body is streamed. Never longer than the request's `max_body_bytes`."""

    @property
    def kind(self) -> str:
        """The media type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether it is a web page."""
        start = self.body[:64].lstrip().lower()
        return self.kind in ("text/html", "application/xhtml+xml") or start.startswith(
            (b"<!doctype", b"<html")
        )

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            ProtocolError: It is something else.
        """
        value = decode_json(self.body)
        if not isinstance(value, dict):
            raise ProtocolError("The service answered with something other than a JSON object.")
        return value

    def reason(self) -> str:
        """Return the reason given by the service; empty if there is none."""
        try:
            return server_reason(decode_json(self.body))
        except ProtocolError:
            return ""


Err = TypeVar("Err", bound=GptalkError)


def hide(error: Err, *secrets: str) -> Err:
    """Remove secrets from an error's text, in case the service quoted them; return the error."""
    for secret in secrets:
        if secret and secret in error.message:
            error.message = error.message.replace(secret, "[hidden]")
            error.args = (error.message,)
    return error


def check_response(response: Response, service: str, *, secret: str = "token") -> None:
    """Raise the error that a response means, if any.

    Args:
        response: The whole response, or the head of a streamed one.
        service: The service's display name.
        secret: What to call the credential in an error.

    Raises:
        ProviderError: The response is a refusal, a failure, a redirect or a web page.
    """
    status = response.status
    if status == 407:
        raise ProxyError("The proxy requires a user name and password.")
    if 300 <= status < 400:
        raise ProtocolError(f"{service} redirects to {_redirect_host(response)}; redirects aren't followed.")
    if response.is_html and (status in (403, 503) or status < 300):
        raise BlockedError(f"A web page answered instead of {service} (status {status}).")
    said = f": {reason}" if (reason := response.reason()) else "."
    if status == 401:
        raise TokenRefusedError(f"{service} refused the {secret}{said}")
    if status == 400 and names_bad_key(reason):
        raise AuthError(f"{service} refused the {secret}{said}")
    if status == 403:
        raise AuthError(f"{service} refused the request{said}")
    if status == 429:
        wait_s = parse_retry_after(response.headers.get("retry-after"))
        raise RateLimitedError(f"{service} is limiting requests{said}", retry_after_s=wait_s)
    if status >= 500:
        raise ServerError(f"{service} failed with status {status}{said}", status=status)
    if status >= 400 and reason:
        what = "rejected the request" if status in (400, 422) else f"answered with status {status}"
        raise rejected(f"{service} {what}{said}", response.body, status)
    if status >= 400:
        raise ProtocolError(f"{service} does not know this address (status {status}).")
    if status in (204, 205):
        raise ProtocolError(f"{service} sent an empty response.")


def parse_retry_after(value: str | None, *, now_s: float | None = None) -> float:
    """Return how many seconds a `Retry-After` header asks for.

    Source: RFC 9110, section 10.2.3. Seconds or a date; anything else counts as 2 seconds.
    """
    if value is None:
        return DEFAULT_RETRY_AFTER_S
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    from email.utils import parsedate_to_datetime  # loads a lot, and is rarely needed

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the latter for a year or zone out of range
        return DEFAULT_RETRY_AFTER_S
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - (time.time() if now_s is None else now_s))


def translate(
    err: Exception, *, service: str, proxy: str | None, in_body: bool, is_loopback: bool = False
) -> ProviderError | ConfigError | None:
    """Return what an exception from httpx or httpcore means, without any of its text; None if it is not theirs.

    Args:
        err: What was raised.
        service: The service's display name.
        proxy: The proxy's display name, if there is one.
        in_body: Whether the response headers had arrived, so that some text may have been read.
        is_loopback: Whether the service is on this computer.
    """
    import httpcore
    import httpx

    if isinstance(err, httpcore.ConnectTimeout | httpcore.PoolTimeout):
        through = f" through the proxy {proxy}" if proxy else ""
        return TimedOutError(f"Connecting to {service}{through} timed out.", phase="connect")
    if isinstance(err, httpcore.TimeoutException):
        return TimedOutError(f"{service} did not answer in time.", phase="headers")
    if isinstance(err, httpcore.ProxyError):
        status = str(err)[:3]  # httpcore starts with the proxy's status for CONNECT
        if status == "407":
            return ProxyError(f"The proxy {proxy} requires a user name and password.")
        return ProxyError(f"The proxy {proxy} refused{f' ({status})' if status.isdigit() else ''}.")
    if isinstance(err, httpcore.ConnectError):
        return _translate_connect_error(err, service, proxy, is_loopback)
    if isinstance(err, httpcore.RemoteProtocolError):
        return _translate_bad_http(str(err), service, in_body)
    if isinstance(err, httpcore.NetworkError | OSError):
        if in_body:
            return TruncatedError(f"The connection to {service} broke before the end of the reply.")
        return NetworkError(f"The connection to {service} broke before it answered.")
    if isinstance(err, httpx.RemoteProtocolError):  # httpx's own: the target of a redirect is unreadable
        return ProtocolError(f"{service} redirects to another address; redirects aren't followed.")
    if isinstance(err, httpx.InvalidURL | httpcore.UnsupportedProtocol | httpcore.LocalProtocolError):
        return ConfigError("The address or a header of the request cannot be used.")
    return None


def _translate_connect_error(
    err: Exception, service: str, proxy: str | None, is_loopback: bool
) -> ProviderError:
    import socket

    causes = _causes(err)
    tls = next((each for each in causes if isinstance(each, ssl.SSLError)), None)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return TLSError(f"The certificate of {service} is not valid: {shorten(tls.verify_message)}.")
    if tls is not None:
        return TLSError(
            f"No secure connection to {service} ({shorten(getattr(tls, 'reason', None) or str(tls))})."
        )
    if proxy:
        return ProxyError(f"The proxy {proxy} cannot be reached.")
    if any(isinstance(each, socket.gaierror | UnicodeError) for each in causes):
        return NetworkError(f"No such host: {service}.", hint=_HOST_HINT, remedy=Remedy.ADDRESS)
    if is_loopback:
        return NetworkError(f"Nothing answers at {service}.", hint=_START_HINT)
    if any(isinstance(each, ConnectionRefusedError) for each in causes):
        return NetworkError(f"{service} refused the connection.", hint=_REFUSED_HINT)
    return NetworkError(f"Could not connect to {service}.")


def _translate_bad_http(text: str, service: str, in_body: bool) -> ProviderError:
    # httpcore passes on h11's messages; these two distinguish a closed connection from garbage on it.
    if "peer closed connection" in text or "peer unexpectedly closed" in text:
        return TruncatedError(f"{service} hung up before the end of the reply.")
    if "Server disconnected" in text:
        return NetworkError(f"{service} hung up without answering.")
    where = "in the middle of the reply" if in_body else "in its response"
    return ProtocolError(f"{service} sent invalid HTTP {where}.")


def _causes(err: BaseException) -> list[BaseException]:
    """Return an exception and its causes, with groups flattened."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [err]
    while waiting:
        each = waiting.pop()
        if each is None or each in found:
            continue
        found.append(each)
        # The pool drops causes; like httpcore's own, our network backend also passes the cause as an argument.
        waiting += [each.__cause__, each.__context__, *(a for a in each.args if isinstance(a, BaseException))]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
    return found


def _redirect_host(response: Response) -> str:
    try:
        host = urlsplit(response.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return shorten(host) if host else "another address"
