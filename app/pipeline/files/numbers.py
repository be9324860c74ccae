"""Quantities as files write them, read by what the whole file shows of its decimal sign."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.pipeline.files.fold import fold
from app.pipeline.files.vocabulary import PIECES

_NUMBER = re.compile(r"(-?)\(?(\d[\d.,' \u00a0\u202f]*?)\)?\s*([^\d.,'\s].*)?")
_ENDS = re.compile(r"[.,](\d+)$")
_NONE = frozenset({"", "-", "–", "—", "−", "n/a", "na", "nil", "none", "null", "."})
_GROUP = 3
_LONG = 19
_FEWEST = 2


class UnreadableNumber(ValueError):
    """The text says what is wrong with the cell."""


class BelowZero(UnreadableNumber):
    """Units that are taken back, of this line or of another."""


@dataclass(frozen=True, slots=True)
class Decimals:
    """What a file shows of its numbers. `sign` parts off decimals ("." or ",", None: nothing shows it);
    `are_zeros`: every quantity ends in three zeros after one sign, as tools print whole numbers."""

    sign: str | None = None
    are_zeros: bool = False


def is_none(text: str) -> bool:
    """Whether a cell says that there is no number."""
    return text.strip().casefold() in _NONE


def is_number(text: str) -> bool:
    """Whether a cell looks like a number, with a unit or without."""
    return parse(text) is not None


def parse(text: str) -> tuple[bool, str, str] | None:
    """Whether the number is below zero, its digits and signs, and what stands after it."""
    if text.isascii() and text.isdigit():
        return False, text, ""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None
    is_below = bool(found[1]) or plain.startswith("(")
    return is_below, re.sub(r"[' \u00a0\u202f]", "", found[2]), (found[3] or "").strip()


class Evidence:
    """Gathers what the cells of a file show of its decimal sign. Prices tell as well as quantities."""

    def __init__(self) -> None:
        self._decimal: Counter[str] = Counter()
        self._zeros = self._quantities = self._unclear = 0
        self._sign_of_zeros: set[str] = set()

    def see(self, cells: Iterable[str], *, are_quantities: bool) -> None:
        """The next cells."""
        for cell in cells:
            is_told = are_quantities or "." in cell or "," in cell
            found = parse(cell) if is_told else None
            if found is not None:
                self._see(found[1], is_quantity=are_quantities)

    def _see(self, digits: str, *, is_quantity: bool) -> None:
        self._quantities += is_quantity
        if digits.isdigit():
            return
        signs = [each for each in digits if each in ".,"]
        if sign := _decimal_sign(digits, signs):
            self._decimal[sign] += 1
            return
        self._unclear += is_quantity
        if is_quantity and digits.endswith("000"):
            self._zeros += 1
            self._sign_of_zeros.add(signs[0])

    def decimals(self) -> Decimals:
        """What all that was seen says."""
        if self._decimal:
            (sign, count), *others = self._decimal.most_common()
            return Decimals(sign if not others or count > others[0][1] else None)
        is_all = _FEWEST <= self._zeros == self._quantities and len(self._sign_of_zeros) == 1
        if is_all:
            return Decimals(next(iter(self._sign_of_zeros)), are_zeros=True)
        return Decimals()


def _decimal_sign(digits: str, signs: list[str]) -> str | None:
    """The decimal sign that this number shows. None: 1.200 may be either."""
    other = {".": ",", ",": "."}
    if len(set(signs)) > 1:
        return signs[-1]
    if len(signs) > 1:
        return other[signs[0]]
    head, _, tail = digits.partition(signs[0])
    is_group = len(tail) == _GROUP and 1 <= len(head) <= _GROUP and not head.startswith("0")
    return None if is_group else signs[0]


def read_quantity(text: str, decimals: Decimals) -> int:
    """A whole number of units, 0 or more. Raises `UnreadableNumber` with what to do."""
    if text.isascii() and text.isdigit() and len(text) < _LONG:
        return int(text)
    found = parse(text)
    if found is None:
        raise UnreadableNumber(f"{text[:40]!r} is not a number")
    is_below, digits, unit = found
    if unit.startswith("-") and not unit.strip("- "):  # as SAP writes what is below zero
        is_below, unit = True, ""
    if unit and (not fold(unit) or not set(fold(unit).split()) <= PIECES):
        raise UnreadableNumber(
            f"{text[:40]!r} is counted in {unit[:20]!r}: write how many single units that is"
        )
    whole = _whole(text, digits, decimals)
    if is_below and whole:
        raise BelowZero(f"{text[:40]} is below zero")
    return whole


def _whole(text: str, digits: str, decimals: Decimals) -> int:
    signs = [each for each in digits if each in ".,"]
    if not signs:
        return int(digits)
    sign = _decimal_sign(digits, signs) or decimals.sign
    if sign is None:
        plain = re.sub(r"\D", "", digits)
        raise UnreadableNumber(
            f"{text[:40]} may mean {int(plain):,} or {digits.replace(signs[0], '.')}, and nothing in "
            "the file tells: say which sign parts off decimals, or write it without one"
        )
    grouped = digits.replace("," if sign == "." else ".", "")
    head, _, tail = grouped.partition(sign)
    if tail.strip("0") or sign in tail:
        raise UnreadableNumber(f"{text[:40]} is not a whole number")
    return int(head or "0")
