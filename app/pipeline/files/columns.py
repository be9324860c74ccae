"""Which column of a table holds what: by its name, by what stands in it, by which items the shop has."""

import re
import unicodedata
from collections.abc import Callable, Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, lru_cache

from app.pipeline.files import vocabulary
from app.pipeline.files.days import is_no_day, looks_like_day
from app.pipeline.files.fold import clean_code, fold, is_of_a_database, name_of_lines, spellings
from app.pipeline.files.numbers import is_none, is_number
from app.pipeline.files.parts import parts_of, roles_by_parts, state_named

NEEDED = ("reference", "sku", "quantity", "expected_on")
"""Our columns without which a file says nothing that can be used; "outstanding" also counts as a
quantity."""

OTHER_CODES = ("barcode", "supplier_sku")
"""What an item may be found by where a line has no SKU, the surest first."""

DAYS = frozenset({"expected_on", "expected_before", "ordered_on", "received_on"})
QUANTITIES = frozenset(
    {"quantity", "outstanding", "received", "cancelled", "accepted", "rejected", "pack_size"}
)

MEASURED = frozenset({"quantity", "expected_on", "received", "outstanding"})
"""Roles of which a table may have several columns that say different things."""

_OWN_NAMES = 50
_WITHIN = 25
_LONGER = 4
_EMPTY = 30
_IN_SHOP = 60
_MOST = 0.5
_SURE = 80
_LATER, _NEAR = 8, 7
_OTHER_STATES = frozenset(
    {"invoice", "invoicing", "bill", "billing", "billed", "payment", "paid", "price", "email", "sync"}
)
_SINGLE = frozenset({"each", "eaches", "ea", "pieces", "pcs"})
_WISHES = frozenset(
    {"requested", "wished", "gewunscht", "richiesta", "demandee", "solicitada", "gewenste", "port"}
)
_FIGURES = frozenset({"quantity", "date", "expected"})
_SERIAL = re.compile(r"[3-6]\d{4}(?:[.,]\d+)?")
# What is due may be the payment.
_DUE = re.compile(r"\bdue\b", re.IGNORECASE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold `role`; the greater `weight`, the surer."""

    role: str
    place: int
    weight: float


@cache
def _phrases() -> Mapping[str, Sequence[tuple[str, int]]]:
    own = {fold(role): role for role in vocabulary.NAMES}
    found = {phrase: list(roles) for phrase, roles in vocabulary.by_phrase().items()}
    for name, role in own.items():
        kept = [each for each in found.get(name, []) if each[0] != role]
        found[name] = [(role, max(weight for _, weight in [*found.get(name, []), (role, 90)])), *kept]
    return found


@lru_cache(4096)
def roles_of(name: str) -> Sequence[tuple[str, float]]:
    """What a column of this name may hold, surest first. A share is no quantity."""
    if "%" in unicodedata.normalize("NFKC", name):
        return []
    if own := name_of_lines(name):
        return [(role, weight + _LATER * (role in MEASURED)) for role, weight in roles_of(own)]
    exact = next((_phrases()[one] for one in spellings(name) if one in _phrases()), ())
    if exact:
        return sorted(((role, float(weight)) for role, weight in exact), key=_surest_first)
    found: dict[str, float] = {}
    for spelled in spellings(name):
        for role, weight in _within(spelled):
            found[role] = max(weight, found.get(role, 0))
    best = max(found.values(), default=0)
    found = {role: weight for role, weight in found.items() if weight >= best - 1}
    for role, weight in roles_by_parts(name):
        found[role] = max(weight, found.get(role, 0))
    is_figure = bool(_parts(name) & _FIGURES)
    words = _words(name)
    kept = {
        role: weight + (_qualified(words) if role in MEASURED else 0)
        for role, weight in found.items()
        # "Warehouse 2 qty" is no place.
        if not (role in ("location", "supplier") and is_figure)
        if not (role == "quantity" and words & vocabulary.NO_ORDERS)
        # "Erwartetes Wareneingangsdatum" has not been yet.
        if not (role == "received_on" and "expected" in _parts(name))
    }
    return sorted(kept.items(), key=_surest_first)


def _qualified(words: AbstractSet[str]) -> float:
    """How much surer a column is that was said later than another of its kind."""
    later, earlier = bool(words & vocabulary.SAID_LATER), bool(words & vocabulary.SAID_EARLIER)
    return _LATER * (later - earlier) - _LATER * bool(words & vocabulary.PACKS)


def _surest_first(each: tuple[str, float]) -> float:
    return -each[1]


def _within(name: str) -> list[tuple[str, float]]:
    """Roles whose names stand within this longer one: "Order lines/Quantity". A word that is about
    something else ("unit price") and no part of the name found says no."""
    words = name.split()
    found: list[tuple[str, float]] = []
    for length in range(min(len(words), 5), 0, -1):
        for start in range(len(words) - length + 1):
            phrase = " ".join(words[start : start + length])
            others = {*words[:start], *words[start + length :]}
            if others & vocabulary.OTHER_THINGS:
                continue
            found += [
                (role, weight - _WITHIN + _LONGER * length - len(others))
                for role, weight in _phrases().get(phrase, ())
                if length > 1 or weight >= _OWN_NAMES
            ]
    return found or _within_japanese(name)


def _within_japanese(name: str) -> list[tuple[str, float]]:
    """Japanese parts no words: the longest name of ours that stands in it."""
    if not _CJK.search(name):
        return []
    inside = [phrase for phrase in _phrases() if _CJK.search(phrase) and phrase in name]
    longest = max(inside, key=len, default=None)
    return [(role, weight - _WITHIN) for role, weight in _phrases()[longest]] if longest else []


@cache
def _name_words() -> frozenset[str]:
    return frozenset(word for phrase in _phrases() for word in phrase.split())


def is_made_of_names(cells: Sequence[str]) -> bool:
    """Whether most of these cells hold words of columns' names alone."""
    told = [cell for cell in cells if cell.strip()]
    known = sum(
        any(set(spelled.split()) <= _name_words() for spelled in spellings(cell)) for cell in told
    )
    return bool(told) and known > _MOST * len(told)


def count_named(header: Sequence[str]) -> tuple[int, int]:
    """How many of the needed columns, and of all we know, a row seems to name: each cell is one column,
    however many names stand in a line that was parted by the wrong sign."""
    told = sum(bool(cell.strip()) for cell in header)
    roles = {found[0][0] for cell in header if cell.strip() and (found := roles_of(cell))}
    every = {role for cell in header if cell.strip() for role, _ in roles_of(cell)}
    needed = sum(role in every for role in NEEDED) + ("quantity" not in every and "outstanding" in every)
    return min(needed, told), len(roles)


def choose(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    *,
    known_skus: Container[str] = (),
    said: Mapping[str, str] = {},
) -> dict[str, int]:
    """The place of each role's column. `sample` are rows under the header, `known_skus` the shop's codes
    in lower case; `said` names columns by a person's word ("" for none)."""
    chosen = _as_said(header, said)
    if "sku" not in said:
        chosen |= _of_the_shop(header, sample, set(chosen.values()), known_skus)
    taken = set(chosen.values())
    is_ours = all(any(fold(cell) == fold(role) for cell in header) for role in NEEDED)
    candidates = [
        one
        for place, name in enumerate(header)
        if name.strip() and place not in taken
        for one in _candidates(place, name, sample, known_skus, is_ours=is_ours)
        if one.role not in said and one.role not in chosen
    ]
    for one in sorted(candidates, key=lambda each: (-each.weight, each.place)):
        if one.role not in chosen and one.place not in taken:
            chosen[one.role] = one.place
            taken.add(one.place)
    return _completed(header, chosen, candidates, said)


def _of_the_shop(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    taken: AbstractSet[int],
    known_skus: Container[str],
) -> dict[str, int]:
    """The only column that holds SKUs of the shop, whatever it is called."""
    found = [
        place
        for place in range(len(header))
        if place not in taken
        and _share(_cells(sample, place), lambda cell: clean_code(cell).lower() in known_skus) >= _MOST
    ]
    return {"sku": found[0]} if len(found) == 1 else {}


def _cells(sample: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place].strip() for row in sample if place < len(row) and row[place].strip()]


def _completed(
    header: Sequence[str],
    chosen: dict[str, int],
    candidates: Sequence[Candidate],
    said: Mapping[str, str],
) -> dict[str, int]:
    """What columns mean together: a date that was changed stands where no new one is told, and pieces
    are not counted in packs."""
    taken = set(chosen.values())
    if "expected_on" in chosen and _words(header[chosen["expected_on"]]) & vocabulary.SAID_LATER:
        earlier = [
            one.place
            for one in candidates
            if one.role == "expected_on"
            and one.place not in taken
            and _words(header[one.place]) & vocabulary.SAID_EARLIER - _WISHES
        ]
        chosen |= {"expected_before": earlier[0]} if len(earlier) == 1 else {}
    if "outstanding" in chosen and "outstanding" not in said and _counts_all(header, chosen):
        chosen["quantity"] = chosen.pop("outstanding")
    if "quantity" in chosen and "pack_size" not in said and _words(header[chosen["quantity"]]) & _SINGLE:
        chosen.pop("pack_size", None)
    return chosen


def _counts_all(header: Sequence[str], chosen: Mapping[str, int]) -> bool:
    """Whether "Expected qty" beside "Received qty", and no ordered one, is all that was expected."""
    parts = _parts(header[chosen["outstanding"]])
    return (
        "received" in chosen and "quantity" not in chosen and "expected" in parts and "open" not in parts
    )


def more_statuses(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    chosen: Mapping[str, int],
    *,
    said: Mapping[str, str] = {},
) -> tuple[int, ...]:
    """Further columns of known states: an order's beside its lines', or its delivery's. What is billed,
    paid or reviewed says nothing of the goods."""
    if "status" not in chosen or "status" in said:
        return ()
    taken = set(chosen.values())
    return tuple(
        place
        for place, name in enumerate(header)
        if place not in taken
        and not _words(name) & _OTHER_STATES
        and any(role == "status" for role, _ in roles_of(name))
        and (cells := [row[place] for row in sample if place < len(row) and row[place].strip()])
        and all(map(_is_state, cells))
    )


def _words(name: str) -> set[str]:
    return {word for spelled in spellings(name) for word in spelled.split()}


def rivals(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    chosen: Mapping[str, int],
    said: Mapping[str, str] = {},
) -> dict[str, list[str]]:
    """Columns that may as well be what a chosen one is taken for, and say something else: by role the
    names of both. A person has to say which counts."""
    taken, found = set(chosen.values()), {}
    every = {
        place: _candidates(place, name, sample, (), is_ours=False)
        for place, name in enumerate(header)
        if name.strip()
    }
    for role in MEASURED & (chosen.keys() - said.keys()):
        mine = chosen[role]
        weight = max((one.weight for one in every[mine] if one.role == role), default=0.0)
        names = [
            header[place]
            for place, candidates in every.items()
            if place not in taken
            and any(one.role == role and one.weight > weight - _NEAR for one in candidates)
            and not _is_surer(header[mine], header[place])
            and _differ(sample, mine, place)
        ]
        if names:
            found[role] = [header[mine], *names]
    return found


def _is_surer(mine: str, other: str) -> bool:
    """Whether one names what is expected, and the other what was wished or has come."""
    ours, theirs = (_parts(_DUE.sub("", name)) & {"expected", "wished"} for name in (mine, other))
    return ("expected" in ours - theirs) or ("wished" in theirs - ours)


def _parts(name: str) -> set[str]:
    return {part for spelled in spellings(name) for part in parts_of(spelled)}


def _differ(sample: Sequence[Sequence[str]], one: int, other: int) -> bool:
    """Whether two columns say different things of any row."""
    return any(
        row[one].strip() and row[other].strip() and row[one].strip() != row[other].strip()
        for row in sample
        if max(one, other) < len(row)
    )


def _as_said(header: Sequence[str], said: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for role, name in said.items():
        for place, cell in enumerate(header):
            if name and fold(cell) == fold(name):
                found.setdefault(role, place)
    return found


def _candidates(
    place: int,
    name: str,
    sample: Sequence[Sequence[str]],
    known_skus: Container[str],
    *,
    is_ours: bool,
) -> list[Candidate]:
    cells = _cells(sample, place)
    found = []
    named = roles_of(name)
    for role, weight in named:
        fits = _fits(role, cells, weight)
        # A name that can mean one thing only is believed whatever stands under it: lines are refused
        # one by one, with their reasons.
        if fits is False and (len(named) > 1 or role not in NEEDED or weight < _SURE):
            continue
        bonus: float = _OWN_NAMES if is_ours and fold(name) == fold(role) else 0
        bonus -= 0 if fits else _EMPTY
        if role == "reference" and is_of_a_database(name, cells, rows=len(sample)):
            bonus -= _IN_SHOP
        if role in ("sku", "reference"):
            share = _share(cells, lambda cell: clean_code(cell).lower() in known_skus)
            bonus += _IN_SHOP * share * (1 if role == "sku" else -1)
        if role != "reference" or weight + bonus > 0:
            found.append(Candidate(role, place, weight + bonus))
    return found


def _fits(role: str, cells: Sequence[str], weight: float) -> bool | None:
    """Whether what stands in the column can be that; None where nothing does."""
    if role in DAYS:
        told = [cell for cell in cells if not is_no_day(cell)]
        is_amount = _share(told, lambda cell: is_number(cell) and not _is_day(cell)) >= _MOST
        return None if not told else not is_amount
    if role in QUANTITIES:
        told = [cell for cell in cells if not is_none(cell)]
        amounts = _share(told, lambda cell: is_number(cell) and not looks_like_day(cell))
        return None if not told else amounts >= _MOST
    if role == "status":
        knows = _share(cells, _is_state) > 0
        return None if not cells else knows or (weight >= _SURE and _few(cells))
    if role in ("is_closed", "is_cancelled"):
        marks = vocabulary.YES | vocabulary.NO
        is_marked = all(cell.casefold() in marks for cell in cells)
        return None if not cells else is_marked or all(map(looks_like_day, cells))
    if role in ("unit", "kind"):
        return None if not cells else _share(cells, is_number) < _MOST
    return True if cells else None


def _is_state(cell: str) -> bool:
    return state_named(cell) is not None


def _few(cells: Sequence[str]) -> bool:
    """States repeat, and are words."""
    is_number_mostly = _share(cells, is_number) >= _MOST
    return len(set(cells)) <= max(3, len(cells) // 3) and not is_number_mostly


def _is_day(cell: str) -> bool:
    """A date, or the number by which Excel knows one."""
    return looks_like_day(cell) or bool(_SERIAL.fullmatch(cell))


def _share(cells: Sequence[str], is_such: Callable[[str], bool]) -> float:
    return sum(map(is_such, cells)) / len(cells) if cells else 0.0
