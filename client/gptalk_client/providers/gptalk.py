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
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, ClassVar

from gptalk_client.addresses import Address
from gptalk_client.errors import AuthError, ProviderError
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
from gptalk_client.providers.base import AsyncGeneratorProvider, Provider, Rewritten
from gptalk_client.providers.cumulative import CumulativeText
from gptalk_client.providers.http import HttpClient
from gptalk_client.providers.http_errors import TokenRefusedError, hide
from gptalk_client.providers.retries import Retries, Retry
from gptalk_client.providers.stream_reader import StreamReader
from gptalk_client.providers.streaming_request import StreamingRequest
from gptalk_client.settings import Timeouts

__all__ = ["GPTalk", "Timeouts"]

_ASSUMED_LIFE_S = 86400  # what `_auth` says where the service names no time that makes sense; its 401 decides


class GPTalk(AsyncGeneratorProvider, Provider):
    """The GPTalk service at one address, with its own connections, time limits and token cache.

    The class attributes and `create_async_generator` work without an instance, on the class's own `url`.

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
    _auth: ClassVar[dict[str, Any] | None] = None
    used_times: int = 0

    # The dict that this class stored in `_auth`, and its address. A dict set by hand is trusted.
    _auth_home: ClassVar[tuple[dict[str, Any], str] | None] = None
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
        self._http = HttpClient(self._address, proxy=proxy, timeouts=timeouts or Timeouts())
        self._given: Login | None = None
        self._on_login: Callable[[Login], None] | None = None
        self._on_use: Callable[[], None] | None = None

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

    def logout(self) -> bool:
        """Forget the cached login; return whether there was one."""
        return self.auth_cache.logout(self.url)

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the events of one reply; return once the service marks it complete.

        Raises:
            ProviderError: The reply could not be had, or broke off.
            ConfigError: The address or the proxy cannot be used.
        """
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

    @classmethod
    async def create_async_generator(
        cls, model: str, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[str, None]:
        """Yield the reply piece by piece; a piece of type `Rewritten` replaces everything before it.

        Args:
            model: Empty means `gpt-3.5-turbo`.
            messages: `{"role": ..., "content": ...}`, oldest first.
            proxy: A proxy's URL; None takes the environment's.
            **kwargs: Members that override the request's body, such as `temperature=0.7`.

        Raises:
            ProviderError: The reply could not be had, or broke off.
            ConfigError: The address or the proxy cannot be used.
        """
        path = Paths.default().auth
        provider = cls(proxy=proxy, auth_cache=cls._caches.setdefault(path, AuthCache(path)))
        provider._given = cls._given_login(provider.url)
        provider._on_login = lambda login: cls._remember(login, provider.url)
        provider._on_use = cls._count_use
        try:
            async with aclosing(provider.stream(ReplyRequest(messages, model, kwargs))) as events:
                async for event in events:
                    if isinstance(event, TextAdded):
                        yield event.text
                    elif isinstance(event, TextReplaced):
                        yield Rewritten(event.text)
        finally:
            await provider.aclose()

    @classmethod
    def _given_login(cls, url: str) -> Login | None:
        """Return the class's own token if it is unexpired and may be sent to this address."""
        auth = cls._auth
        if not isinstance(auth, dict) or not is_usable_token(auth.get("token")):
            return None
        if cls._auth_home is not None and cls._auth_home[0] is auth and cls._auth_home[1] != url:
            return None
        expires_at = auth.get("expires_at")
        login = Login(auth["token"], int(expires_at) if isinstance(expires_at, int | float) else None)
        return None if login.is_expired else login

    @classmethod
    def _remember(cls, login: Login, url: str) -> None:
        if cls._auth is not None and cls._auth.get("token") == login.token:
            return
        expires_at = login.expires_at or int(time.time()) + _ASSUMED_LIFE_S
        cls._auth = {"token": login.token, "expires_at": expires_at}
        cls._auth_home = (cls._auth, url)
        cls.used_times = login.used_times

    @classmethod
    def _count_use(cls) -> None:
        cls.used_times += 1


class _Turn:
    """The progress of one reply: a login, then a stream token, then an open stream."""

    def __init__(self, provider: GPTalk, request: ReplyRequest) -> None:
        self._provider = provider
        self._request = request
        self._retries = Retries()
        self._login: Login | None = None
        self._is_fresh = False
        self._refused = ""
        self._has_restarted = False
        self.stream_token = ""
        self.streaming: StreamingRequest | None = None
        self.reader = StreamReader(CumulativeText())
        self.is_counted = False

    def find_login(self) -> bool:
        """Use a login that is already there, if any; return whether there was one."""
        if self._login is None:
            for login in (self._provider._given, self._provider.auth_cache.current(self._provider.url)):
                if login is not None and login.token != self._refused:
                    self._use(login, is_fresh=False)
                    break
        return self._login is not None

    def _use(self, login: Login, *, is_fresh: bool) -> None:
        self._login, self._is_fresh = login, is_fresh
        if self._provider._on_login is not None:
            self._provider._on_login(login)

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
        except TokenRefusedError as err:
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
        request = requests.submit_request(self._provider._address.origin, login.token, self._request)
        return requests.read_stream_token(await self._provider._http.fetch(request), self._provider.service)

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
        if self._provider._on_use is not None:
            self._provider._on_use()
