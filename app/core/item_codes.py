"""By which codes an item is known besides its SKU: the barcode on it, and what its supplier or maker
calls it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

_SHORTEST = 3
# EAN-8 to GTIN-14.
_BARCODE_DIGITS = range(8, 15)


class CodeKind(StrEnum):
    """Who gave a code. Two suppliers may use one number; a barcode is nobody else's."""

    BARCODE = "barcode"
    SUPPLIER_SKU = "supplier SKU"
    PART_NUMBER = "manufacturer part number"


@dataclass(frozen=True, slots=True)
class ItemCode:
    """A code as the platform tells it."""

    kind: CodeKind
    text: str


class Words(NamedTuple):
    """By what a line names an item: the SKU, and the other codes that it gives."""

    sku: str
    barcode: str = ""
    supplier_sku: str = ""


class Match(NamedTuple):
    """The item that is meant (None: none that is known), and by which kind of code (None: its SKU)."""

    item_id: int | None
    by: CodeKind | None = None


class UnclearItem(Exception):
    """Which item is meant has to be said; the text tells why."""


CodesOf = Mapping[tuple[bool, str], Iterable[int]]
"""Items by code: whether it is a barcode, and the code as `spelled`."""


def spelled(text: str) -> str:
    """A code as it is compared: in lower case; a barcode without its leading zeros, for these alone tell
    UPC, EAN and GTIN of one article apart. Empty for what is no code, such as "N/A"."""
    code = "".join(text.split()).lower()
    if is_barcode(code):
        code = code.lstrip("0")
    is_code = len(code) >= _SHORTEST and any(map(str.isdigit, code))
    return code if is_code else ""


def spellings(code: str) -> set[str]:
    """How a code may be written that is `spelled` so."""
    lengths = _BARCODE_DIGITS if code.isdigit() else ()
    return {code, *(code.zfill(length) for length in lengths)}


def is_barcode(text: str) -> bool:
    """Whether it can be nothing else but a number of the world's articles."""
    return len(text) in _BARCODE_DIGITS and text.isascii() and text.isdigit()


def match_item(words: Words, skus: Mapping[str, Sequence[int]], codes: CodesOf) -> Match:
    """The item that a line means. Its SKU comes first, then its barcode, which may stand in the place of
    the SKU, or be the SKU; then the number that the supplier or maker gave it. Raises `UnclearItem`
    where a code is that of several items, or SKU and barcode are those of two."""
    own = set(skus.get(words.sku.lower(), ()))
    scanned = _scanned(words, skus, codes)
    if len(own) > 1 and len(own & scanned) == 1:
        return Match((own & scanned).pop(), CodeKind.BARCODE)
    if len(own) > 1:
        raise UnclearItem(
            f"{len(own)} items have the SKU {words.sku}: give each its own on the platform"
        )
    if own and scanned and not own & scanned:
        raise UnclearItem(
            f"the SKU {words.sku} and the barcode {words.barcode} are of different items: correct one "
            "of them, or set the column of the barcode as not used"
        )
    if own:
        return Match(own.pop())
    if scanned:
        return _only(scanned, CodeKind.BARCODE, words.barcode or words.sku)
    if not words.supplier_sku:
        return Match(None)
    named = set(codes.get((False, spelled(words.supplier_sku)), ()))
    return _only(named, CodeKind.SUPPLIER_SKU, words.supplier_sku) if named else Match(None)


def suggestions(sku: str, codes: CodesOf) -> set[int]:
    """Items that a supplier or maker calls by what stands as a SKU. It may be the SKU of another item,
    which nobody has ordered yet: a person decides."""
    return set(codes.get((False, spelled(sku)), ()))


def _scanned(words: Words, skus: Mapping[str, Sequence[int]], codes: CodesOf) -> set[int]:
    """Items with the line's barcode, as a code of theirs or as their SKU."""
    stands_for_sku = is_barcode(words.sku) and words.sku.lower() not in skus
    if not (words.barcode or stands_for_sku):
        return set()
    told = [one for one in (words.barcode, words.sku if stands_for_sku else "") if spelled(one)]
    found: set[int] = set()
    for one in told:
        found |= set(codes.get((True, spelled(one)), ()))
        found |= set(skus.get(one.lower(), ())) if is_barcode(one) else set()
    return found


def _only(found: set[int], kind: CodeKind, code: str) -> Match:
    if len(found) > 1:
        raise UnclearItem(
            f"{len(found)} items have the {kind} {code}: say which SKU is meant, or give each item its "
            "own on the platform"
        )
    return Match(found.pop(), kind)
