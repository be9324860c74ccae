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
from app.pipeline.edi.document import EdiDocument, EdiLine, SegmentRefused, read_stamp
from app.pipeline.files.text import FileRefused

_KINDS = {"ORDRSP": "order response (ORDRSP)", "DESADV": "despatch advice (DESADV)"}
# Codes by who gave them: the buyer, the maker and the seller, then what the trade knows an item by.
_SELLERS = ("SA", "MF")
_TRADES = ("SRV", "EN", "UP")
_CODES = ("SK", "IN", "BP", "MF", "SA", *_TRADES)
# Arrival: estimated, actual schedule, promised, delivery. What leaves on a day has not arrived then.
_ARRIVES = ("132", "67", "69", "17", "358", "2", "35")
_CONFIRMED = {"ORDRSP": ("113", "194", "21"), "DESADV": ("12", "194", "46")}
_REFUSED_RESPONSE = "27"
_GONE_LINES = frozenset({"2", "7"})
_SUPPLIERS = ("SU", "SE", "SF")
_SHIP_TO = ("ST", "DP", "CN", "BY")


@dataclass(slots=True)
class _Line:
    at: int
    codes: dict[str, str]
    is_gone: bool = False
    reference: str = ""
    days: dict[str, date | None] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


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
    state.is_refused = state.kind == "ORDRSP" and values.at(2) == _REFUSED_RESPONSE


def _date(state: _State, at: int, values: _Elements) -> None:
    """DTM: a date of the line that is being read, else of the message."""
    if values.at(0) not in _ARRIVES:
        return
    days = state.days if state.line is None else state.line.days
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
    """QTY: how many units, by what is meant."""
    if state.line is not None:
        state.line.units[values.at(0)] = values.at(0, 1)


def _finish(state: _State, *_: object) -> None:
    """The line that was being read is whole."""
    line, state.line = state.line, None
    if line is None:
        return
    days = {**state.days, **line.days}
    state.lines.append(
        EdiLine(
            at=line.at,
            reference=line.reference or state.reference,
            codes=[line.codes[kind] for kind in _CODES if line.codes.get(kind)],
            barcode=next((line.codes[kind] for kind in _TRADES if line.codes.get(kind)), ""),
            supplier_sku=next((line.codes[kind] for kind in _SELLERS if line.codes.get(kind)), ""),
            quantity=next((line.units[k] for k in _CONFIRMED[state.kind] if k in line.units), ""),
            day=next((days[kind] for kind in _ARRIVES if kind in days), None),
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
    "UNS": _finish,
    "UNT": _finish,
}
