"""Engines on loopback as they answer today: their lists of models, their refusals, and one short reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from support.engine_shapes import DONE, STOP, text
from support.raw_server import Connection, Handler, Request

Answer: TypeAlias = tuple[str, Any]
"""A status, such as `404 Not Found`, and a body: JSON, or bytes that are not."""

Route: TypeAlias = Answer | Callable[[Request], Answer]
"""What a path answers."""

NOT_FOUND: Answer = ("404 Not Found", {"detail": "Not Found"})

OLLAMA: Mapping[str, Route] = {
    "/v1/models": ("200 OK", {"object": "list", "data": [{"id": "qwen3:8b", "owned_by": "library"}]}),
    "/api/tags": (
        "200 OK",
        {
            "models": [
                {"name": "qwen3:8b", "details": {"parameter_size": "8.2B", "quantization_level": "Q4_K_M"}}
            ]
        },
    ),
}

GEMINI: Mapping[str, Route] = {
    "/v1beta/openai/models": (
        "200 OK",
        {
            "object": "list",
            "data": [
                {"id": "models/gemini-2.5-flash", "object": "model", "owned_by": "google"},
                {"id": "models/gemini-2.5-pro", "object": "model", "owned_by": "google"},
            ],
        },
    ),
}

GEMINI_BAD_KEY: Answer = (
    "400 Bad Request",
    [{"error": {"code": 400, "message": "API key not valid. Please pass another.", "status": "INVALID_ARGUMENT"}}],
)  # fmt: skip


def anthropic(request: Request, key: str) -> Answer:
    """Return what Anthropic's list of models answers: it wants the key in a header of its own."""
    if request.headers.get("x-api-key") != key or "anthropic-version" not in request.headers:
        words = "invalid x-api-key" if "x-api-key" in request.headers else "x-api-key header is required"
        return "401 Unauthorized", {
            "type": "error",
            "error": {"type": "authentication_error", "message": words},
        }
    return "200 OK", {
        "data": [
            {"type": "model", "id": "claude-sonnet", "display_name": "Claude", "max_input_tokens": 200000}
        ],
        "has_more": False,
    }


def engine(routes: Mapping[str, Route], *, reply: str = "Fine.") -> Handler:
    """Return a handler that answers by path; chat completions stream a reply unless they have a route."""

    async def handle(connection: Connection) -> None:
        while (request := await connection.request()) is not None:
            route = routes.get(request.path)
            if (
                route is None
                and request.path.endswith("/chat/completions")
                and request.json().get("messages")
            ):
                await connection.start_stream()
                await connection.chunk(text(reply), STOP, DONE)
                await connection.end_stream()
                continue
            status, body = route(request) if callable(route) else route or NOT_FOUND
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            kind = "content-type: text/html\r\n" if raw.startswith(b"<") else ""
            await connection.answer(raw, status=status, headers=kind)

    return handle
