"""The audit in words: what kinds of events there are, and what caused one."""

import re
from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "promise": "Promise",
    "shown": "Written on the order",
    "priority": "Priority set",
    "held back": "Held back",
    "let go": "No longer held back",
    "retry": "Retry asked for",
    "drift": "Units nobody explains",
    "connected": "Shop connected",
    "disconnected": "Shop disconnected",
    "uninstalled": "App uninstalled",
    "needs merchant": "Shop needs its merchant",
    "scopes changed": "Access changed",
    "setting changed": "Setting changed",
    "data request": "Data request",
    "redact customer": "Erasure asked for",
}

_CAUSES = (
    (re.compile(r"delivery (\d+) \((.+)\)"), r"webhook \2 (delivery \1)"),
    (re.compile(r"arrival (\d+)"), r"arrival \1 was typed or changed"),
)


def kind_in_words(kind: str) -> str:
    """What happened, in a few words."""
    return KINDS.get(kind, kind.capitalize())


def cause_in_words(cause: str | None) -> str:
    """What made it happen."""
    for pattern, words in _CAUSES:
        found = pattern.fullmatch(cause or "")
        if found:
            return found.expand(words)
    return cause or ""
