"""X12: purchase order acknowledgments (855) and advance ship notices (856), any version.

The envelope is taken apart by pyx12. Read are: 855 BAK, N1, DTM, PO1, ACK; 856 BSN, HL, DTM, N1, PRF,
LIN, SN1. Other segments of these two say nothing that is used.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from pyx12.errors import X12Error
from pyx12.x12file import X12Reader

from app.pipeline.arrivals import Bad
from app.pipeline.edi.document import EdiDocument, EdiLine, SegmentRefused, nearest_day, read_stamp
from app.pipeline.files.text import FileRefused

_SETS = {"855": "purchase order acknowledgment (855)", "856": "advance ship notice (856)"}
# Codes that the buyer gave an item, then the maker's and the seller's, then what the trade knows it by.
_SELLERS = ("VP", "VN", "VC", "MG")
_TRADES = ("UP", "UK", "EN", "EO", "UA")
_CODES = ("SK", "IN", "BP", "CB", "PN", *_SELLERS, *_TRADES)
# Dates of arrival, the surest first; an 855 may tell when goods leave, which is no arrival.
_FIRM, _WISHED = ("371", "067", "069", "017", "063"), ("002", "106")
_ARRIVES = (*_FIRM, *_WISHED)
# Data element 668. What waits has no date but one of its own, and what is on hold has none.
_GONE = frozenset({"ID", "IR", *(f"R{number}" for number in range(1, 10))})
_WAITS = frozenset({"IB", "SP"})
_ON_HOLD = frozenset({"IF", "IH", "IW"})
_SENDS_PART, _SUBSTITUTES = "BP", "IS"
_CANCELS, _HEAD_ON_HOLD = "01", "AH"
_REFUSED = frozenset({"RD", "RJ", "RF", "RO"})
_SUPPLIERS = ("SU", "VN", "SE", "SF")
_SHIP_TO = ("ST", "BY")


@dataclass(slots=True)
class _Level:
    """What one part of a message says of those within it."""

    days: dict[str, date | None] = field(default_factory=dict)
    reference: str = ""
    supplier: str = ""
    places: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """Where in a message the reader is: what its levels said, and the line that is not finished."""

    zone: ZoneInfo
    kind: str = ""
    shipment: str = ""
    is_refused: bool = False
    is_on_hold: bool = False
    levels: dict[str, _Level] = field(default_factory=lambda: {"": _Level()})
    parents: dict[str, str] = field(default_factory=dict)
    level: str = ""
    line: "_Line | None" = None
    lines: list[EdiLine | Bad] = field(default_factory=list)

    @property
    def here(self) -> _Level:
        return self.levels[self.level]

    def up(self) -> Iterator[_Level]:
        """This level and those it is within."""
        level: str | None = self.level
        while level is not None:
            yield self.levels[level]
            level = self.parents.get(level, "" if level else None)


@dataclass(slots=True)
class _Line:
    at: int
    codes: Mapping[str, str]
    quantity: str = ""
    day: date | None = None
    has_day: bool = False
    confirmed: list[tuple[int, date | None, bool]] = field(default_factory=list)
    is_answered: bool = False
    is_gone: bool = False
    waits: bool = False
    unit: str = ""
    problem: str = ""


def read(text: str, *, zone: ZoneInfo) -> EdiDocument:
    """The file's lines. Raises `FileRefused` that names the segment."""
    state, kinds = _State(zone), []
    try:
        for at, segment in enumerate(X12Reader(io.StringIO(text)), 1):
            tag = segment.get_seg_id()
            values = [segment.get_value(f"{tag}{n:02}") or "" for n in range(1, len(segment) + 1)]
            if tag == "ISA" and values[14:15] == ["T"]:
                raise FileRefused(
                    "The file is marked as a test (ISA15 is T), so nothing of it is imported."
                )
            if tag == "ST":
                kinds.append(_begin(state, at, values))
            try:
                _READ.get(tag, _ignore)(state, at, [*values, *[""] * 8])
            except SegmentRefused as problem:
                raise FileRefused(
                    f"Segment {at} ({tag}*{'*'.join(values)[:60]}): {problem}."
                ) from problem
    except X12Error as error:
        raise FileRefused(f"This is not an X12 file that can be read: {error}.") from error
    if len(set(kinds)) != 1:
        raise FileRefused("The file must hold messages of one kind: all 855 or all 856.")
    names = tuple(_SETS[kind] for kind in dict.fromkeys(kinds))
    return EdiDocument("X12", names, state.lines, is_shipment=kinds[0] == "856")


def _begin(state: _State, at: int, values: Sequence[str]) -> str:
    kind = values[0] if values else ""
    if kind not in _SETS:
        raise FileRefused(
            f"Segment {at} (ST*{'*'.join(values)[:40]}): Backline reads 855 (acknowledgments) and 856 "
            "(ship notices)."
        )
    state.kind, state.shipment, state.is_refused, state.is_on_hold = kind, "", False, False
    state.levels, state.parents, state.level, state.line = {"": _Level()}, {}, "", None
    return kind


def _ignore(state: _State, at: int, values: Sequence[str]) -> None:
    """Nothing that is used."""


def _order(state: _State, at: int, values: Sequence[str]) -> None:
    """BAK: the acknowledgment's kind and the purchase order's number."""
    if values[0] == _CANCELS:
        raise SegmentRefused("it cancels an earlier acknowledgment: ask the supplier for what holds now")
    state.is_on_hold = values[1] == _HEAD_ON_HOLD
    state.here.reference, state.is_refused = values[2], values[1] in _REFUSED


def _notice(state: _State, at: int, values: Sequence[str]) -> None:
    """BSN: the shipment's number, and whether it is called off."""
    state.shipment, state.is_refused = values[1], values[0] == _CANCELS


def _hierarchy(state: _State, at: int, values: Sequence[str]) -> None:
    """HL: a level begins (shipment, order, pack, item) within another."""
    _finish(state)
    level, parent = values[:2]
    if level in state.levels:
        raise SegmentRefused("its number is missing, or an earlier HL has it")
    # Only earlier levels hold later ones: none is within itself. Some write 0 where there is none.
    if parent in state.levels:
        state.parents[level] = parent
    state.level, state.levels[level] = level, _Level()


def _purchase_order(state: _State, at: int, values: Sequence[str]) -> None:
    """PRF: the order of this level."""
    state.here.reference = values[0]


def _party(state: _State, at: int, values: Sequence[str]) -> None:
    """N1: a supplier, or where the goods go to, by name and code."""
    if values[0] in _SUPPLIERS and not state.here.supplier:
        state.here.supplier = values[1]
    if values[0] in _SHIP_TO:
        state.here.places += [one for one in (values[3], values[1]) if one]


def _date(state: _State, at: int, values: Sequence[str]) -> None:
    """DTM: a date of the line that is being read, else of its level."""
    if values[0] not in _ARRIVES:
        return
    day = read_stamp(values[1], "102", state.zone)
    if state.line is not None and state.kind == "855":
        state.line.day, state.line.has_day = day, True
    else:
        state.here.days[values[0]] = day


def _ordered(state: _State, at: int, values: Sequence[str]) -> None:
    """PO1: a line of the acknowledged order, with its codes in pairs."""
    _finish(state)
    state.line = _Line(at, _codes(values[5:]), quantity=values[1], unit=values[2])


def _answered(state: _State, at: int, values: Sequence[str]) -> None:
    """ACK: what the supplier says of the line, in one or several parts."""
    line = state.line
    if line is None:
        raise SegmentRefused("ACK without a PO1 before it")
    codes = _codes(values[6:])
    if values[0] == _SUBSTITUTES and codes.items() - line.codes.items():
        line.problem = f"the supplier sends {next(iter(codes.values()))} instead: add that line yourself"
    line.codes = line.codes or codes
    line.is_answered = True
    if values[0] in _GONE:
        line.is_gone = line.is_gone or not line.confirmed
        return
    line.is_gone = False
    has_day = values[3] in _ARRIVES and values[4] and values[0] not in _ON_HOLD
    day = read_stamp(values[4], "102", state.zone) if has_day else None
    line.unit = values[2] or line.unit
    line.waits = line.waits or values[0] == _SENDS_PART
    is_undated = day is None and values[0] in _WAITS | _ON_HOLD
    _confirm(line, _units(values[1] or line.quantity), day, is_undated=is_undated)


def _confirm(line: _Line, units: int, day: date | None, *, is_undated: bool) -> None:
    """A delivery of the line. All of it told twice, as it leaves and as it comes, is one delivery."""
    if line.confirmed and units == _units(line.quantity) == line.confirmed[0][0]:
        _, told, waits = line.confirmed.pop()
        day, is_undated = day or told, is_undated and waits
    line.confirmed.append((units, day, is_undated))


def _shipped_item(state: _State, at: int, values: Sequence[str]) -> None:
    """LIN: an item of the shipment, with its codes in pairs."""
    state.line = _Line(at, _codes(values[1:]))


def _shipped_units(state: _State, at: int, values: Sequence[str]) -> None:
    """SN1: how many units of it were shipped."""
    if state.line is None:
        raise SegmentRefused("SN1 without a LIN before it")
    state.line.quantity, state.line.unit = values[1], values[2]
    _finish(state)


def _finish(state: _State, *_: object) -> None:
    """The line that was being read is whole."""
    line, state.line = state.line, None
    if line is None or (state.kind == "856" and not line.quantity):
        return
    told = nearest_day([level.days for level in state.up()], _FIRM, _WISHED)
    usual = None if state.is_on_hold else line.day if line.has_day else told
    confirmed = [
        (str(units), None if is_undated else day or usual)
        for units, day, is_undated in (*line.confirmed, *_balance(line))
        if units
    ]
    state.lines += [
        EdiLine(
            at=line.at,
            reference=next((level.reference for level in state.up() if level.reference), ""),
            codes=[line.codes[kind] for kind in _CODES if kind in line.codes],
            barcode=_first(line.codes, _TRADES),
            supplier_sku=_first(line.codes, _SELLERS),
            unit=line.unit,
            problem=line.problem,
            quantity=quantity,
            day=day,
            shipment=state.shipment,
            supplier=next((level.supplier for level in state.up() if level.supplier), ""),
            places=[place for level in state.up() for place in level.places],
            is_withdrawn=state.is_refused or line.is_gone,
        )
        for quantity, day in confirmed or [("0" if line.confirmed else line.quantity, usual)]
    ]


def _balance(line: _Line) -> list[tuple[int, date | None, bool]]:
    """What is backordered where a part is sent: it still comes, and no day is told."""
    rest = _units(line.quantity) - sum(units for units, _, _ in line.confirmed) if line.waits else 0
    return [(rest, None, True)] if rest > 0 else []


def _units(text: str) -> int:
    number = text.partition(".")[0]
    if not number.isdigit():
        raise SegmentRefused(f"{text[:20]!r} is not a number of units")
    return int(number)


def _codes(values: Sequence[str]) -> dict[str, str]:
    """The codes by their qualifiers, which stand before them."""
    return {kind: code for kind, code in zip(values[::2], values[1::2], strict=False) if code}


def _first(codes: Mapping[str, str], kinds: Sequence[str]) -> str:
    return next((codes[kind] for kind in kinds if kind in codes), "")


_READ: Mapping[str, Callable[[_State, int, Sequence[str]], None]] = {
    "BAK": _order,
    "BSN": _notice,
    "HL": _hierarchy,
    "PRF": _purchase_order,
    "N1": _party,
    "DTM": _date,
    "PO1": _ordered,
    "ACK": _answered,
    "LIN": _shipped_item,
    "SN1": _shipped_units,
    "CTT": _finish,
    "SE": _finish,
}
