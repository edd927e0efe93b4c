"""Request parameters: what is accepted, and what is said about the rest."""

from __future__ import annotations

import pytest

from gptalk_client.errors import UsageError
from gptalk_client.parameters import PARAMETERS, check_parameter, read_parameter


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", "0.5", 0.5),
        ("temperature", "2", 2),
        ("temperature", "null", None),
        ("top_p", "1", 1),
        ("max_tokens", "4000", 4000),
        ("seed", "-7", -7),
        ("stop", "END", "END"),
        ("stop", "3", "3"),
        ("stop", '["a", "b"]', ["a", "b"]),
        ("stop", "null", None),
        ("presence_penalty", "-2", -2),
        ("frequency_penalty", "0.1", 0.1),
        ("reasoning_effort", "low", "low"),
        ("context_messages", "0", 0),
        ("top_k", "40", 40),
        ("user", "me", "me"),
        ("logit_bias", '{"50256": -100}', {"50256": -100}),
        ("cache_prompt", "true", True),
    ],
)
def test_typed_values_get_their_type(name: str, text: str, value: object) -> None:
    assert read_parameter(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("temperature", "warm", "temperature must be a number from 0 to 2, not “warm”."),
        ("temperature", "2.1", "temperature must be a number from 0 to 2, not 2.1."),
        ("temperature", "true", "temperature must be a number from 0 to 2, not True."),
        ("top_p", "-1", "top_p must be a number from 0 to 1, not -1."),
        ("max_tokens", "0", "max_tokens must be a whole number, 1 or more, not 0."),
        ("max_tokens", "1.5", "max_tokens must be a whole number, 1 or more, not 1.5."),
        ("seed", "x", "seed must be a whole number, not “x”."),
        ("stop", "[1]", "stop must be a text or a list of texts, not [1]."),
        ("stop", "[]", "stop must be a text or a list of texts, not []."),
        ("presence_penalty", "3", "presence_penalty must be a number from -2 to 2, not 3."),
        (
            "reasoning_effort",
            "hihg",
            "reasoning_effort must be one of none, minimal, low, medium, high, xhigh",
        ),
        ("context_messages", "abc", "context_messages must be a whole number, 0 or more, not “abc”."),
        ("context_messages", "-1", "context_messages must be a whole number, 0 or more, not -1."),
        ("model", "x", "model can't be set as a parameter: choose the model itself."),
        ("messages", "[]", "messages can't be set as a parameter"),
        ("stream", "false", "stream can't be set as a parameter"),
        ("temperature", "x" * 100, "…."),
    ],
)
def test_what_a_parameter_cannot_be_is_said(name: str, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_parameter(name, text)
    assert words in caught.value.for_humans()


def test_every_parameter_says_what_it_expects() -> None:
    assert list(PARAMETERS) == [
        "temperature", "top_p", "max_tokens", "seed", "stop", "presence_penalty", "frequency_penalty",
        "reasoning_effort",
    ]  # fmt: skip
    for name, parameter in PARAMETERS.items():
        with pytest.raises(UsageError, match=f"{name} must be {parameter.expects.split(',')[0]}"):
            check_parameter(name, {"a": 1})
        check_parameter(name, None)
