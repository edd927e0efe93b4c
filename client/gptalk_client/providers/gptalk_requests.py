"""The three requests of the GPTalk protocol, and what the responses mean. No I/O."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from gptalk_client.errors import AuthError, ProtocolError, ServerError
from gptalk_client.models import DEFAULT_MODEL, Messages, ReplyRequest
from gptalk_client.providers.auth_cache import Login, is_usable_token, parse_expiry
from gptalk_client.providers.http import Request
from gptalk_client.providers.http_errors import Response, TokenRefusedError, check_response
from gptalk_client.providers.json_text import server_reason
from gptalk_client.text import replace_surrogates

USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)

_BROWSER_HEADERS = {
    "accept": "*/*",
    "content-type": "application/json",
    "accept-language": "en-US,en;q=0.9",
    "sec-ch-ua": '"Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "sec-fetch-dest": "empty",
    "sec-fetch-mode": "cors",
    "sec-fetch-site": "same-origin",
    "user-agent": USER_AGENT,
    "x-auth-appid": "2229",
    "x-auth-openid": "",
    "x-auth-platform": "",
}
_ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}


def headers(origin: str) -> dict[str, str]:
    """Return the headers of every request."""
    return {**_BROWSER_HEADERS, "origin": origin, "x-auth-timestamp": str(int(time.time()))}


def login_request(origin: str, fingerprint: str) -> Request:
    """Return the request for a token."""
    body = {"fingerprint": fingerprint, "platform": "fingerprint"}
    return Request("POST", "/api/chatgpt/user/login", headers(origin), body=json.dumps(body).encode())


def submit_request(origin: str, token: str, request: ReplyRequest) -> Request:
    """Return the request that submits the prompt."""
    sent = {**headers(origin), "authorization": f"Bearer {token}"}
    return Request("POST", "/api/chatgpt/chatapi/text", sent, body=submit_body(request))


def stream_request(origin: str, stream_token: str) -> Request:
    """Return the request for the reply."""
    return Request("GET", "/api/chatgpt/chatapi/stream", headers(origin), params={"token": stream_token})


def submit_body(request: ReplyRequest) -> bytes:
    """Return the JSON that submits a prompt; the request's options override its members."""
    options = dict(request.options)
    if "context_messages" in options:
        options.setdefault("ctx_msg_count", options.pop("context_messages"))
        options.pop("context_messages", None)
    body = {
        "content": flatten(request.messages),
        "accept": "stream",
        "from": 1,
        "model": request.model or DEFAULT_MODEL,
        "is_mobile": 0,
        "user_agent": USER_AGENT,
        "is_open_ctx": 0,
        "prompt": "",
        "roid": 111,
        "temperature": 0,
        "ctx_msg_count": 3,
        "created_at": int(time.time()),
        **options,
    }
    # ASCII, since options may contain lone surrogates, which UTF-8 can't encode.
    return json.dumps(body).encode("ascii")


def flatten(messages: Messages) -> str:
    """Return a conversation as one prompt: a single message unchanged, several as `Role: content` lines."""
    if len(messages) == 1:
        return _text_of(messages[0])
    lines = []
    for message in messages:
        role = str(message.get("role", "user"))
        lines.append(f"{_ROLES.get(role, role.capitalize())}: {_text_of(message)}")
    return "\n".join([*lines, "Assistant:"])


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    if isinstance(content, list):
        content = "".join(
            part.get("text", "") if isinstance(part, Mapping) else str(part) for part in content
        )
    return replace_surrogates(content if isinstance(content, str) else str(content))


def read_login(response: Response, service: str) -> Login:
    """Return the login that a response grants.

    Raises:
        ProviderError: It grants none; the message includes the service's reason.
    """
    check_response(response, service)
    data, reason, _ = _data_of(response)
    token = data.get("token")
    if not isinstance(token, str) or not is_usable_token(token):
        raise AuthError(f"{service} gave no {f'token: {reason}' if reason else 'usable token.'}")
    return Login(token, parse_expiry(data.get("expires_at")))


def read_stream_token(response: Response, service: str) -> str:
    """Return the one-time stream token from the response to a submitted prompt.

    Raises:
        ProviderError: There is none; the message includes the service's reason.
    """
    check_response(response, service)
    data, reason, code = _data_of(response)
    token = data.get("token")
    if isinstance(token, str) and is_usable_token(token):
        return token
    if code == 401:
        raise TokenRefusedError(f"{service} refused the token: {reason}")
    if reason:
        raise ServerError(f"{service} rejected the prompt: {reason}", status=response.status)
    raise ProtocolError(f"{service} accepted the prompt but returned no stream token.")


def check_stream(response: Response, service: str) -> None:
    """Return if the response is a stream.

    Raises:
        ProviderError: It is something else; the message includes the service's reason.
    """
    check_response(response, service)
    if not response.kind.endswith("json") and not response.body:
        return
    _, reason, code = _data_of(response)
    if code == 401:
        raise TokenRefusedError(f"{service} refused the stream: {reason}")
    if reason:
        raise ServerError(f"{service} did not send a reply: {reason}", status=response.status)
    raise ProtocolError(f"{service} answered with something other than a stream.")


def _data_of(response: Response) -> tuple[dict[str, Any], str, Any]:
    """Return the member `data`, the service's reason, and its code."""
    value = response.json_object()
    data = value.get("data")
    return data if isinstance(data, dict) else {}, server_reason(value), value.get("code")
