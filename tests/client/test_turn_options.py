"""Who answers and with what: an override first, then the conversation's own choice, then the settings'."""

from __future__ import annotations

from typing import Any

import pytest

from gptalk_client.models import Conversation
from gptalk_client.settings import MOST_MESSAGES, ChatSettings, ProviderName, Settings
from gptalk_client.turn_options import Overrides, TurnOptions

SETTINGS = Settings(
    provider="gptalk",
    model="default-model",
    chat=ChatSettings(temperature=0.5, context_messages=7, system_prompt="the default prompt"),
)


def a_conversation(**settings: Any) -> Conversation:
    return Conversation("c", "", 0, 0, **settings)


def test_settings_decide_where_nothing_else_does() -> None:
    expected = TurnOptions("gptalk", "default-model", "the default prompt", 7, {"temperature": 0.5})
    assert TurnOptions.resolve(SETTINGS) == expected
    assert TurnOptions.resolve(SETTINGS, a_conversation()) == expected
    assert TurnOptions.resolve(Settings()) == TurnOptions("gptalk", "", "", 20, {})


def test_conversation_comes_before_the_settings() -> None:
    own = a_conversation(
        provider="openai",
        model="own-model",
        system_prompt="its own prompt",
        options={"temperature": 1, "top_p": 0.9, "context_messages": 3},
    )
    assert TurnOptions.resolve(SETTINGS, own) == TurnOptions(
        "openai", "own-model", "its own prompt", 3, {"temperature": 1, "top_p": 0.9}
    )


def test_override_comes_first() -> None:
    own = a_conversation(
        provider="openai",
        model="own-model",
        system_prompt="its own",
        options={"temperature": 1, "top_p": 0.9},
    )
    overrides = Overrides("local", "asked-for", "a prompt", {"temperature": 2, "context_messages": 5})
    assert TurnOptions.resolve(SETTINGS, own, overrides) == TurnOptions(
        "local", "asked-for", "a prompt", 5, {"temperature": 2, "top_p": 0.9}
    )


@pytest.mark.parametrize(
    ("own_provider", "own_model", "override", "model"),
    [
        ("", "", None, "default-model"),
        ("gptalk", "", None, "default-model"),
        ("local", "", None, ""),
        ("", "", "openai", ""),
        ("", "own", None, "own"),
        ("", "own", "gptalk", "own"),
        ("", "own", "openai", ""),
        ("openai", "own", "openai", "own"),
        ("openai", "own", "gptalk", "default-model"),
        ("a later version's", "own", None, "own"),
    ],
)
def test_model_counts_only_for_the_provider_that_it_was_chosen_for(
    own_provider: str, own_model: str, override: ProviderName | None, model: str
) -> None:
    own = a_conversation(provider=own_provider, model=own_model)
    assert TurnOptions.resolve(SETTINGS, own, Overrides(override)).model == model


def test_conversation_with_an_unknown_provider_gets_the_default_one() -> None:
    assert TurnOptions.resolve(Settings(provider="local"), a_conversation(provider="?")).provider == "local"


@pytest.mark.parametrize(
    ("default", "own", "override", "limit"),
    [
        (7, None, None, 7),
        (0, None, None, MOST_MESSAGES),
        (7, 0, None, MOST_MESSAGES),
        (7, 3, None, 3),
        (7, 3, 0, MOST_MESSAGES),
        (0, 3, 5, 5),
        (7, 10**12, None, MOST_MESSAGES),
        (7, "3", None, 7),
        (7, True, None, 7),
        (7, -1, None, 7),
    ],
)
def test_context_of_zero_means_all_wherever_it_is_chosen(
    default: int, own: object, override: object, limit: int
) -> None:
    settings = Settings(chat=ChatSettings(context_messages=default))
    conversation = a_conversation(options={} if own is None else {"context_messages": own})
    overrides = Overrides(parameters={} if override is None else {"context_messages": override})
    options = TurnOptions.resolve(settings, conversation, overrides)
    assert (options.context_limit, options.parameters) == (limit, {})
