"""What a service's own reason for a failure means for the person: which remedy there is."""

from __future__ import annotations

import re

from gptalk_client.errors import Remedy, ServerError

SAID = "The service says: "
"""Introduces a reason that a service gave within its stream."""

# OpenAI and its kin, llama.cpp, vLLM, Anthropic: none of them has a status of its own for either.
_TOO_LONG = re.compile(
    r"context[ _-]?(length|size|window|limit)|maximum context|exceed_context|prompt is too long"
    r"|too many (input |prompt )?tokens|input is too long",
    re.IGNORECASE,
)
_UNKNOWN_MODEL = re.compile(
    r"(model_not_found|(unknown|invalid|no such|unsupported) model"
    r"|model\b.{0,120}?(not found|not exist|not available|isn't available|not supported|unknown))",
    re.IGNORECASE | re.DOTALL,
)
_BAD_KEY = re.compile(
    r"api[ _-]?key\b.{0,40}?(not valid|invalid|expired|missing|not found)"
    r"|(invalid|incorrect|expired|missing) (api[ _-]?)?key",
    re.IGNORECASE,
)
_ANTHROPIC = re.compile(rb'"type"\s*:\s*"authentication_error"|x-api-key|anthropic-version')
_HINTS = {
    Remedy.CONTEXT: "The conversation is too long for the model: send fewer of its messages, fork it from an "
    "earlier message, or start a new one.",
    Remedy.MODEL: "Choose another model.",
}
_LOOKED_AT_CHARS = 4000


ANTHROPIC_VERSION = "2023-06-01"
"""Of Anthropic's own API."""


def names_bad_key(reason: str) -> bool:
    """Return whether a service's reason is that it refuses the key. Gemini says so with status 400."""
    return bool(_BAD_KEY.search(reason))


def is_anthropic_refusal(status: int, body: bytes) -> bool:
    """Return whether a response is Anthropic's refusal of a bearer token, which only its chat completions take.

    Source: https://platform.claude.com/docs/en/api/openai-sdk, and its `GET /v1/models`, which wants `x-api-key`.
    """
    return status in (400, 401) and bool(_ANTHROPIC.search(body[:_LOOKED_AT_CHARS]))


def remedy_of(text: str) -> Remedy | None:
    """Return the remedy that a service's words, or the body that they are from, point to; None if to none."""
    text = text[:_LOOKED_AT_CHARS]
    if _TOO_LONG.search(text):
        return Remedy.CONTEXT
    return Remedy.MODEL if _UNKNOWN_MODEL.search(text) else None


def said(reason: str) -> ServerError:
    """Return the error for a reason that a service gave within its stream."""
    return _error(f"{SAID}{reason}", remedy_of(reason), None, "")


def rejected(message: str, body: bytes, status: int) -> ServerError:
    """Return the error for a request that the service answered with a 4xx status: the same again won't help.

    Args:
        message: One sentence, with the service's reason.
        body: The response's body, which may say more.
        status: The status.
    """
    remedy = Remedy.CONTEXT if status == 413 else remedy_of(body.decode("utf-8", "replace"))
    hint = "Check the model and the parameters." if status in (400, 422) else ""
    return _error(message, remedy, status, hint)


def _error(message: str, remedy: Remedy | None, status: int | None, hint: str) -> ServerError:
    hint = hint if remedy is None else _HINTS[remedy]
    return ServerError(message, status=status, hint=hint, remedy=remedy)
