"""A client library for the GPTalk chat service, with a store of conversations and an embedded endpoint.

The public names are loaded when they are first used, so that `import gptalk_client` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gptalk_client.chat import Chat, Turn
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
        Remedy,
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
        BranchEntry,
        Conversation,
        Finished,
        Message,
        Messages,
        OpenedConversation,
        Phase,
        PhaseChanged,
        QueuedPrompt,
        ReasoningAdded,
        ReplyEvent,
        ReplyFacts,
        ReplyRequest,
        Role,
        SaveFailed,
        SaveRecovered,
        SearchHit,
        Status,
        TextAdded,
        TextReplaced,
        TurnEnded,
        TurnEvent,
        TurnOpened,
        Usage,
        UsageReported,
    )
    from gptalk_client.providers.api_keys import ApiKey, KeptKeys
    from gptalk_client.providers.auth_cache import AuthCache, AuthStatus, Login
    from gptalk_client.providers.base import AsyncGeneratorProvider, Provider, Rewritten
    from gptalk_client.providers.gptalk import GPTalk
    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_client.providers.openai import OpenAI
    from gptalk_client.settings import (
        ChatSettings,
        LocalSettings,
        Persona,
        ProviderSettings,
        Settings,
        Timeouts,
        UiSettings,
    )
    from gptalk_client.store.imported import ImportedConversation, ImportedMessage
    from gptalk_client.store.rows import UNSET, Unset
    from gptalk_client.store.store import Store
    from gptalk_client.store.worker import StoreThread
    from gptalk_client.turn_options import Overrides, TurnOptions

_HOMES = {
    "chat": ["Chat", "Turn"],
    "errors": [
        "AuthError", "BlockedError", "ConfigError", "GptalkError", "LocalModelError", "NetworkError",
        "NewerSchemaError", "ProtocolError", "ProviderError", "ProxyError", "RateLimitedError", "Remedy",
        "ServerError", "StalledError", "StoreError", "StoreFullError", "StoreReadOnlyError", "TLSError",
        "TimedOutError", "TranscriptError", "TruncatedError", "UsageError",
    ],
    "models": [
        "AsyncResult", "BranchEntry", "Conversation", "Finished", "Message", "Messages", "OpenedConversation",
        "Phase", "PhaseChanged", "QueuedPrompt", "ReasoningAdded", "ReplyEvent", "ReplyFacts", "ReplyRequest",
        "Role", "SaveFailed", "SaveRecovered", "SearchHit", "Status", "TextAdded", "TextReplaced", "TurnEnded",
        "TurnEvent", "TurnOpened", "Usage", "UsageReported",
    ],
    "providers.api_keys": ["ApiKey", "KeptKeys"],
    "providers.auth_cache": ["AuthCache", "AuthStatus", "Login"],
    "providers.base": ["AsyncGeneratorProvider", "Provider", "Rewritten"],
    "providers.gptalk": ["GPTalk"],
    "providers.model_info": ["ModelInfo"],
    "providers.openai": ["OpenAI"],
    "settings": [
        "ChatSettings", "LocalSettings", "Persona", "ProviderSettings", "Settings", "Timeouts", "UiSettings",
    ],
    "store.imported": ["ImportedConversation", "ImportedMessage"],
    "store.rows": ["UNSET", "Unset"],
    "store.store": ["Store"],
    "store.worker": ["StoreThread"],
    "turn_options": ["Overrides", "TurnOptions"],
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "UNSET", "ApiKey", "AsyncGeneratorProvider", "AsyncResult", "AuthCache", "AuthError", "AuthStatus",
    "BlockedError", "BranchEntry", "Chat", "ChatSettings", "ConfigError", "Conversation", "Finished",
    "GPTalk", "GptalkError", "ImportedConversation", "ImportedMessage", "KeptKeys", "LocalModelError",
    "LocalSettings", "Login", "Message", "Messages", "ModelInfo", "NetworkError", "NewerSchemaError",
    "OpenAI", "OpenedConversation", "Overrides", "Persona", "Phase", "PhaseChanged", "ProtocolError",
    "Provider", "ProviderError", "ProviderSettings", "ProxyError", "QueuedPrompt", "RateLimitedError",
    "ReasoningAdded", "Remedy", "ReplyEvent", "ReplyFacts", "ReplyRequest", "Rewritten", "Role",
    "SaveFailed", "SaveRecovered", "SearchHit", "ServerError", "Settings", "StalledError", "Status",
    "Store", "StoreError", "StoreFullError", "StoreReadOnlyError", "StoreThread", "TLSError", "TextAdded",
    "TextReplaced", "TimedOutError", "Timeouts", "TranscriptError", "TruncatedError", "Turn", "TurnEnded",
    "TurnEvent", "TurnOpened", "TurnOptions", "UiSettings", "Unset", "Usage", "UsageError", "UsageReported",
    "__version__",
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
