"""What reasoning tags make of a reply, decided slowly by looking at all of it, and quickly in pieces."""

from __future__ import annotations

import re

from gptalk_client.models import ReasoningAdded, TextAdded, TextReplaced
from gptalk_client.providers.reasoning_tags import ReasoningTags

FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")


def split(pieces: list[str], *, takes_bare_closing: bool = True) -> tuple[str, str]:
    """Return the reasoning and the text that the tags make of a reply that comes in pieces."""
    tags = ReasoningTags()
    tags.takes_bare_closing = takes_bare_closing
    reasoning = text = ""
    for change in [each for piece in pieces for each in tags.feed(piece)] + tags.finish():
        match change:
            case ReasoningAdded(more):
                reasoning += more
            case TextAdded(more):
                text += more
            case TextReplaced(whole):
                text = whole
    return reasoning, text


def split_slowly(reply: str) -> tuple[str, str]:
    """Return the reasoning and the text of a whole reply."""
    opened = re.match(r"\s*<(think|thinking)>", reply)
    body = reply[opened.end() :] if opened else reply
    names = opened[1] if opened else "think|thinking"
    for tag in re.finditer(f"</(?:{names})>", body):
        if ends_reasoning(body[: tag.start()], body[tag.end() :], is_opened=opened is not None):
            return body[: tag.start()].strip(), body[tag.end() :].lstrip()
    return (body.strip(), "") if opened else ("", reply)


def ends_reasoning(before: str, after: str, *, is_opened: bool) -> bool:
    *lines, line = before.split("\n")
    fence = ""
    for each in lines:
        if found := FENCE.match(each):
            if not fence:
                fence = found[1]
            elif found[1].startswith(fence) and not found[2].strip():
                fence = ""
    rest = after.partition("\n")[0]
    if fence:
        following = after.replace("\r", "")
        return not line.strip() and following[:2] in ("", "\n", "\n\n")
    if line.count("`") % 2 and "`" in rest:
        return False
    if is_opened:
        return True
    if "<think>" in before or "<thinking>" in before:
        return False
    last = before[-1:] or "\n"
    if not line.strip() or last not in " \t\"'`([{“‘«":
        return True
    return last in " \t" and not rest.strip()
