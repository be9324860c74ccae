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
        if row.problem is None and item and not is_total_word(item):
            sums = _sums([cells[part] for part in parts], [sign] if sign else [".", ","])
            for place, seen in found.items():
                _see(seen, cells[place], sums, row.line)
    return found


def _sums(parts: Sequence[str], signs: Sequence[str]) -> dict[str, int]:
    """What the cells add up to by each sign; nothing by one that leaves a cell unread."""
    if not any(sign in cell for cell in parts for sign in ".,"):
        signs, others = signs[:1], signs[1:]
    else:
        others = []
    read = {sign: [whole_number(cell, sign) for cell in parts] for sign in signs}
    found = {sign: sum(unit or 0 for unit in units) for sign, units in read.items() if None not in units}
    return found | {other: summed for other in others for summed in found.values()}


def _see(seen: Beside, cell: str, sums: Mapping[str, int], line: int) -> None:
    seen.is_filled = seen.is_filled or not is_nothing(cell)
    if is_none(cell):
        return
    for sign, summed in sums.items():
        total = whole_number(cell, sign)
        if total is not None:
            seen.told.add(sign)
        if total is not None and total != summed:
            seen.differs.add(sign)
            seen.example = seen.example or f"line {line}: {total:,} and {summed:,}"
    is_whole = is_number(cell) and any(whole_number(cell, sign) is not None for sign in ".,")
    seen.is_count = seen.is_count and is_whole and not _MONEY.search(cell)


def whole_number(cell: str, sign: str) -> int | None:
    """What a cell counts by that decimal sign; None where it is no whole number."""
    if is_none(cell):
        return 0
    try:
        return read_quantity(cell, Decimals(sign))
    except UnreadableNumber:
        return None
