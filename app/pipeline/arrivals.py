"""What other systems tell of arrivals: checked, found in the shop's own terms, recorded.

A reference is told whole: what was expected under it and is told no more is cancelled, so that lines
moved elsewhere or split are not expected twice.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from sqlalchemy.orm import Session

from app.core.arrivals import same_reference
from app.core.bounds import too_far
from app.db import arrivals, told
from app.db.told import Fate, ToldArrival

LONGEST_TEXT = 200

# References that one statement names; of more, all arrivals are gone through.
_FEW = 1000


@dataclass(frozen=True, slots=True)
class Wording:
    """One line of a purchase order in another system's words; `line` is where it stands there. A
    `received` of None was not told. Goods whose `expected_on` is None have no date yet."""

    line: int
    reference: str
    sku: str
    quantity: int
    expected_on: date | None
    location: str = ""
    supplier: str = ""
    ordered_on: date | None = None
    received: int | None = None
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that can't be used, and why, in words for whoever wrote it."""

    line: int
    reason: str
    reference: str = ""


@dataclass(slots=True)
class Report:
    """What became, or would become, of all lines. `waiting` counts those among the others whose item no
    order has named yet: they count from the first order on. `undated` ones are goods without a date: of
    them nothing is promised, and the date that was known before is withdrawn."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    cancelled: int = 0
    waiting: int = 0
    undated: int = 0
    bad: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def good(self) -> int:
        """Lines that can be used."""
        return self.new + self.changed + self.unchanged

    @property
    def changes(self) -> int:
        """What there is to record."""
        return self.new + self.changed + self.cancelled


@dataclass(frozen=True, slots=True)
class Catalog:
    """A shop's own terms: its items by code in lower case, and its places by number and by name."""

    items: Mapping[str, Sequence[int]]
    places: Mapping[int, str]
    place_by_word: Mapping[str, int]


def read_catalog(session: Session, shop_id: int, skus: Collection[str] | None = None) -> Catalog:
    """The terms of a shop; only of these items where their codes are given."""
    places = arrivals.locations(session, shop_id)
    names = Counter(name.casefold() for name in places.values())
    by_word = {name.casefold(): number for number, name in places.items() if names[name.casefold()] == 1}
    by_word |= {str(number): number for number in places}
    return Catalog(arrivals.items_by_sku(session, shop_id, skus), places, by_word)


def translate(wording: Wording, catalog: Catalog) -> ToldArrival | Bad | None:
    """A line in the shop's own terms. Goods without a date are no arrival: nobody could be told when
    they come."""
    place = _place(wording, catalog)
    if isinstance(place, str):
        return Bad(wording.line, place, wording.reference)
    found = catalog.items.get(wording.sku.lower(), ())
    if len(found) > 1:
        reason = f"{len(found)} items have the SKU {wording.sku}: give each its own on the platform"
        return Bad(wording.line, reason, wording.reference)
    if wording.expected_on is None:
        return None
    return ToldArrival(
        source_key=told.list_key(wording.reference, wording.sku, place),
        item_id=found[0] if found else None,
        sku=wording.sku,
        location_id=place,
        quantity=wording.quantity,
        received=wording.received,
        received_at=_midday(wording.received_on),
        expected_on=wording.expected_on,
        ordered_on=wording.ordered_on,
        reference=wording.reference,
        supplier=wording.supplier,
    )


def _place(wording: Wording, catalog: Catalog) -> int | str:
    """The location's number, or what is wrong."""
    known = ", ".join(sorted(catalog.places.values())) or "none yet: sync the shop"
    if wording.location:
        found = catalog.place_by_word.get(wording.location.casefold())
        return found or f"there is no location {wording.location}; the shop's are: {known}"
    if len(catalog.places) == 1:
        return next(iter(catalog.places))
    return f"no location; the shop's are: {known}"


def _midday(day: date | None) -> datetime | None:
    """A moment that is on this day in most of the world."""
    return None if day is None else datetime.combine(day, time(12), UTC)


class Intake:
    """Takes lines in portions and keeps what must be known of all of them: which keys and references
    were named, so that a key named twice is noticed and what is no longer named is cancelled. A
    rehearsal reports the same and changes nothing."""

    def __init__(
        self,
        shop_id: int,
        catalog: Catalog,
        *,
        source: str,
        cause: str,
        now: datetime,
        is_rehearsal: bool = False,
        on_bad: Callable[[Bad], object] = lambda bad: None,
    ) -> None:
        self.report = Report()
        self._shop_id = shop_id
        self._catalog = catalog
        self._source = source
        self._cause = cause
        self._now = now
        self._is_rehearsal = is_rehearsal
        self._on_bad = on_bad
        self._line_of: dict[str, int] = {}
        self._whole: set[str] = set()
        self._doubtful: set[str] = set()

    def take(self, session: Session, lines: Iterable[Wording | Bad]) -> None:
        """The next portion."""
        good = [one for one in map(self._check, lines) if one is not None]
        self.report.waiting += sum(one.item_id is None for one in good)
        if self._is_rehearsal:
            judged = told.compare_told(session, self._shop_id, good, source=self._source)
            counts = Counter(fate for _, _, fate in judged)
        else:
            counts = Counter(
                told.record_told(
                    session,
                    self._shop_id,
                    good,
                    source=self._source,
                    cause=self._cause,
                    now=self._now,
                )
            )
        self.report.new += counts[Fate.NEW]
        self.report.changed += counts[Fate.CHANGED]
        self.report.unchanged += counts[Fate.UNCHANGED]

    def finish(self, session: Session) -> None:
        """Cancel what was expected under a reference that was told whole, and is told no more. Where a
        line of a reference is bad, nobody knows what else it holds: nothing of it is cancelled; and
        nothing at all where a line has no reference."""
        if "" in self._doubtful:
            return
        whole = self._whole - self._doubtful
        self.report.cancelled = told.cancel_unnamed(
            session,
            self._shop_id,
            self._source,
            lambda reference, key: reference in whole and key not in self._line_of,
            references=whole if len(whole) <= _FEW else None,
            cause=self._cause,
            now=self._now,
            is_rehearsal=self._is_rehearsal,
        )

    def _check(self, line: Wording | Bad) -> ToldArrival | None:
        found = line if isinstance(line, Bad) else self._translated(line)
        if found is None:
            self.report.undated += 1
            self._whole.add(same_reference(line.reference))
            return None
        if isinstance(found, ToldArrival):
            first = self._line_of.setdefault(found.source_key, line.line)
            self._whole.add(same_reference(found.reference))
            if first == line.line:
                return found
            found = Bad(
                line.line,
                f"line {first} has the same reference, SKU and location; give each delivery a reference "
                "of its own",
                found.reference,
            )
        self.report.bad += 1
        self._doubtful.add(same_reference(found.reference))
        self._on_bad(found)
        return None

    def _translated(self, line: Wording) -> ToldArrival | Bad | None:
        problem = line.expected_on and too_far(line.expected_on, today=self._now.date())
        if problem:
            return Bad(line.line, f"expected_on {problem}", line.reference)
        return translate(line, self._catalog)
