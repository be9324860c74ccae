"""By which lines of a file name the same goods: purchase order, SKU, location."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from app.pipeline.files.columns import OTHER_CODES


def line_key(reference: str, sku: str, location: str) -> bytes:
    """By which two lines of one purchase order for one SKU are known, without keeping all of them."""
    return hashlib.blake2b("\t".join((reference, sku, location)).encode(), digest_size=12).digest()


# The lines of an order follow each other, and a file names few places. No more are kept: a cell may be
# long.
@lru_cache(256)
def _compared(cell: str) -> str:
    return " ".join(cell.casefold().split())


def line_words(cells: Sequence[str], columns: Mapping[str, int]) -> tuple[str, str, str]:
    """The reference, SKU and location of a line as they are compared, empty where it says none."""

    def word(role: str) -> str:
        place = columns.get(role)
        return "" if place is None or place >= len(cells) else _compared(cells[place])

    sku = word("sku") or next(filter(None, map(word, OTHER_CODES)), "")
    return word("reference"), sku, word("location")
