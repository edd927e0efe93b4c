"""How engines are told to go on from the text of a reply, instead of beginning another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gptalk_client.addresses import Address


@dataclass(frozen=True, slots=True)
class Prefill:
    """What a request has for it, beside a last message of the assistant."""

    body: Mapping[str, Any] = field(default_factory=dict)
    """Members of the body."""
    message: Mapping[str, Any] = field(default_factory=dict)
    """Members of that message."""


_BY_OWNER = {
    # Sources: https://docs.vllm.ai, chat completions; llama.cpp, tools/server/README.md; Ollama, docs/api.md.
    "vllm": Prefill(body={"add_generation_prompt": False, "continue_final_message": True}),
    "llamacpp": Prefill(),
    "library": Prefill(),
}
_PREFIX = Prefill(message={"prefix": True})


def prefill_of(address: Address, owner: object) -> Prefill | None:
    """Return how an engine goes on from a text; None if it is not known to.

    Args:
        address: The engine's address.
        owner: Who owns its first model, as its list says: `library` is Ollama.
    """
    if address.host == "api.mistral.ai" or (address.host == "api.deepseek.com" and "/beta" in address.base):
        return _PREFIX
    if address.host == "api.anthropic.com":
        return Prefill()
    return _BY_OWNER.get(owner) if isinstance(owner, str) else None
