"""One EDI file: which of the two languages it is in, what it holds, and its lines as purchase orders."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.core import bounds
from app.pipeline.arrivals import LONGEST_TEXT, Bad, Wording
from app.pipeline.files.fold import clean_code
from app.pipeline.files.numbers import Decimals, UnreadableNumber, read_quantity
from app.pipeline.files.options import Options
from app.pipeline.files.text import FileRefused, Source, printable

LARGEST = 16 * 1024 * 1024
_BEGINNINGS = {b"ISA": "X12", b"UNA": "EDIFACT", b"UNB": "EDIFACT"}
_POINT = Decimals(".")
# X12's data element 355 and UN/ECE Recommendation 20: what is sold one by one, sets and pairs included.
_SINGLE_UNITS = frozenset(
    {
        "",
        "EA",
        "PC",
        "PCE",
        "PCS",
        "C62",
        "UN",
        "NAR",
        "H87",
        "ST",
        "SET",
        "PR",
        "PA",
        "KT",
        "EACH",
        "AS",
        "UNT",
    }
)


class SegmentRefused(Exception):
    """A segment says something that can't be used; the text names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class EdiLine:
    """One item of a message, in the words of its sender. `codes` are the item's codes, those that the
    buyer gave it first; `barcode` is the trade's among them, `supplier_sku` the seller's or maker's;
    `quantity` is what is confirmed or was shipped. `day` is a day or None, as told
    by the message that is nearest to the line. `at` is the number of the segment where it begins;
    `unit` is what the quantity counts; with a `problem` the line can't be used."""

    at: int
    reference: str
    codes: Sequence[str]
    quantity: str
    day: date | None
    shipment: str = ""
    supplier: str = ""
    places: Sequence[str] = ()
    is_withdrawn: bool = False
    barcode: str = ""
    supplier_sku: str = ""
    unit: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EdiDocument:
    """What a file holds. `is_shipment`: despatch advices, which say what is on its way under a purchase
    order; else responses, which say what of an order is confirmed, and for when."""

    language: str
    messages: tuple[str, ...]
    lines: Sequence[EdiLine | Bad]
    is_shipment: bool
    known_skus: Container[str] = ()
    options: Options = field(default_factory=Options)
    key: str = ""
    read_on: date | None = None
    header: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    unknown_states: tuple[str, ...] = ()

    @property
    def used(self) -> Mapping[str, str]:
        """Segments have no columns."""
        return {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out."""
        return (f"Read as {self.language}: {', '.join(self.messages)}.",)

    def wordings(self, places: Container[str]) -> Iterator[Wording | Bad]:
        """Each line as an expected delivery; `places` are the words for a shop's locations in lower
        case."""
        for line in self.lines:
            yield line if isinstance(line, Bad) else self._wording(line, places)

    def _wording(self, line: EdiLine, places: Container[str]) -> Wording | Bad:
        reference = _one_line(line.reference)
        if not reference or not line.codes:
            missing = "purchase order number" if not reference else "item code"
            return Bad(line.at, f"segment {line.at}: the line has no {missing}", reference)
        problem = line.problem or self._counted_in(line)
        if problem:
            return Bad(line.at, f"segment {line.at}: {problem}", reference)
        try:
            # EDIFACT writes decimals with either sign, and thousands with none (ISO 9735, 10.1).
            quantity = read_quantity(line.quantity.replace(",", "."), _POINT)
        except UnreadableNumber as problem:
            return Bad(line.at, f"segment {line.at}: the quantity {problem}", reference)
        return Wording(
            line=line.at,
            reference=reference,
            sku=self._sku(line),
            barcode=clean_code(line.barcode)[:LONGEST_TEXT],
            supplier_sku=clean_code(line.supplier_sku)[:LONGEST_TEXT],
            quantity=0 if line.is_withdrawn else quantity,
            expected_on=line.day,
            location=next((one for one in line.places if one.casefold() in places), ""),
            supplier=_one_line(line.supplier),
            shipment=_one_line(line.shipment),
        )

    def _counted_in(self, line: EdiLine) -> str:
        """What is wrong with the unit of the quantity: nobody here knows how many are in a case."""
        if line.is_withdrawn or line.unit.upper() in _SINGLE_UNITS:
            return ""
        return (
            f"the quantity is counted in {line.unit}, not in single units (EA, PCE): ask the supplier "
            "for these"
        )

    def _sku(self, line: EdiLine) -> str:
        """The code that a person said is meant, else one that the shop has, else the buyer's."""
        codes = [clean_code(one) for one in line.codes]
        meant = next(
            (self.options.skus[one.lower()] for one in codes if one.lower() in self.options.skus), ""
        )
        known = next((one for one in codes if one.lower() in self.known_skus), "")
        buyers = next((one for one in line.codes if one not in (line.barcode, line.supplier_sku)), "")
        return clean_code(meant or known or buyers)[:LONGEST_TEXT]


def language_of(source: Source) -> str | None:
    """X12 or EDIFACT, by how the file begins; None for any other file."""
    with source() as stream:
        head = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    return _BEGINNINGS.get(head[:3])


def nearest_day(
    levels: Sequence[Mapping[str, date | None]], firm: Sequence[str], wished: Sequence[str]
) -> date | None:
    """The day of arrival that stands nearest to a line, `levels` beginning with its own; by kind, the
    surest first. What was wished is taken where nothing firmer is told."""
    for kinds in (firm, wished):
        for days in levels:
            for kind in kinds:
                if kind in days:
                    return days[kind]
    return None


def text_of(source: Source) -> str:
    """The whole file. Messages are in an ASCII or Latin alphabet unless they are valid UTF-8. Raises
    `FileRefused`."""
    with source() as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise FileRefused(f"The file is larger than {LARGEST // 2**20} MiB: split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.lstrip()


def read_stamp(text: str, form: str, zone: ZoneInfo) -> date | None:
    """A date as messages write it: `form` is EDIFACT's code (see `_FORMS`), X12's D8 being 102. A week
    is its Friday, a month or period its last day. Raises `SegmentRefused`."""
    if bounds.says_no_date(text):
        return None
    try:
        day = _FORMS[form](text, zone)
        return bounds.possible_or_none(day)
    except OverflowError:  # on the way beyond the year 1 or 9999
        return None
    except KeyError as error:
        raise SegmentRefused(f"dates of the form {form} are not read") from error
    except ValueError as error:
        raise SegmentRefused(f"{text[:20]!r} is not a date that can be meant") from error


def _day(text: str, _: ZoneInfo) -> date:
    return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 -- a day has no zone


def _short_day(text: str, _: ZoneInfo) -> date:
    return datetime.strptime(text, "%y%m%d").date()  # noqa: DTZ007 -- as above


def _month(text: str, _: ZoneInfo) -> date:
    first = datetime.strptime(text, "%Y%m").date()  # noqa: DTZ007 -- as above
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _week(text: str, _: ZoneInfo) -> date:
    return date.fromisocalendar(int(text[:4]), int(text[4:]), 5)


def _last_of_period(text: str, _: ZoneInfo) -> date:
    """CCYYMMDDCCYYMMDD or CCYYMMDDHHMMCCYYMMDDHHMM: the second day."""
    return _day(text.replace("-", "")[len(text.replace("-", "")) // 2 :], _)


def _short_month(text: str, zone: ZoneInfo) -> date:
    return _month(f"20{text}", zone)


def _short_week(text: str, zone: ZoneInfo) -> date:
    return _week(f"20{text}", zone)


def _with_offset(text: str, zone: ZoneInfo) -> date:
    """CCYYMMDDHHMM with a zone after it, such as 202612042300UTC or 202612042300+01."""
    moment = text[:12]
    offset = {"UTC": "+0000", "GMT": "+0000", "Z": "+0000"}.get(text[12:], text[12:])
    offset = f"{offset}00" if len(offset) == len("+01") else offset
    return datetime.strptime(moment + offset, "%Y%m%d%H%M%z").astimezone(zone).date()


_FORMS = {
    "101": _short_day,
    "102": _day,
    "203": _day,
    "204": _day,
    "303": _with_offset,
    "609": _short_month,
    "610": _month,
    "615": _short_week,
    "616": _week,
    "718": _last_of_period,
    "719": _last_of_period,
}


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())[:LONGEST_TEXT]
