"""Whether a column beside those of weeks, days, months or locations adds them up, in every line."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.pipeline.files.numbers import Decimals, UnreadableNumber, is_none, is_number, read_quantity
from app.pipeline.files.rows import is_total_word
from app.pipeline.files.text import Record

_MONEY = re.compile(r"[.,]\d\d$")


@dataclass(slots=True)
class Beside:
    """What all lines show of a column. `is_filled`: some cell holds more than a zero; `is_count`: all
    its numbers are whole."""

    is_filled: bool = False
    is_count: bool = True
    told: set[str] = field(default_factory=set)
    differs: set[str] = field(default_factory=set)
    example: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether it is the sum of the others wherever it says something, by one decimal sign."""
        return bool(self.told - self.differs)


def is_nothing(cell: str) -> bool:
    """Whether a cell holds no units."""
    return is_none(cell) or not cell.strip(" 0.,")


def beside(
    rows: Iterable[Record],
    parts: Sequence[int],
    places: Iterable[int],
    codes: Sequence[int],
    sign: str | None,
) -> Mapping[int, Beside]:
    """The columns at `places` beside those at `parts`. `codes` are the places of what names items,
    `sign` parts off decimals (None: not known)."""
    found = {place: Beside() for place in places}
    width = max([*parts, *found, *codes], default=0) + 1
    for row in rows:
        cells = [cell.strip() for cell in [*row.cells, *[""] * width][:width]]
        item = next((cells[place] for place in codes if cells[place]), "")
        if row.problem is not None or not item or is_total_word(item):
            continue
        for place, seen in found.items():
            _see(seen, cells[place], [cells[part] for part in parts], row.line, sign)
    return found


def _see(seen: Beside, cell: str, parts: Sequence[str], line: int, sign: str | None) -> None:
    seen.is_filled = seen.is_filled or not is_nothing(cell)
    if is_none(cell):
        return
    for each in [sign] if sign else [".", ","]:
        total, units = _whole(cell, each), [_whole(part, each) for part in parts]
        if total is None or None in units:
            continue
        seen.told.add(each)
        summed = sum(unit for unit in units if unit)
        if total != summed:
            seen.differs.add(each)
            seen.example = seen.example or f"line {line}: {total:,} and {summed:,}"
    is_whole = is_number(cell) and any(_whole(cell, each) is not None for each in ".,")
    seen.is_count = seen.is_count and is_whole and not _MONEY.search(cell)


def _whole(cell: str, sign: str) -> int | None:
    if is_none(cell):
        return 0
    try:
        return read_quantity(cell, Decimals(sign))
    except UnreadableNumber:
        return None
