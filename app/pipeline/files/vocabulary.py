"""The words of `vocabulary.toml`: what columns, states, units and totals are called."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def _load() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))


_TOLD = _load()

NAMES: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    role: {int(weight): _phrases(text) for weight, text in told.items() if weight != "words"}
    for role, told in _TOLD["columns"].items()
}
"""What a column may hold, and what it is called then, by how surely it is meant."""

IN_WORDS: Mapping[str, str] = {role: told["words"] for role, told in _TOLD["columns"].items()}
"""Each role as people say it."""

STATES: Mapping[str, tuple[str, ...]] = {
    state: _phrases(text) for state, text in _TOLD["states"].items()
}
"""What a state says of the goods (open, draft, cancelled, closed), with the words for it."""

OTHER_THINGS, TOTALS, PIECES, PACKS, YES, NO, NO_DAY, NO_PERIOD = (
    frozenset(_phrases(_TOLD["words"][name]))
    for name in ("other_things", "totals", "pieces", "packs", "yes", "no", "no_day", "no_period")
)
NO_PURCHASES, NO_ORDERS, NO_DELIVERIES, MEASURES, PERIODS, SAID_LATER, SAID_EARLIER = (
    frozenset(_phrases(_TOLD["words"][name]))
    for name in (
        *("no_purchases", "no_orders", "no_deliveries", "measures", "periods"),
        *("said_later", "said_earlier"),
    )
)


PARTS: Mapping[str, tuple[str, ...]] = {part: _phrases(text) for part, text in _TOLD["parts"].items()}
"""The ideas that names are made of, with the words for each."""

ROLES_BY_PARTS: tuple[tuple[str, frozenset[str], frozenset[str], int], ...] = tuple(
    (role, frozenset(rule["with"].split()), frozenset(rule["without"].split()), rule["weight"])
    for role, rules in _TOLD["roles_by_parts"].items()
    for rule in rules
)
"""What a column may hold whose name has all of some parts and none of others, and how surely."""

STATES_BY_PARTS: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = tuple(
    (rule["state"], frozenset(rule["with"].split()), frozenset(rule["without"].split()))
    for rule in _TOLD["states_by_parts"]
)
"""What a state means that has all of some parts and none of others; the first that holds decides."""


def by_phrase() -> dict[str, list[tuple[str, int]]]:
    """The roles a column of each name may have, with how surely."""
    found: dict[str, list[tuple[str, int]]] = {}
    for role, names in NAMES.items():
        for weight, phrases in names.items():
            for phrase in phrases:
                found.setdefault(phrase, []).append((role, weight))
    return found


def state_of() -> dict[str, str]:
    """What each word for a state says of the goods."""
    return {word: state for state, words in STATES.items() for word in words}
