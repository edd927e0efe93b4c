"""What an empty conversation says: what to do, a few keys, and where the model comes from."""

from __future__ import annotations

from textual.content import Content

from gptalk_client.text import one_line


def welcome_text(provider: str, service: str, model: str) -> Content:
    """Return the first screen's text.

    Args:
        provider: `gptalk`, `openai` or `local`.
        service: The service's host.
        model: The model's name; empty for the provider's own.
    """
    if provider == "local":
        source = "A small model on this computer answers; nothing leaves it."
    elif service:
        source = f"{one_line(model) or 'The default model'} at {one_line(service)} answers."
    else:
        source = ""
    return Content.assemble(
        ("gptalk-tui", "bold $ink-accent"),
        "\n\n",
        ("Type below and press ", "$ink-muted"),
        ("Enter", "$ink-text"),
        (".\n\n", "$ink-muted"),
        ("Ctrl+S", "$ink-text"),
        ("  conversations     ", "$ink-muted"),
        ("Ctrl+P", "$ink-text"),
        ("  commands     ", "$ink-muted"),
        ("F1", "$ink-text"),
        ("  help\n\n", "$ink-muted"),
        (source, "$ink-muted"),
    )
