"""The three requests of the GPTalk protocol, and what the responses mean. No I/O."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from gptalk_client.errors import AuthError, ProtocolError, RateLimitedError, ServerError, UsageError
from gptalk_client.models import DEFAULT_MODEL, Messages, ReplyRequest
from gptalk_client.providers.auth_cache import Login, is_usable_token, parse_expiry
from gptalk_client.providers.http import Request
from gptalk_client.providers.http_errors import Response, TokenRefusedError, check_response
from gptalk_client.providers.json_text import server_reason, shorten
from gptalk_client.providers.refusals import rejected
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
_BODY = {
    "accept": "stream",
    "from": 1,
    "model": DEFAULT_MODEL,
    "is_mobile": 0,
    "user_agent": USER_AGENT,
    "is_open_ctx": 0,
    "prompt": "",
    "roid": 111,
    "temperature": 0,
    "ctx_msg_count": 3,
}
BODY_MEMBERS = {*_BODY, "content", "created_at"}
"""The members of a submit body."""

USED_UP_HINT = (
    "Wait a while, or use another provider: a model on this computer or an OpenAI-compatible service."
)

_ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}


def headers(origin: str) -> dict[str, str]:
    """Return the headers of every request."""
    return {**_BROWSER_HEADERS, "origin": origin, "x-auth-timestamp": str(int(time.time()))}


def login_request(origin: str, fingerprint: str) -> Request:
    """Return the request for a token."""
    body = {"fingerprint": fingerprint, "platform": "fingerprint"}
    return Request("POST", "/api/chatgpt/user/login", headers(origin), body=json.dumps(body).encode())


def submit_request(origin: str, login: Login, request: ReplyRequest) -> Request:
    """Return the request that submits the prompt."""
    sent = {**headers(origin), "authorization": f"Bearer {login.token}"}
    body = submit_body(request, takes_messages=login.takes_messages)
    return Request("POST", "/api/chatgpt/chatapi/text", sent, body=body)


def stream_request(origin: str, stream_token: str) -> Request:
    """Return the request for the reply."""
    return Request("GET", "/api/chatgpt/chatapi/stream", headers(origin), params={"token": stream_token})


def submit_body(request: ReplyRequest, *, takes_messages: bool = False) -> bytes:
    """Return the JSON that submits a prompt; the request's options override its members.

    Args:
        request: The conversation and the options.
        takes_messages: Whether the service announced that it takes the conversation as messages too.

    Raises:
        UsageError: A message or an option cannot be sent.
    """
    options = dict(request.options)
    if "context_messages" in options:
        options.setdefault("ctx_msg_count", options.pop("context_messages"))
        options.pop("context_messages", None)
    messages = _read_messages(request.messages)
    body = {"content": _flatten(messages), **_BODY, "created_at": int(time.time())}
    if request.model:
        body["model"] = request.model
    if takes_messages and all(role in _ROLES for role, _ in messages):
        body["messages"] = [{"role": role, "content": text} for role, text in messages]
    try:
        # ASCII, since options may contain lone surrogates, which UTF-8 can't encode.
        return json.dumps({**body, **options}, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as err:
        raise UsageError("An option of the request cannot be sent as JSON.") from err


def flatten(messages: Messages) -> str:
    """Return a conversation as one prompt: a single message unchanged, several as `Role: content` lines.

    Raises:
        UsageError: There is no message, or one is not text.
    """
    return _flatten(_read_messages(messages))


def _flatten(messages: list[tuple[str, str]]) -> str:
    if len(messages) == 1:
        return messages[0][1]
    lines = [f"{_ROLES.get(role, role.capitalize())}: {text}" for role, text in messages]
    return "\n".join([*lines, "Assistant:"])


def _read_messages(messages: Messages) -> list[tuple[str, str]]:
    """Return each message's role and text."""
    if isinstance(messages, str | bytes | Mapping) or not isinstance(messages, Sequence):
        raise UsageError('messages must be a list of {"role": ..., "content": ...}.')
    found = [
        (str(message.get("role", "user")), _text_of(message.get("content"), number))
        if isinstance(message, Mapping)
        else _refuse(number, 'is not of the form {"role": ..., "content": ...}')
        for number, message in enumerate(messages, 1)
    ]
    if not found:
        raise UsageError("There is no message to send.")
    return found


def _text_of(content: object, number: int) -> str:
    if isinstance(content, list | tuple) and content:
        content = "".join(_part_text(part, number) for part in content)
    if not isinstance(content, str):
        _refuse(number, "has no text" if content is None or content == [] else "is not text")
    return replace_surrogates(content)


def _part_text(part: object, number: int) -> str:
    text = part.get("text") if isinstance(part, Mapping) else part
    kind = part.get("type", "text") if isinstance(part, Mapping) else "text"
    if kind != "text" or not isinstance(text, str):
        _refuse(number, f"has a part of type {shorten(str(kind))!r}, and GPTalk takes text only")
    return text


def _refuse(number: int, why: str) -> NoReturn:
    raise UsageError(f"Message {number} {why}.")


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
    accepts = data.get("accepts")
    return Login(
        token,
        parse_expiry(data.get("expires_at")),
        takes_messages=isinstance(accepts, list) and "messages" in accepts,
    )


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
        raise rejected(f"{service} rejected the prompt: {reason}", response.body, response.status)
    raise ProtocolError(f"{service} accepted the prompt but returned no stream token.")


def grants_nothing(response: Response) -> bool:
    """Return whether the response to a prompt has no `data`, which is how the service treats a used-up login."""
    if response.status != 200:
        return False
    try:
        value = response.json_object()
    except ProtocolError:
        return False
    return not isinstance(value.get("data"), dict) and value.get("code") != 401


def used_up(service: str, response: Response) -> RateLimitedError:
    """Return the error for a prompt that grants nothing although the login is new."""
    said = f": {reason}" if (reason := response.reason()) else "."
    return RateLimitedError(f"{service} has no more replies for guests{said}", hint=USED_UP_HINT)


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
