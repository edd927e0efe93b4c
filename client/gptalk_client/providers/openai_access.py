"""How an OpenAI-compatible endpoint is addressed: its base address, headers and key, none of it ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gptalk_client.addresses import Address
from gptalk_client.errors import AuthError, ConfigError, ProviderError, Remedy
from gptalk_client.providers.api_keys import ApiKey
from gptalk_client.providers.http_errors import hide
from gptalk_client.settings import KEY_PLACE, is_header_name, is_header_value, is_secret


class Access:
    """The headers of every request to one endpoint, the key among them.

    Args:
        name: What the provider is called, for errors.
        api_key: Looked up with the first request.
        headers: Take the place of this program's own; `{key}` in a value is replaced by the key.
        query: Is part of the address; here for what it must not give away.

    Raises:
        ConfigError: A header can't be sent.
    """

    def __init__(
        self, name: str, api_key: ApiKey, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> None:
        for header, value in headers.items():
            if not (is_header_name(header) and is_header_value(value)):
                raise ConfigError(
                    f"The header “{header}” can't be sent.", hint="Correct its name or its value."
                )
        self._name = name
        self._api_key = api_key
        self._own_headers = {header.lower(): value for header, value in headers.items()}
        named = (*headers.items(), *query.items())
        self._secrets = [value for each, value in named if is_secret(each, value)]

    @property
    def known_key(self) -> str:
        """The key, once it was looked up; empty if there is none."""
        return self._api_key.known

    async def headers(self) -> dict[str, str]:
        """Return the headers of a request.

        Raises:
            ConfigError: The key can't be had.
        """
        headers = {"accept": "*/*", "content-type": "application/json", "user-agent": "gptalk-tui"}
        headers |= self._own_headers
        places = [name for name, value in headers.items() if KEY_PLACE in value]
        if "authorization" in headers and not places:
            return headers
        key = await self._api_key.get()
        if key and not places:
            headers["authorization"] = f"Bearer {key}"
        for name in places:
            headers[name] = headers[name].replace(KEY_PLACE, key)
        return headers

    def hide(self, error: ProviderError) -> None:
        """Remove the key and other secrets from an error's text, in case the service quoted them."""
        hide(error, self._api_key.known, *self._secrets)

    def told(self, error: ProviderError) -> ProviderError:
        """Return an error as people may read it: without secrets, and with a hint where the key was refused.

        A refused key is looked up again with the next request.
        """
        self.hide(error)
        if isinstance(error, AuthError) and error.remedy is not Remedy.KEY:  # else it was told already
            has_key = self._api_key.known or self._secrets
            error.hint = (
                f"Check the key of “{self._name}”." if has_key else f"No key is set for “{self._name}”."
            )
            error.remedy = Remedy.KEY
            self._api_key.forget()
        return error


def address_of(url: str, query: Mapping[str, str]) -> Address:
    """Return the base address for `/chat/completions`, from any of the usual ways to write it."""
    address = Address.parse(url.strip(), takes_query=True)
    base = address.base.removesuffix("/chat/completions").rstrip("/")
    base = f"{base}/v1" if base == address.origin else base
    if not query:
        return replace(address, base=base)
    from urllib.parse import urlencode

    given = f"{address.query}&" if address.query else "?"
    return replace(address, base=base, query=given + urlencode(query))
