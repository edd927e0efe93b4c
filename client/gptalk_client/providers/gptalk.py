"""The GPTalk service: as a class for library users, and as an instance for the app.

```python
messages = [{"role": "user", "content": "Привет, как дела?"}]
async for message in GPTalk.create_async_generator(model="gpt-3.5-turbo", messages=messages):
    print(message)
```
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, ClassVar

from gptalk_client.addresses import Address
from gptalk_client.errors import AuthError, ProviderError, RateLimitedError
from gptalk_client.models import (
    DEFAULT_MODEL,
    Messages,
    Phase,
    PhaseChanged,
    ReplyEvent,
    ReplyRequest,
    TextAdded,
    TextReplaced,
)
from gptalk_client.paths import Paths
from gptalk_client.providers import gptalk_requests as requests
from gptalk_client.providers.auth_cache import AuthCache, AuthStatus, Login, is_usable_token
from gptalk_client.providers.base import (
    AsyncGeneratorProvider,
    Provider,
    Rewritten,
    join,
    reply_timed_out,
)
from gptalk_client.providers.cumulative import CumulativeText
from gptalk_client.providers.gptalk_arguments import Arguments
from gptalk_client.providers.http import HttpClient
from gptalk_client.providers.http_errors import TokenRefusedError, hide
from gptalk_client.providers.hybrid import hybridmethod
from gptalk_client.providers.loops import running_loop
from gptalk_client.providers.model_info import ModelInfo
from gptalk_client.providers.retries import Retries, Retry
from gptalk_client.providers.stream_reader import StreamReader
from gptalk_client.providers.streaming_request import StreamingRequest
from gptalk_client.settings import Timeouts

__all__ = ["GPTalk", "Timeouts"]

MAX_USES = 5
"""How many replies one login serves; the next one asks for another."""

_ASSUMED_LIFE_S = 86400  # what `_auth` says where the service names no time that makes sense; its 401 decides


class GPTalk(AsyncGeneratorProvider, Provider):
    """The GPTalk service at one address, with its own connections, time limits and token cache.

    `create_async_generator`, `create_async` and `create_completion` also work on the class itself: they then ask
    the class's own `url`, with the login of this installation. An instance belongs to one event loop; `async
    with` closes it.

    Args:
        url: The service's address, also with a path prefix; None takes the class's.
        proxy: A proxy's URL; None takes the environment's. Loopback takes none.
        timeouts: How long each part of a turn may take.
        auth_cache: The logins; None keeps them in memory.
        name: What the provider is called.

    Raises:
        ConfigError: The address cannot be used.
    """

    url: str = "https://gptalk.net"
    working: bool = True
    supports_gpt_35_turbo: bool = True
    _auth: dict[str, Any] | None = None
    used_times: int = 0

    # The dict that was last stored in `_auth` here. Another one was set by hand, and is used as it is.
    _stored: dict[str, Any] | None = None
    _caches: ClassVar[dict[Path, AuthCache]] = {}

    def __init__(
        self,
        url: str | None = None,
        *,
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        auth_cache: AuthCache | None = None,
        name: str = "gptalk",
    ) -> None:
        self._address = Address.parse(type(self).url if url is None else url)
        self.url = self._address.base
        self.name = name
        self.auth_cache = auth_cache or AuthCache(None)
        self._proxy = proxy
        self._timeouts = timeouts or Timeouts()
        self._http = HttpClient(self._address, proxy=proxy, timeouts=self._timeouts)
        self._auth = self._stored = None
        self.used_times = 0
        self._owner: GPTalk | type[GPTalk] = self
        """Whose `_auth` and `used_times` its replies use: its own, or the class's."""

    @property
    def service(self) -> str:  # type: ignore[override]
        """The service's host for display."""
        return self._address.service

    async def models(self) -> list[str]:
        """Return the service's known model; the protocol has no request that lists them."""
        return [DEFAULT_MODEL]

    def model_for(self, asked: str) -> str:
        """Return the name of the model that answers a request."""
        return asked or DEFAULT_MODEL

    async def warm_up(self) -> None:
        """Prepare for the first turn without using the network: load httpx, read the certificates."""
        await self._http.warm_up()

    async def aclose(self) -> None:
        """Close the connections. The instance can't be used afterwards."""
        await self._http.aclose()

    async def login(self) -> AuthStatus:
        """Request a new token, whatever is cached; return its state without the token.

        Raises:
            ProviderError: The service gave none.
        """
        cached = self.auth_cache.current(self.url)
        login = await self.auth_cache.login(self.url, self._sign_in, refused=cached.token if cached else "")
        return AuthStatus(self._address.public, login.expires_at, login.used_times, login.is_expired)

    async def check(self) -> list[ModelInfo]:
        """Check that the service answers: log in, as the first prompt does, and return its known model.

        Raises:
            ProviderError: It can't be reached, or gives no login.
        """
        await self.login()
        return await self.list_models()

    def logout(self) -> bool:
        """Forget the cached login; return whether there was one."""
        return self.auth_cache.logout(self.url)

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the events of one reply; return once the service marks it complete.

        Raises:
            ProviderError: The reply could not be had, or broke off.
            ConfigError: The address or the proxy cannot be used.
            UsageError: The request cannot be sent, or the instance belongs to another event loop.
        """
        self._http.loop.check()
        turn = _Turn(self, request)
        yield PhaseChanged(Phase.CONNECTING)
        await self._http.reclaim_connections()
        try:
            while turn.streaming is None:
                if not turn.find_login():
                    yield PhaseChanged(Phase.SIGNING_IN)
                retry = await turn.advance()
                if retry is not None:
                    yield PhaseChanged(Phase.RETRYING, retry.wait_s, retry.reason)
                    await asyncio.sleep(retry.wait_s)
                elif turn.stream_token and turn.streaming is None:
                    yield PhaseChanged(Phase.WAITING)
            async with aclosing(turn.reader.events()) as events:
                async for event in events:
                    if not turn.is_counted and isinstance(event, TextAdded | TextReplaced):
                        turn.count_use()
                    yield event
        except ProviderError as err:
            raise turn.hide(err) from None
        finally:
            if turn.streaming is not None and not turn.reader.is_over:
                await turn.streaming.close()

    async def _sign_in(self, fingerprint: str) -> Login:
        response = await self._http.fetch(requests.login_request(self._address.origin, fingerprint))
        return requests.read_login(response, self.service)

    @hybridmethod
    async def create_async_generator(
        self_or_cls: GPTalk | type[GPTalk],
        /,
        model: str,
        messages: Messages,
        proxy: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[str, None]:
        """Yield the reply piece by piece; a piece of type `Rewritten` replaces everything before it.

        Args:
            model: Empty means `gpt-3.5-turbo`.
            messages: `{"role": ..., "content": ...}`, oldest first.
            proxy: A proxy's URL; None takes the instance's, or the environment's.
            **kwargs: `stream=False` yields the whole reply at once; `timeout` limits the reply, in seconds;
                `system_prompt` goes before the messages; members of the submit body, such as `temperature`,
                override it, and `body` holds any others.

        Raises:
            ProviderError: The reply could not be had, or broke off.
            ConfigError: The address or the proxy cannot be used.
            UsageError: An argument makes no sense, or a message is not text.
        """
        running_loop()
        wanted = Arguments.read(kwargs)
        if wanted.system_prompt:
            requests.flatten(messages)  # raises unless they are messages
            messages = [{"role": "system", "content": wanted.system_prompt}, *messages]
        request = ReplyRequest(messages, model, wanted.body)
        provider = self_or_cls._provider(proxy)
        try:
            pieces = _pieces(provider.stream(request), wanted.timeout_s)
            async with aclosing(pieces if wanted.stream else _whole(pieces)) as texts:
                async for text in texts:
                    yield text
        finally:
            if provider is not self_or_cls:
                await provider.aclose()

    @hybridmethod
    def _provider(self_or_cls: GPTalk | type[GPTalk], /, proxy: str | None) -> GPTalk:
        """Return the instance to ask: this one, unless it has another proxy; for the class, one of its own."""
        if isinstance(self_or_cls, GPTalk):
            return self_or_cls if proxy in (None, self_or_cls._proxy) else self_or_cls._copy(proxy)
        path = Paths.default().auth
        provider = self_or_cls(proxy=proxy, auth_cache=self_or_cls._caches.setdefault(path, AuthCache(path)))
        provider._owner = self_or_cls
        return provider

    def _copy(self, proxy: str | None) -> GPTalk:
        """Return an instance with its own connections, and everything else as here."""
        copy = type(self)(
            self.url, proxy=proxy, timeouts=self._timeouts, auth_cache=self.auth_cache, name=self.name
        )
        copy._owner = self._owner
        return copy

    def _for_other_loop(self) -> GPTalk:
        return self._copy(self._proxy)


async def _pieces(
    events: AsyncGenerator[ReplyEvent, None], timeout_s: float | None
) -> AsyncGenerator[str, None]:
    """Yield the text of a reply's events."""
    end = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
    async with aclosing(events):
        while True:
            try:
                # Around each event alone: what the caller does between two of them is not ours to cancel.
                async with asyncio.timeout_at(end):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise reply_timed_out(timeout_s) from None
            if isinstance(event, TextAdded):
                yield event.text
            elif isinstance(event, TextReplaced):
                yield Rewritten(event.text)


async def _whole(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """Yield all pieces as one."""
    async with aclosing(pieces):
        yield await join(pieces)


class _Turn:
    """The progress of one reply: a login, then a stream token, then an open stream."""

    def __init__(self, provider: GPTalk, request: ReplyRequest) -> None:
        requests.flatten(request.messages)  # raises before anything is sent
        self._provider = provider
        self._request = request
        self._retries = Retries()
        self._login: Login | None = None
        self._is_fresh = False
        self._is_renewal = False
        self._refused = ""
        self._has_restarted = False
        self.stream_token = ""
        self.streaming: StreamingRequest | None = None
        self.reader = StreamReader(CumulativeText())
        self.is_counted = False

    def find_login(self) -> bool:
        """Use a login that is already there and not used up, if any; return whether there was one."""
        if self._login is None:
            for login in (self._given_login(), self._provider.auth_cache.current(self._provider.url)):
                if login is None or login.token == self._refused:
                    continue
                if login.used_times < MAX_USES or self._has_restarted:
                    self._use(login, is_fresh=False)
                    break
                self._refused, self._is_renewal = login.token, True
        return self._login is not None

    def _given_login(self) -> Login | None:
        """Return the login that was set as `_auth` by hand, if it has not expired."""
        owner = self._provider._owner
        auth = owner._auth
        if not isinstance(auth, dict) or auth is owner._stored or not is_usable_token(auth.get("token")):
            return None
        expires_at = auth.get("expires_at")
        expires_at = int(expires_at) if isinstance(expires_at, int | float) else None
        login = Login(auth["token"], expires_at, owner.used_times)
        return None if login.is_expired else login

    def _use(self, login: Login, *, is_fresh: bool) -> None:
        self._login, self._is_fresh = login, is_fresh
        owner = self._provider._owner
        if owner._auth is None or is_fresh or owner._auth.get("token") != login.token:
            expires_at = login.expires_at or int(time.time()) + _ASSUMED_LIFE_S
            owner._auth = owner._stored = {"token": login.token, "expires_at": expires_at}
            owner.used_times = login.used_times

    async def advance(self) -> Retry | None:
        """Take the next step; return a wait if it failed and should be retried.

        Raises:
            ProviderError: The step failed for good.
        """
        is_login = self._login is None
        try:
            if self._login is None:
                login = await self._provider.auth_cache.login(
                    self._provider.url, self._provider._sign_in, refused=self._refused
                )
                self._use(login, is_fresh=True)
            elif not self.stream_token:
                self.stream_token = await self._submit(self._login)
            else:
                await self._open_stream()
        except AuthError as err:
            if is_login and self._is_renewal:
                raise RateLimitedError(err.message, hint=requests.USED_UP_HINT) from None
            if not isinstance(err, TokenRefusedError):
                raise
            self._start_again(err, is_login)
        except ProviderError as err:
            retry = self._retries.after(self.hide(err), can_repeat=is_login)
            if retry is None:
                raise
            return retry
        return None

    def _start_again(self, error: AuthError, is_login: bool) -> None:
        """Start over after a 401, with a new login if the token was cached; at most once a turn."""
        if is_login or self._has_restarted or (self._is_fresh and not self.stream_token):
            raise error
        assert self._login is not None
        self._has_restarted = True
        self.stream_token = ""
        if not self._is_fresh:
            self._refused, self._login = self._login.token, None

    async def _submit(self, login: Login) -> str:
        request = requests.submit_request(self._provider._address.origin, login, self._request)
        response, service = await self._provider._http.fetch(request), self._provider.service
        if requests.grants_nothing(response):
            if self._is_renewal:
                raise requests.used_up(service, response)
            if not self._is_fresh:
                self._is_renewal, self._refused, self._login = True, login.token, None
                return ""
        return requests.read_stream_token(response, service)

    async def _open_stream(self) -> None:
        request = requests.stream_request(self._provider._address.origin, self.stream_token)
        response, streaming = await self._provider._http.stream(request, self.reader)
        try:
            requests.check_stream(response, self._provider.service)
        except ProviderError:
            await streaming.close()
            raise
        self.streaming = streaming

    def hide(self, error: ProviderError) -> ProviderError:
        """Remove this turn's tokens from an error, in case the service quoted them."""
        return hide(error, self._login.token if self._login else "", self._refused, self.stream_token)

    def count_use(self) -> None:
        """Count the reply for its token."""
        self.is_counted = True
        assert self._login is not None
        self._provider.auth_cache.count_use(self._provider.url, self._login.token)
        self._provider._owner.used_times += 1
