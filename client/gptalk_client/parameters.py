"""The request parameters that people set: their types and ranges, and a clear sentence for what is neither.

Source: https://platform.openai.com/docs/api-reference/chat/create. Any other parameter is sent as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from gptalk_client.errors import UsageError
from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.records import Record

CONTEXT_MESSAGES: Final = "context_messages"
"""The parameter that sets how many messages are sent; it is ours and never sent itself."""

PERSONA: Final = "persona"
"""The option of a conversation that names its persona; it is ours and never sent."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max", "default")
"""What `reasoning_effort` may be; engines know some of these."""

Kind: TypeAlias = Literal["number", "whole number", "text", "texts", "choice"]


class Parameter(Record, frozen=True):
    """One well-known parameter."""

    name: str
    kind: Kind
    help: str
    """What it does, as a phrase."""
    least: float | None = None
    most: float | None = None

    @property
    def expects(self) -> str:
        """What its value must be, such as `a number from 0 to 2`."""
        if self.kind == "choice":
            return f"one of {', '.join(EFFORTS)}"
        if self.kind in ("text", "texts"):
            return "a text" if self.kind == "text" else "a text or a list of texts"
        if self.least is None:
            return f"a {self.kind}"
        end = f"{self.least:g} or more" if self.most is None else f"from {self.least:g} to {self.most:g}"
        return f"a {self.kind} {end}" if self.most is not None else f"a {self.kind}, {end}"

    def accepts(self, value: object) -> bool:
        """Return whether a value has the right type and is in range."""
        if self.kind == "choice":
            return value in EFFORTS
        if self.kind in ("text", "texts"):
            texts = value if self.kind == "texts" and isinstance(value, list) and value else [value]
            return all(isinstance(each, str) for each in texts)
        if isinstance(value, bool) or not isinstance(
            value, int if self.kind == "whole number" else int | float
        ):
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


PARAMETERS: Mapping[str, Parameter] = {
    each.name: each
    for each in (
        Parameter("temperature", "number", "how random the reply is", 0, 2),
        Parameter("top_p", "number", "share of the likeliest words to choose from", 0, 1),
        Parameter("max_tokens", "whole number", "most tokens in a reply", 1),
        Parameter("seed", "whole number", "the same seed gives the same reply, where the engine can"),
        Parameter("stop", "texts", "text that ends the reply"),
        Parameter("presence_penalty", "number", "keeps the reply from returning to its topics", -2, 2),
        Parameter("frequency_penalty", "number", "keeps the reply from repeating its words", -2, 2),
        Parameter("reasoning_effort", "choice", "how much to think before the answer"),
    )
}
"""By name, in the order in which people are asked for them."""

_CONTEXT = Parameter(CONTEXT_MESSAGES, "whole number", "how many messages to send; 0 sends all", 0)
_RESERVED = {
    "model": "choose the model itself",
    "messages": "the conversation is what is sent",
    "stream": "replies are always streamed",
    PERSONA: "the app chooses personas",
}


def read_parameter(name: str, text: str) -> Any:
    """Return the value that a typed text means for a parameter; None for `null`, which leaves it out.

    A text is taken as JSON where it is some, except where the parameter is a text.

    Args:
        name: The parameter's name.
        text: What was typed.

    Raises:
        UsageError: The parameter can't be set, or not to that.
    """
    known = PARAMETERS.get(name)
    try:
        value: Any = decode(text)
    except JsonError:
        value = text
    if known is not None and known.kind == "texts" and not isinstance(value, str | list):
        value = None if value is None else text
    check_parameter(name, value)
    return value


def check_parameter(name: str, value: object) -> None:
    """Check a parameter; None passes, since it leaves the parameter out.

    Raises:
        UsageError: The parameter can't be set, or not to that value.
    """
    if name in _RESERVED:
        raise UsageError(f"{name} can't be set as a parameter: {_RESERVED[name]}.")
    known = _CONTEXT if name == CONTEXT_MESSAGES else PARAMETERS.get(name)
    if value is None or known is None or known.accepts(value):
        return
    raise UsageError(f"{name} must be {known.expects}, not {_shown(value)}.")


def _shown(value: object) -> str:
    words = f"“{value}”" if isinstance(value, str) else str(value)
    return words if len(words) <= 60 else f"{words[:59]}…"
