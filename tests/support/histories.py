"""Small exports of other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write(path: Path, *values: Any) -> Path:
    """Write one JSON value, or several as JSON lines."""
    path.write_text("\n".join(json.dumps(each) for each in values) + "\n", encoding="utf-8")
    return path


def chatgpt(*messages: dict[str, Any], key: str = "c") -> dict[str, Any]:
    """Return a ChatGPT conversation whose messages follow each other."""
    mapping: dict[str, Any] = {"root": {"id": "root", "parent": None, "children": ["n0"], "message": None}}
    for number, message in enumerate(messages):
        mapping[f"n{number}"] = {
            "id": f"n{number}",
            "parent": f"n{number - 1}" if number else "root",
            "children": [f"n{number + 1}"],
            "message": {"recipient": "all", "create_time": 1_700_000_000.0 + number} | message,
        }
    return {
        "id": key,
        "title": "T",
        "create_time": 1.7e9,
        "current_node": f"n{len(messages) - 1}",
        "mapping": mapping,
    }


def said(role: str, *parts: Any, **metadata: Any) -> dict[str, Any]:
    return {
        "author": {"role": role},
        "content": {"content_type": "text", "parts": list(parts)},
        "metadata": metadata,
    }
