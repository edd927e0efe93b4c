"""Keeps tokens, keys and secret paths out of httpx's and httpcore's logs: httpx logs whole addresses at INFO."""

from __future__ import annotations

import logging
import re

_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)
_RULES = (
    (re.compile(r"(?i)(token=)[^&\s\"'\\]+"), r"\1[hidden]"),
    (
        re.compile(r"(?i)([?&][\w.-]*(?:key|secret|password|auth|sig)[\w.-]*=)[^&\s\"'\\]+"),
        r"\1[hidden]",
    ),
    (re.compile(r"(?i)(bearer\s+)[^\s\"'\\,)]+"), r"\1[hidden]"),
    (
        re.compile(r"(?i)(authorization['\"]?+\s*+[,:=]\s*+(?:b?['\"])?+)(?!bearer\s)[^'\"\\)]+"),
        r"\1[hidden]",
    ),
    (re.compile(r"(?i)(cookie['\"]?+\s*+[,:=]\s*+(?:b?['\"])?+)[^'\"\\)]+"), r"\1[hidden]"),
    (re.compile(r"(?i)(api-key['\"]?+\s*+[,:=]\s*+(?:b?['\"])?+)[^\s'\"\\),]+"), r"\1[hidden]"),
    (re.compile(r"(://)[^/@\s\"']+@"), r"\1[hidden]@"),
    (re.compile(r"(://(?:127\.[\d.]+|localhost|\[::1\])(?::\d+)?/)[^\s\"'?)]+"), r"\1[hidden]"),
)


def redact(text: str) -> str:
    """Return the text without tokens, keys, passwords and the paths of loopback addresses."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class _RedactingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info:
            # A traceback is formatted later, from text that this filter does not see.
            record.exc_info, record.exc_text = None, None
        return True


def redact_http_logs() -> None:
    """Keep secrets out of httpx's and httpcore's logs; calling it again changes nothing."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, _RedactingFilter) for each in logger.filters):
            logger.addFilter(_RedactingFilter())
