"""A client library for the GPTalk chat service, with a store of conversations and an embedded endpoint.

The public names are loaded when they are first used, so that `import gptalk_client` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gptalk_client.chat import Chat
    from gptalk_client.errors import (
        AuthError,
        BlockedError,
        ConfigError,
        GptalkError,
        LocalModelError,
        NetworkError,
        NewerSchemaError,
        ProtocolError,
        ProviderError,
        ProxyError,
        RateLimitedError,
        ServerError,
        StalledError,
        StoreError,
        StoreFullError,
        StoreReadOnlyError,
        TimedOutError,
        TLSError,
        TranscriptError,
        TruncatedError,
        UsageError,
    )
    from gptalk_client.models import (
        AsyncResult,
        Conversation,
        Message,
        Messages,
        Phase,
        PhaseChanged,
        ReplyRequest,
        Role,
        SearchHit,
        Status,
        TextAdded,
        TextReplaced,
        TurnEnded,
        TurnOpened,
    )
    from gptalk_client.providers.base import AsyncGeneratorProvider, Provider, Rewritten
    from gptalk_client.providers.gptalk import GPTalk
    from gptalk_client.store.store import Store

_HOMES = {
    "chat": ["Chat"],
    "errors": [
        "AuthError", "BlockedError", "ConfigError", "GptalkError", "LocalModelError", "NetworkError",
        "NewerSchemaError", "ProtocolError", "ProviderError", "ProxyError", "RateLimitedError", "ServerError",
        "StalledError", "StoreError", "StoreFullError", "StoreReadOnlyError", "TLSError", "TimedOutError",
        "TranscriptError", "TruncatedError", "UsageError",
    ],
    "models": [
        "AsyncResult", "Conversation", "Message", "Messages", "Phase", "PhaseChanged", "ReplyRequest", "Role",
        "SearchHit", "Status", "TextAdded", "TextReplaced", "TurnEnded", "TurnOpened",
    ],
    "providers.base": ["AsyncGeneratorProvider", "Provider", "Rewritten"],
    "providers.gptalk": ["GPTalk"],
    "store.store": ["Store"],
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "AsyncGeneratorProvider", "AsyncResult", "AuthError", "BlockedError", "Chat", "ConfigError", "Conversation",
    "GPTalk", "GptalkError", "LocalModelError", "Message", "Messages", "NetworkError", "NewerSchemaError", "Phase",
    "PhaseChanged", "ProtocolError", "Provider", "ProviderError", "ProxyError", "RateLimitedError", "ReplyRequest",
    "Rewritten", "Role", "SearchHit", "ServerError", "StalledError", "Status", "Store", "StoreError",
    "StoreFullError", "StoreReadOnlyError", "TLSError", "TextAdded", "TextReplaced", "TimedOutError",
    "TranscriptError", "TruncatedError", "TurnEnded", "TurnOpened", "UsageError", "__version__",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
