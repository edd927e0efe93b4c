"""What the keyword arguments of `GPTalk.create_async_generator` mean. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gptalk_client.errors import UsageError
from gptalk_client.providers.base import check_timeout
from gptalk_client.providers.gptalk_requests import BODY_MEMBERS

_REFUSED = {
    "headers": "GPTalk sends the headers that its protocol names; no others can be added.",
    "cookies": "The GPTalk protocol has no cookies.",
    "api_key": "GPTalk has no API keys: it logs in as a guest by itself.",
    "proxies": "GPTalk takes one proxy, as proxy='http://host:port'.",
}


@dataclass(frozen=True, slots=True)
class Arguments:
    """The keyword arguments of one call, by their meaning."""

    stream: bool = True
    """Whether to yield pieces; otherwise the whole reply at its end."""
    timeout_s: float | None = None
    """How long the whole reply may take, in seconds."""
    system_prompt: str = ""
    """Goes before the messages."""
    body: dict[str, Any] = field(default_factory=dict)
    """Overrides members of the submit body, or adds to them."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Arguments:
        """Return what was asked for. An argument that is None counts as not given.

        Raises:
            UsageError: An argument that GPTalk doesn't have, or a value that makes no sense.
        """
        rest = {name: value for name, value in given.items() if value is not None}
        stream, timeout_s = rest.pop("stream", True), rest.pop("timeout", None)
        system_prompt, body = rest.pop("system_prompt", ""), rest.pop("body", {})
        for name, reason in _REFUSED.items():
            if rest.pop(name, None):
                raise UsageError(reason)
        if not isinstance(stream, bool):
            raise UsageError("stream must be True or False.")
        if timeout_s is not None:
            check_timeout(timeout_s)
        if not isinstance(system_prompt, str):
            raise UsageError("system_prompt must be text.")
        if not isinstance(body, Mapping) or not all(isinstance(name, str) for name in body):
            raise UsageError("body must be a mapping of names to values.")
        if unknown := sorted(rest.keys() - BODY_MEMBERS):
            raise UsageError(
                f"GPTalk has no argument {unknown[0]!r}.",
                hint=f"To send it to the service anyway, pass body={{{unknown[0]!r}: ...}}.",
            )
        return cls(stream, timeout_s, system_prompt, {**rest, **body})
