"""Who answers and with what: an override first, then the conversation's own choice, then the settings'."""

from __future__ import annotations

from typing import Any

import pytest

from gptalk_client.models import BranchEntry, Conversation, Message, Role, Status
from gptalk_client.settings import MOST_MESSAGES, ChatSettings, ProviderSettings, Settings
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
    own_provider: str, own_model: str, override: str | None, model: str
) -> None:
    own = a_conversation(provider=own_provider, model=own_model)
    assert TurnOptions.resolve(SETTINGS, own, Overrides(override)).model == model


def test_conversation_keeps_a_provider_that_is_gone() -> None:
    options = TurnOptions.resolve(Settings(provider="local"), a_conversation(provider="work", model="m"))
    assert (options.provider, options.model) == ("work", "m")


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


# What is sent


def messages(*texts: str, root: str = "") -> list[Message]:
    """Return a branch of prompts and replies in turn, below a system message if `root` is given."""
    found: list[Message] = []
    for number, text in enumerate(((root,) if root else ()) + texts):
        role = Role.SYSTEM if root and not number else (Role.ASSISTANT if number % 2 else Role.USER)
        status = Status.FAILED if text == "failed" else Status.COMPLETE
        found.append(Message(f"m{number}", "c", f"m{number - 1}" if number else None, role, text, status, 0))
    return found


def sent(options: TurnOptions, branch: list[Message], **limits: int) -> list[str]:
    return [each["content"] for each in options.request(branch, **limits).messages]


def test_newest_messages_that_fit_are_sent_and_the_prompt_always() -> None:
    branch = messages("one", "failed", "three", "", "five")
    assert sent(TurnOptions(), branch) == ["one", "three", "five"]
    assert sent(TurnOptions(context_limit=3), branch) == ["three", "five"]
    assert sent(TurnOptions(), branch, max_bytes=9) == ["three", "five"]
    assert sent(TurnOptions(), branch, max_bytes=1) == ["five"]


def test_window_of_the_model_limits_what_is_sent() -> None:
    branch = messages("x" * 3000, "y" * 3000, "now")
    assert len(sent(TurnOptions(context_tokens=8192), branch)) == 3
    assert len(sent(TurnOptions(context_tokens=1024), branch)) == 2


def test_summary_at_the_root_is_a_part_of_the_system_prompt_whatever_the_limit() -> None:
    branch = messages("three", "four", root="They said one and two.")
    options = TurnOptions(system_prompt="Be brief.", context_limit=1)
    request = options.request(branch)
    assert [each["role"] for each in request.messages] == [
        "system",
        "user" if len(branch) % 2 else "assistant",
    ]
    assert request.messages[0]["content"] == "Be brief.\n\nThey said one and two."
    assert TurnOptions(context_limit=1).request(branch).messages[0]["content"] == "They said one and two."


def test_the_app_and_the_request_select_the_same_messages() -> None:
    branch = messages(*[f"text number {number} " * number for number in range(1, 40)])
    entries = [BranchEntry(m.id, m.parent_id, m.role, m.status, 0, len(m.content)) for m in branch]
    for limit, max_bytes in ((20, 10**6), (1000, 3000), (5, 900)):
        options = TurnOptions(context_limit=limit)
        by_text = [m["content"] for m in options.request(branch, max_bytes=max_bytes).messages]
        selected = options.select(entries, lambda entry: entry.size_chars, max_bytes=max_bytes)
        texts = {m.id: m.content for m in branch}
        assert [texts[each.id] for each in selected] == by_text


def test_reasoning_is_sent_back_only_where_it_is_wanted() -> None:
    thoughtful = Message("m", "c", None, Role.ASSISTANT, "42", Status.COMPLETE, 0, reasoning="6 times 7.")
    prompt = Message("p", "c", "m", Role.USER, "Why?", Status.COMPLETE, 0)
    plain = TurnOptions.resolve(Settings(provider="openai")).request([thoughtful, prompt])
    assert plain.messages == [{"role": "assistant", "content": "42"}, {"role": "user", "content": "Why?"}]
    wanted = Settings(provider="openai", providers={"openai": ProviderSettings(send_reasoning=True)})
    request = TurnOptions.resolve(wanted).request([thoughtful, prompt])
    assert [each.get("reasoning_content") for each in request.messages] == ["6 times 7.", None]
    elsewhere = TurnOptions.resolve(wanted, overrides=Overrides(provider="gptalk"))
    assert elsewhere.request([thoughtful, prompt]).messages == plain.messages
