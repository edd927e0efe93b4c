"""What an empty conversation says: what to do, a few keys, and where the model comes from."""

from __future__ import annotations

from textual.content import Content

from gptalk_client.text import one_line
from gptalk_tui.keymap import KeyMap


def welcome_text(provider: str, service: str, model: str, keys: KeyMap) -> Content:
    """Return the first screen's text.

    Args:
        provider: `gptalk`, `openai` or `local`.
        service: The service's host.
        model: The model's name; empty for the provider's own.
        keys: The keys of every action.
    """
    if provider == "local":
        source = "A small model on this computer answers; nothing leaves it."
    elif service:
        source = f"{one_line(model) or 'The default model'} at {one_line(service)} answers."
    else:
        source = ""
    taught = (("conversation.switch", "conversations"), ("app.palette", "commands"), ("app.help", "help"))
    hints = [(keys.first(action_id), does) for action_id, does in taught]
    return Content.assemble(
        ("gptalk-tui", "bold $ink-accent"),
        "\n\n",
        ("Type below and press ", "$ink-muted"),
        (keys.first("turn.send"), "$ink-text"),
        (".\n\n", "$ink-muted"),
        Content("     ").join(
            Content.assemble((key, "$ink-text"), (f"  {does}", "$ink-muted")) for key, does in hints if key
        ),
        "\n\n",
        (source, "$ink-muted"),
    )
