"""What engines call the same thing: text, reasoning, tokens and errors of a chat completion. No I/O.

Source: https://platform.openai.com/docs/api-reference/chat, and what Ollama, llama.cpp, vLLM, LM Studio,
OpenRouter, Mistral, DeepSeek, Gemini, Anthropic and Azure send in its place.
"""

from __future__ import annotations

from typing import Any

from gptalk_client.models import Usage
from gptalk_client.providers.json_text import server_reason, shorten

_REASONS = {
    "stop": ("end_turn", "stop_sequence", "eos", "eos_token", "end", "completed", "complete", "finished"),
    "length": ("max_tokens", "max_output_tokens", "model_length", "max_length", "incomplete"),
    "content_filter": ("safety", "recitation", "blocklist", "prohibited_content", "guardrail", "sensitive"),
    "tool_calls": ("tool_call", "tool_use", "function_call"),
}
_REASON_OF = {name: reason for reason, names in _REASONS.items() for name in (reason, *names)}
_MOST_REASON_CHARS = 40
_COUNTS = frozenset(("usage", "x_groq", "timings"))
_THINKING = ("thinking", "reasoning", "reasoning_content", "reasoning.text", "reasoning.summary")


def finish_reason(value: Any) -> str:
    """Return why an engine ended a reply, by OpenAI's name where it means one of these; empty if it has not."""
    if not isinstance(value, str) or not value.strip():
        return ""
    name = value.strip().lower().replace("-", "_")
    return _REASON_OF.get(name) or shorten(name)[:_MOST_REASON_CHARS]


def choice(choices: list[Any]) -> dict[str, Any]:
    """Return the choice with index 0, which is the reply, wherever it stands; an empty one if it is not there."""
    for each in choices:
        if isinstance(each, dict) and each.get("index") in (0, None):
            return each
    return {}


def parts(content: Any) -> tuple[str, str]:
    """Return the reasoning and the text of a content, which is a string or a list of typed parts."""
    if isinstance(content, str):
        return "", content
    reasoning: list[str] = []
    text: list[str] = []
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            text.append(part)
        elif isinstance(part, dict):
            (reasoning if part.get("type") in _THINKING else text).append(_text(part))
    return "".join(reasoning), "".join(text)


def _text(part: dict[str, Any]) -> str:
    """Return the text of one part: under `text`, or under the name of its type, also as a list of parts."""
    for name in ("text", "thinking", "reasoning", "reasoning_content", "summary", "content"):
        value = part.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return "".join(
                each if isinstance(each, str) else each["text"]
                for each in value
                if isinstance(each, str) or (isinstance(each, dict) and isinstance(each.get("text"), str))
            )
    return ""


def reasoning(delta: dict[str, Any]) -> str:
    """Return the reasoning of a delta beside its content. Fields repeat each other: the first counts."""
    for name in ("reasoning_content", "reasoning", "thinking"):
        value = delta.get(name)
        if isinstance(value, str) and value:
            return value
    details = delta.get("reasoning_details")
    if isinstance(details, list):
        return "".join(_text(each) for each in details if isinstance(each, dict))
    return ""


def usage(value: dict[str, Any]) -> Usage | None:
    """Return the tokens that an event counts; None if it counts none."""
    if _COUNTS.isdisjoint(value):
        return None
    groq = value.get("x_groq")
    for counts in (value.get("usage"), groq.get("usage") if isinstance(groq, dict) else None):
        if isinstance(counts, dict):
            inner = counts.get("completion_tokens_details") or counts.get("output_tokens_details")
            found = Usage(
                _count(counts, "prompt_tokens", "input_tokens"),
                _count(counts, "completion_tokens", "output_tokens"),
                _count(inner if isinstance(inner, dict) else counts, "reasoning_tokens"),
            )
            if found != Usage():
                return found
    timings = value.get("timings")  # llama.cpp's, without `stream_options`
    if isinstance(timings, dict):
        cached, fresh = _count(timings, "cache_n") or 0, _count(timings, "prompt_n")
        found = Usage(None if fresh is None else fresh + cached, _count(timings, "predicted_n"))
        return None if found == Usage() else found
    return None


def _count(counts: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = counts.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
            return value
    return None


def error(value: Any) -> str:
    """Return the error that an event reports, in the engine's words; empty if it reports none.

    An `error` counts wherever it is. Other words count where there are no choices and the event does not call
    itself something else, such as a ping or a warning.
    """
    if isinstance(value, list):
        return next((words for each in value if isinstance(each, dict) and (words := error(each))), "")
    if not isinstance(value, dict):
        return ""
    if reported := value.get("error"):
        return server_reason({"error": reported}) or "an error without words"
    if isinstance(value.get("choices"), list):
        return ""
    kinds = [value[name] for name in ("type", "object", "event") if isinstance(value.get(name), str)]
    if kinds and not any("error" in kind.lower() for kind in kinds):
        return ""
    given = {name: value[name] for name in ("message", "msg", "detail", "code") if name in value}
    return server_reason(given) or ("an error without words" if kinds else "")


class ToolCalls:
    """The tools that an engine wants to call, joined from the pieces of a stream."""

    _MOST = 3
    _MOST_CHARS = 200

    def __init__(self) -> None:
        self._calls: dict[Any, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, delta: dict[str, Any]) -> None:
        """Take in what a delta says of them."""
        calls = delta.get("tool_calls")
        single = delta.get("function_call")
        for place, call in enumerate(calls if isinstance(calls, list) else []):
            if isinstance(call, dict):
                index = call.get("index")
                self._extend(index if isinstance(index, int) else place, call.get("function"))
        if isinstance(single, dict):
            self._extend(0, single)

    def _extend(self, index: int, function: Any) -> None:
        if index not in self._calls and len(self._calls) >= self._MOST:
            return
        call = self._calls.setdefault(index, ["", ""])
        if isinstance(function, dict):
            for place, name in enumerate(("name", "arguments")):
                piece = function.get(name)
                if isinstance(piece, str) and len(call[place]) < self._MOST_CHARS:
                    call[place] += piece[: self._MOST_CHARS]

    def in_words(self) -> str:
        """Return what the engine wanted, as code for people: `search({"q": "x"})`."""
        return shorten(
            "; ".join(f"{name or 'a tool'}({arguments})" for name, arguments in self._calls.values())
        )
