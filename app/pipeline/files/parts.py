"""What a name means that nobody wrote down: by its parts, as a person reads it.

"Verwachte ontvangstdatum" is something expected, something received, and a date: the day on which goods
are expected. No list of names is ever complete, but the words that names are made of are few. Compounds
are taken apart by the words that stand in them.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from app.pipeline.files.fold import fold, spellings
from app.pipeline.files.vocabulary import OTHER_THINGS, PARTS, ROLES_BY_PARTS, STATES_BY_PARTS, state_of

# Words shorter than this stand for themselves alone, not as a part of others.
_INSIDE = 5
# "Unfulfilled" is the contrary of "fulfilled".
_NEGATIONS = ("un", "non", "nicht", "niet", "ikke")
# A sign of what a column is not, as OTHER_THINGS are: of the sender's side, or of a line's own number.
_ELSEWHERE = frozenset({"line", "shipped", "place", "other"})


def roles_by_parts(name: str) -> list[tuple[str, float]]:
    """What a column of this name may hold by the parts of its name; nothing where a part is about
    something else."""
    found: dict[str, float] = {}
    for spelled in spellings(name):
        parts = parts_of(spelled)
        if set(spelled.split()) & OTHER_THINGS - _explained(spelled):
            continue
        for role, wanted, refused, weight in ROLES_BY_PARTS:
            if wanted <= parts and not parts & (refused | (_ELSEWHERE - wanted)):
                found[role] = max(found.get(role, 0.0), float(weight))
    return list(found.items())


def state_named(word: str) -> str | None:
    """What a status says of the goods: as it is written down, without what stands before a colon
    ("Purchase Order:Pending Bill"), or by its parts."""
    short = fold(word.rpartition(":")[2])
    return _states().get(fold(word)) or _states().get(short) or state_by_parts(word)


@cache
def _states() -> Mapping[str, str]:
    return state_of()


def state_by_parts(word: str) -> str | None:
    """What a status says of the goods by its words, where they agree."""
    parts = parts_of(" ".join(fold(word).split()))
    for state, wanted, refused in STATES_BY_PARTS:
        if wanted <= parts and not parts & refused:
            return state
    return None


@cache
def parts_of(words: str) -> frozenset[str]:
    """The ideas that stand in folded words."""
    return frozenset(part for word in words.split() for part in _parts_of_word(word))


@cache
def _explained(words: str) -> frozenset[str]:
    return frozenset(word for word in words.split() if _parts_of_word(word))


@cache
def _parts_of_word(word: str) -> frozenset[str]:
    """The longest of our words that stand in it, none over another."""
    whole = _by_word().get(word)
    if whole:
        return whole
    found: set[str] = set()
    rest = word
    for stem in _stems():
        if stem in rest:
            found |= _by_word()[stem]
            found |= {"not"} if rest.startswith(tuple(f"{no}{stem}" for no in _NEGATIONS)) else set()
            rest = re.sub(re.escape(stem), " ", rest)
    return frozenset(found)


@cache
def _by_word() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for part, words in PARTS.items():
        for word in words:
            found[word] = found.get(word, frozenset()) | {part}
    return found


@cache
def _stems() -> Sequence[str]:
    return sorted((word for word in _by_word() if len(word) >= _INSIDE), key=len, reverse=True)
