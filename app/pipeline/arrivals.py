"""What other systems tell of arrivals: checked, found in the shop's own terms, recorded.

A reference is told whole: what was expected under it and is told no more is cancelled, so that lines
moved elsewhere or split are not expected twice.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache

import msgspec
from sqlalchemy.orm import Session

from app.core.arrivals import same_reference
from app.core.bounds import too_far
from app.core.deliveries import KnownDelivery
from app.core.item_codes import (
    CodeKind,
    CodesOf,
    UnclearItem,
    Words,
    match_item,
    spelled,
    suggestions,
)
from app.db import arrivals, inbound_feed, item_codes, unlisted
from app.db.inbound_feed import ImportOutcome, ReportedArrival
from app.pipeline.known_again import in_several, known_again
from app.pipeline.nearest import Nearest

LONGEST_TEXT = 200
MOST_UNKNOWN = 500

# References that one statement names; of more, all arrivals are gone through.
_FEW = 1000


class Wording(msgspec.Struct, frozen=True):
    """One line of a purchase order in another system's words; `line` is where it stands there. A
    `received` of None was not told, an `expected_on` of None is not known to whoever tells. `part`
    numbers the deliveries of one order line by their days. `is_over`: nothing more comes of it.
    `shipment` is the sender's number of what is on its way, where it tells of that and not of an
    order. `barcode` and `supplier_sku` are other codes of the item."""

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
    part: int = 1
    is_over: bool = False
    shipment: str = ""
    barcode: str = ""
    supplier_sku: str = ""

    @property
    def item(self) -> str:
        """By which code the line names its item."""
        return self.sku or self.barcode or self.supplier_sku


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that can't be used, and why, in words for whoever wrote it."""

    line: int
    reason: str
    reference: str = ""


@dataclass(slots=True)
class Report:
    """What became, or would become, of all lines. `waiting` counts those among the others whose SKU no
    order has named yet: they count from the first order on. `not_coming` counts lines of goods that
    nobody expected and that don't come (drafts, canceled, received); `received` and `cancelled` what a
    source no longer names. `undated` ones have no date: nothing is promised of them, and a date that was
    known before is withdrawn."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    not_coming: int = 0
    cancelled: int = 0
    received: int = 0
    waiting: int = 0
    undated: int = 0
    bad: int = 0
    notes: list[str] = field(default_factory=list)
    unknown_skus: dict[str, str | None] = field(default_factory=dict)
    """SKUs that no item of the shop has, each with the nearest one that an item has; the first
    `MOST_UNKNOWN` of them."""
    assumed_places: Counter[str] = field(default_factory=Counter)
    """Names of places that stand for the shop's only location."""
    unknown_places: Counter[str] = field(default_factory=Counter)
    """Names of places that the shop does not have; lines that name them can't be used."""
    matched: Counter[CodeKind] = field(default_factory=Counter)
    """Lines whose item was found by another code than its SKU."""

    @property
    def good(self) -> int:
        """Lines that can be used."""
        return self.new + self.changed + self.unchanged

    @property
    def changes(self) -> int:
        """What there is to record."""
        return self.new + self.changed + self.cancelled + self.received


@dataclass(frozen=True, slots=True)
class Catalog:
    """A shop's own terms: its items by SKU in lower case and by their other codes, and its places by
    number and by name."""

    items: Mapping[str, Sequence[int]]
    places: Mapping[int, str]
    place_by_word: Mapping[str, int]
    codes: CodesOf = field(default_factory=dict)


def read_catalog(session: Session, shop_id: int, skus: Collection[str] | None = None) -> Catalog:
    """The terms of a shop; only of items that have these words as a code, where they are given."""
    places = arrivals.locations(session, shop_id)
    names = Counter(map(_spelled, places.values()))
    by_word = {_spelled(name): number for number, name in places.items() if names[_spelled(name)] == 1}
    by_word |= {str(number): number for number in places}
    words = None if skus is None else {spelled(sku) for sku in skus}
    codes = item_codes.items_of_codes(session, shop_id, words)
    return Catalog(arrivals.items_by_sku(session, shop_id, skus), places, by_word, codes)


# A list names few places.
@lru_cache(1024)
def _spelled(name: str) -> str:
    return " ".join(name.casefold().split())


def translate(
    wording: Wording, catalog: Catalog, *, only_place_stands: bool = False
) -> ReportedArrival | Bad:
    """A line in the shop's own terms. `only_place_stands`: where the shop has one location, any other
    name means it, for each system calls it by a name of its own."""
    place = _place(wording, catalog, only_place_stands=only_place_stands)
    if isinstance(place, str):
        return Bad(wording.line, place, wording.reference)
    try:
        words = Words(wording.sku, wording.barcode, wording.supplier_sku)
        match = match_item(words, catalog.items, catalog.codes)
    except UnclearItem as problem:
        return Bad(wording.line, str(problem), wording.reference)
    has_landed = wording.received_on is not None and bool(wording.received)
    return ReportedArrival(
        source_key=inbound_feed.list_key(
            wording.shipment or wording.reference, wording.item, place, wording.part
        ),
        item_id=match.item_id,
        matched_by=match.by,
        sku=wording.item,
        location_id=place,
        quantity=wording.quantity,
        received=wording.received,
        received_at=_midday(wording.received_on),
        expected_on=wording.expected_on,
        ordered_on=wording.ordered_on,
        reference=wording.reference,
        supplier=wording.supplier,
        is_over=wording.is_over,
        # What has landed teaches how late a supplier is, if it is known when it did.
        is_only_news=wording.is_over and not has_landed,
    )


def _place(wording: Wording, catalog: Catalog, *, only_place_stands: bool) -> int | str:
    """The location's number, or what is wrong."""
    found = catalog.place_by_word.get(_spelled(wording.location)) if wording.location else None
    if found is not None:
        return found
    if len(catalog.places) == 1 and (only_place_stands or not wording.location):
        return next(iter(catalog.places))
    known = ", ".join(sorted(catalog.places.values())) or "none yet: sync the shop"
    if wording.location:
        return f"there is no location {wording.location}; the shop's are: {known}"
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
        only_place_stands: bool = False,
        complete_list: str | None = None,
        is_whole: bool = True,
        knows_deliveries: bool = False,
    ) -> None:
        self.report = Report()
        self._only_place_stands = only_place_stands
        self._complete_list = complete_list
        self._is_whole = is_whole
        self._nearest = Nearest(catalog.items)
        self._shop_id = shop_id
        self._catalog = catalog
        self._source = source
        self._cause = cause
        self._now = now
        self._is_rehearsal = is_rehearsal
        self._on_bad = on_bad
        self._knows_deliveries = knows_deliveries
        self._deliveries: dict[str, list[KnownDelivery]] | None = None
        self._line_of: dict[str, int] = {}
        self._whole: set[str] = set()
        self._shipments: set[str] = set()
        self._doubtful: set[str] = set()

    def take(self, session: Session, lines: Iterable[Wording | Bad]) -> None:
        """The next portion. Deliveries of one line follow each other, and stand in one portion."""
        found = [(each.line, self._translate(each)) for each in lines]
        told = self._numbered(session, [each for _, each in found if not isinstance(each, Bad)])
        numbered = iter(told)
        checked = (
            self._check(line, each if isinstance(each, Bad) else next(numbered)) for line, each in found
        )
        good = [one for one in checked if one is not None]
        outcomes = self._fates(session, good)
        counts = Counter(outcome for _, outcome in outcomes)
        for one, outcome in outcomes:
            if one.item_id is None and outcome is not ImportOutcome.NOTHING:
                self._note_unknown(one.sku)
            if one.matched_by is not None:
                self.report.matched[one.matched_by] += 1
            self.report.undated += one.expected_on is None and bool(one.quantity) and not one.is_over
        self.report.new += counts[ImportOutcome.NEW]
        self.report.changed += counts[ImportOutcome.CHANGED]
        self.report.unchanged += counts[ImportOutcome.UNCHANGED]
        self.report.not_coming += counts[ImportOutcome.NOTHING]

    def _numbered(self, session: Session, told: Sequence[ReportedArrival]) -> list[ReportedArrival]:
        """The same as those that they were before, where a list tells of deliveries by their days."""
        if not self._knows_deliveries:
            return [*told]
        if self._deliveries is None:
            self._deliveries = inbound_feed.deliveries_of_several(session, self._shop_id, self._source)
        several = in_several(told)
        if not several and not self._deliveries:
            return [*told]
        new = several - self._deliveries.keys()
        self._deliveries |= inbound_feed.first_deliveries(session, self._shop_id, self._source, new)
        return known_again(told, self._deliveries, today=self._now.date())

    def _fates(
        self, session: Session, good: Sequence[ReportedArrival]
    ) -> Sequence[tuple[ReportedArrival, ImportOutcome]]:
        """What each line does, or would do."""
        if self._is_rehearsal:
            judged = inbound_feed.compare_told(session, self._shop_id, good, source=self._source)
            return [(one, outcome) for one, _, outcome in judged]
        return inbound_feed.upsert_arrivals(
            session, self._shop_id, good, source=self._source, cause=self._cause, now=self._now
        )

    def _note_unknown(self, sku: str) -> None:
        self.report.waiting += 1
        if sku not in self.report.unknown_skus and len(self.report.unknown_skus) < MOST_UNKNOWN:
            self.report.unknown_skus[sku] = self._called(sku) or self._nearest.to(sku)

    def _called(self, code: str) -> str | None:
        """The SKU in lower case of the one item that a supplier or maker calls so."""
        items = suggestions(code, self._catalog.codes)
        found = [sku for sku, each in self._catalog.items.items() if items & set(each)] if items else []
        return found[0] if len(found) == 1 else None

    def finish(self, session: Session) -> None:
        """Close what is no longer told: under a reference, for it is told whole; under all of them,
        where the list holds everything that is open. Where a line of a reference is bad nobody knows
        what else it holds, so nothing of it is closed, and nothing at all where a line has none. That
        is said. Nothing is closed where a source tells of changes alone."""
        if not self._is_whole:
            self._close_other_parts(session)
            return
        if "" in self._doubtful:
            self.report.notes.append(
                "Some lines that can't be used name no purchase order, so nothing that is missing from "
                "the file is canceled."
            )
            return
        if self._complete_list is not None:
            self._close_unlisted(session, self._complete_list)
        whole = self._whole - self._doubtful
        self.report.cancelled += unlisted.cancel_unnamed(
            session,
            self._shop_id,
            self._source,
            lambda reference, key: self._is_told_whole(reference, key, whole),
            references=whole if len(whole) <= _FEW else None,
            cause=self._cause,
            now=self._now,
            is_rehearsal=self._is_rehearsal,
        )

    def _close_other_parts(self, session: Session) -> None:
        """Who tells of a line tells of all its deliveries: of those that it came in before, others."""
        named = {inbound_feed.line_of(key) for key in self._line_of}
        self.report.cancelled += unlisted.cancel_unnamed(
            session,
            self._shop_id,
            self._source,
            lambda reference, key: key not in self._line_of and inbound_feed.line_of(key) in named,
            references=self._whole if len(self._whole) <= _FEW else None,
            cause=self._cause,
            now=self._now,
            is_rehearsal=self._is_rehearsal,
        )

    def _is_told_whole(self, reference: str, key: str, whole: Collection[str]) -> bool:
        """Whether this source tells all of what the arrival belongs to, and no longer it: an order, or,
        of shipments, the shipment."""
        if key in self._line_of or reference not in whole:
            return False
        return self._source != "asn" or inbound_feed.first_of(key) in self._shipments

    def _close_unlisted(self, session: Session, list_name: str) -> None:
        if self._doubtful:
            self.report.notes.append(
                "Some lines can't be used, so purchase orders that are missing from the file are left "
                "open."
            )
            return
        if not self._is_rehearsal:
            unlisted.mark_complete(session, self._shop_id, self._line_of, list_name=list_name)
        counts = unlisted.close_unlisted(
            session,
            self._shop_id,
            list_name,
            self._line_of,
            cause=self._cause,
            now=self._now,
            is_rehearsal=self._is_rehearsal,
        )
        self.report.received += counts["received"]
        self.report.cancelled += counts["cancelled"]

    def _translate(self, line: Wording | Bad) -> ReportedArrival | Bad:
        if isinstance(line, Bad):
            return line
        problem = line.expected_on and too_far(line.expected_on, today=self._now.date())
        if problem:
            name = "expected_on" if self._source == "api" else "the expected date"
            return Bad(line.line, f"{name} {problem}", line.reference)
        found = translate(line, self._catalog, only_place_stands=self._only_place_stands)
        is_other = _spelled(line.location) not in self._catalog.place_by_word
        if isinstance(found, ReportedArrival) and line.location and is_other:
            self.report.assumed_places[line.location] += 1
        elif line.location and is_other and len(self.report.unknown_places) < MOST_UNKNOWN:
            self.report.unknown_places[line.location] += 1
        return found

    def _check(self, line: int, found: ReportedArrival | Bad) -> ReportedArrival | None:
        if isinstance(found, ReportedArrival):
            first = self._line_of.setdefault(found.source_key, line)
            self._whole.add(same_reference(found.reference))
            self._shipments.add(inbound_feed.first_of(found.source_key))
            if first == line:
                return found
            found = Bad(
                line,
                f"line {first} has the same reference, SKU and location; give each delivery a reference "
                "of its own",
                found.reference,
            )
        self.report.bad += 1
        self._doubtful.add(same_reference(found.reference))
        self._on_bad(found)
        return None
