"""EDIFACT: order responses (ORDRSP) and despatch advices (DESADV), any directory.

Segments are taken apart by pydifact. Read are: UNH, BGM, DTM, RFF, NAD, LIN, PIA, QTY, QVR; other
segments of these two say nothing that is used.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydifact.exceptions import EDISyntaxError
from pydifact.parser import Parser

from app.pipeline.arrivals import Bad
from app.pipeline.edi.document import EdiDocument, EdiLine, SegmentRefused, nearest_day, read_stamp
from app.pipeline.files.text import FileRefused

_KINDS = {"ORDRSP": "order response (ORDRSP)", "DESADV": "despatch advice (DESADV)"}
# Codes by who gave them: the buyer, the maker and the seller, then what the trade knows an item by.
_SELLERS = ("SA", "MF")
_TRADES = ("SRV", "EN", "UP")
_CODES = ("SK", "IN", "BP", "MF", "SA", *_TRADES)
# Arrival: estimated, actual schedule, promised, delivery. What leaves on a day has not arrived then.
_FIRM = ("132", "67", "69", "76", "191", "17", "358", "63", "35")
_WISHED = ("2",)
_CONFIRMED = {"ORDRSP": ("113", "194", "21"), "DESADV": ("12", "194", "46")}
_REFUSED_RESPONSE, _CANCELS = "27", "1"
_BACKORDERED = "83"
_TEST_INDICATOR = 10
_GONE_LINES = frozenset({"2", "7"})
_SUPPLIERS = ("SU", "SE", "SF")
_SHIP_TO = ("ST", "DP", "CN", "BY")


@dataclass(slots=True)
class _Line:
    at: int
    codes: dict[str, str]
    is_gone: bool = False
    reference: str = ""
    parts: list["_Part"] = field(default_factory=lambda: [_Part()])


@dataclass(slots=True)
class _Part:
    """One of the deliveries that a line comes in: units by what is meant, in which unit, and days."""

    units: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    days: dict[str, date | None] = field(default_factory=dict)


@dataclass(slots=True)
class _State:
    """Where in a message the reader is: what its head said, and the line that is not finished."""

    zone: ZoneInfo
    kind: str = ""
    document: str = ""
    is_refused: bool = False
    reference: str = ""
    supplier: str = ""
    places: list[str] = field(default_factory=list)
    days: dict[str, date | None] = field(default_factory=dict)
    line: _Line | None = None
    lines: list[EdiLine | Bad] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def read(text: str, *, zone: ZoneInfo) -> EdiDocument:
    """The file's lines. Raises `FileRefused` that names the segment."""
    state = _State(zone)
    for at, (tag, elements) in enumerate(_segments(text), 1):
        if tag == "UNB" and _Elements(elements).at(_TEST_INDICATOR) == "1":
            raise FileRefused("The file is marked as a test (UNB), so nothing of it is imported.")
        try:
            _READ.get(tag, _ignore)(state, at, _Elements(elements))
        except SegmentRefused as problem:
            raise FileRefused(f"Segment {at} ({tag}+{_spelled(elements)[:60]}): {problem}.") from problem
    if len(set(state.kinds)) != 1:
        raise FileRefused("The file must hold messages of one kind: all ORDRSP or all DESADV.")
    names = tuple(_KINDS[kind] for kind in dict.fromkeys(state.kinds))
    return EdiDocument("EDIFACT", names, state.lines, is_shipment=state.kinds[0] == "DESADV")


def _segments(text: str) -> list[tuple[str, Sequence[Any]]]:
    try:
        with warnings.catch_warnings():
            # It says that it has no directory to check segments against, which is not asked of it.
            warnings.simplefilter("ignore")
            return [(segment.tag, segment.elements) for segment in Parser().parse(text)]
    except (EDISyntaxError, ValueError, IndexError) as error:
        raise FileRefused(f"This is not an EDIFACT file that can be read: {error}.") from error


class _Elements:
    """A segment's elements and their components; what is left out is empty."""

    def __init__(self, elements: Sequence[Any]) -> None:
        self._elements = elements

    def at(self, place: int, component: int = 0) -> str:
        """A component, both counted from 0."""
        if place >= len(self._elements):
            return ""
        element = self._elements[place]
        parts = element if isinstance(element, list) else [element]
        return str(parts[component] or "") if component < len(parts) else ""

    def __len__(self) -> int:
        return len(self._elements)


def _spelled(elements: Sequence[Any]) -> str:
    return "+".join(":".join(map(str, one)) if isinstance(one, list) else str(one) for one in elements)


def _ignore(state: _State, at: int, values: _Elements) -> None:
    """Nothing that is used."""


def _begin(state: _State, at: int, values: _Elements) -> None:
    """UNH: a message begins."""
    kind = values.at(1)
    if kind not in _KINDS:
        raise SegmentRefused("Backline reads ORDRSP (order responses) and DESADV (despatch advices)")
    state.kinds.append(kind)
    state.kind, state.document, state.is_refused, state.reference = kind, "", False, ""
    state.supplier, state.places, state.days, state.line = "", [], {}, None


def _document(state: _State, at: int, values: _Elements) -> None:
    """BGM: the document's number, and whether the order is accepted at all."""
    state.document = values.at(1)
    if state.kind == "ORDRSP" and values.at(2) == _CANCELS:
        raise SegmentRefused("it cancels an earlier response: ask the supplier for what holds now")
    state.is_refused = values.at(2) == (_REFUSED_RESPONSE if state.kind == "ORDRSP" else _CANCELS)


def _date(state: _State, at: int, values: _Elements) -> None:
    """DTM: a date of the line that is being read, else of the message."""
    if values.at(0) not in (*_FIRM, *_WISHED):
        return
    days = state.days if state.line is None else state.line.parts[-1].days
    days[values.at(0)] = read_stamp(values.at(0, 1), values.at(0, 2) or "102", state.zone)


def _reference(state: _State, at: int, values: _Elements) -> None:
    """RFF: the buyer's order number."""
    if values.at(0) != "ON":
        return
    if state.line is None:
        state.reference = values.at(0, 1)
    else:
        state.line.reference = values.at(0, 1)


def _party(state: _State, at: int, values: _Elements) -> None:
    """NAD: a supplier, or where the goods go to, by name and code."""
    name = values.at(3) or values.at(2)
    if values.at(0) in _SUPPLIERS and not state.supplier:
        state.supplier = name or values.at(1)
    if values.at(0) in _SHIP_TO:
        state.places += [one for one in (values.at(1), name) if one]


def _item(state: _State, at: int, values: _Elements) -> None:
    """LIN: a line, with what the supplier does with it and the trade's code."""
    _finish(state)
    codes = {"EN": values.at(2)} if values.at(2) else {}
    state.line = _Line(at, codes, is_gone=values.at(1) in _GONE_LINES)


def _codes(state: _State, at: int, values: _Elements) -> None:
    """PIA: more codes of the item, by who gave them."""
    if state.line is not None:
        for place in range(1, len(values)):
            if values.at(place):
                state.line.codes.setdefault(values.at(place, 1), values.at(place))


def _units(state: _State, at: int, values: _Elements) -> None:
    """QTY: how many units, by what is meant. The same said again is of another delivery."""
    if state.line is None:
        return
    if values.at(0) in state.line.parts[-1].units:
        state.line.parts.append(_Part())
    part = state.line.parts[-1]
    part.units[values.at(0)], part.unit = values.at(0, 1), values.at(0, 2) or part.unit


def _schedule(state: _State, at: int, values: _Elements) -> None:
    """SCC: a delivery of the line begins."""
    if state.line is not None:
        state.line.parts.append(_Part())


def _told(line: _Line, kinds: Sequence[str]) -> list[tuple[str, _Part]]:
    """What comes of a line, in its deliveries: what is confirmed rather than what was ordered.
    Deliveries take the place of the sum of them."""
    kind = next((one for one in kinds if any(one in part.units for part in line.parts)), "")
    found = [(part.units[kind], part) for part in line.parts if kind in part.units]
    first, *others = [_number(units) for units, _ in found] or [0]
    if others and first == sum(others):
        found = found[1:]
    waits = [part for part in line.parts if _BACKORDERED in part.units]
    if kind != kinds[-1]:
        found += [(part.units[_BACKORDERED], _Part(unit=part.unit, days={"": None})) for part in waits]
    return found or [("", line.parts[0])]


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return 0.0


def _finish(state: _State, *_: object) -> None:
    """The line that was being read is whole."""
    line, state.line = state.line, None
    if line is None:
        return
    for quantity, part in _told(line, _CONFIRMED[state.kind]):
        levels = [part.days] if "" in part.days else [part.days, line.parts[0].days, state.days]
        state.lines.append(
            EdiLine(
                at=line.at,
                reference=line.reference or state.reference,
                codes=[line.codes[kind] for kind in _CODES if line.codes.get(kind)],
                barcode=next((line.codes[kind] for kind in _TRADES if line.codes.get(kind)), ""),
                supplier_sku=next((line.codes[kind] for kind in _SELLERS if line.codes.get(kind)), ""),
                quantity=quantity,
                unit=part.unit,
                day=nearest_day(levels, _FIRM, _WISHED),
                shipment=state.document if state.kind == "DESADV" else "",
                supplier=state.supplier,
                places=state.places,
                is_withdrawn=state.is_refused or line.is_gone,
            )
        )


_READ: Mapping[str, Callable[[_State, int, _Elements], None]] = {
    "UNH": _begin,
    "BGM": _document,
    "DTM": _date,
    "RFF": _reference,
    "NAD": _party,
    "LIN": _item,
    "PIA": _codes,
    "QTY": _units,
    "SCC": _schedule,
    "UNS": _finish,
    "UNT": _finish,
}
