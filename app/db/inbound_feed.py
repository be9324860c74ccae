"""What a source tells of arrivals, taken into what is known."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.arrivals import same_reference
from app.core.bounds import within_reach
from app.core.deliveries import KnownDelivery
from app.core.item_codes import CodeKind
from app.core.states import ArrivalSource, ArrivalState
from app.db.arrivals import OPEN, in_words, record_change
from app.db.due_items import ask_for_look
from app.db.models import ArrivalRow, Event, StockItem
from app.db.statements import chunks, is_one_of, put_rows

LISTS = frozenset({"csv", "api"})
"""Sources that tell of the same purchase orders: the later word of either changes what the other
said."""

_AT_ONCE = 500
# Reference, SKU and location.
_PARTS = 3

# What `_said` may say, and what it depends on.
_JUDGED_BY = (
    "id", "source_key", "item_id", "sku", "location_id", "quantity", "received", "received_at",
    "expected_on", "ordered_on", "reference", "supplier", "state",
)  # fmt: skip

Known = sa.Row[Any] | ArrivalRow
"""What is known of an arrival: the columns by which a word about it is judged."""


class ImportOutcome(StrEnum):
    """What a source's word does to what is known."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOTHING = "nothing"
    """It says that something nobody expected does not come."""


class ReportedArrival(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival as a source tells it. `item_id` is None while no item with that `sku` is known.
    `received` and what else is None was not told: it stays as it is known. A quantity of 0 cancels; with
    an `expected_on` of None it still comes, but no day is known. `is_over`: nothing more comes of it,
    were it short or not. `is_only_news`: one that nobody has told of before is not kept. `matched_by`
    is by what other code than its SKU the item was found."""

    source_key: str
    item_id: int | None
    sku: str
    location_id: int
    quantity: int
    expected_on: date | None
    received: int | None = None
    received_at: datetime | None = None
    ordered_on: date | None = None
    reference: str = ""
    supplier: str = ""
    is_over: bool = False
    is_only_news: bool = False
    matched_by: CodeKind | None = None


def list_key(reference: str, sku: str, location_id: int, part: int = 1) -> str:
    """By which a purchase order's line is found again, the deliveries after its first by their number.
    None of its parts holds a tab."""
    return numbered_key("\t".join((same_reference(reference), sku.casefold(), str(location_id))), part)


def numbered_key(line: str, part: int) -> str:
    """The key of one delivery of a line; `line` is that of the first."""
    return line if part == 1 else f"{line}\t{part}"


def line_of(key: str) -> str:
    """The key of a line whose deliveries have keys of their own (see `list_key`)."""
    return key if key.count("\t") < _PARTS else "\t".join(key.split("\t")[:_PARTS])


def deliveries_of_several(session: Session, shop_id: int, source: str) -> dict[str, list[KnownDelivery]]:
    """What was told, by the line's key, of lines that came in several deliveries."""
    table = sa.inspect(ArrivalRow).local_table
    where = (table.c.shop_id == shop_id, table.c.source.in_(family(source)))
    numbered = table.c.source_key.like("%\t%\t%\t%")
    lines = {
        line_of(key) for key in session.scalars(sa.select(table.c.source_key).where(*where, numbered))
    }
    return first_deliveries(session, shop_id, source, lines, numbered)


def first_deliveries(
    session: Session,
    shop_id: int,
    source: str,
    lines: Collection[str],
    *others: sa.ColumnElement[bool],
) -> dict[str, list[KnownDelivery]]:
    """The first delivery of each of these lines, and whatever `others` are."""
    table = sa.inspect(ArrivalRow).local_table
    names = ("source_key", "expected_on", "quantity", "state")
    columns = sa.select(*(table.c[name] for name in names)).where(
        table.c.shop_id == shop_id, table.c.source.in_(family(source))
    )
    ordered = sorted(lines)
    some = [
        is_one_of(table.c.source_key, ordered[start : start + _AT_ONCE])
        for start in range(0, len(ordered), _AT_ONCE)
    ]
    found: dict[str, list[KnownDelivery]] = {}
    for which in (*some, *others):
        for key, expected_on, quantity, state in session.execute(columns.where(which)):
            day = None if state == ArrivalState.UNDATED else expected_on
            number = 1 if key == line_of(key) else int(key.rpartition("\t")[2])
            delivery = KnownDelivery(day, quantity, number, is_open=state in OPEN)
            found.setdefault(line_of(key), []).append(delivery)
    return found


def first_of(key: str) -> str:
    """The purchase order or shipment that a key of `list_key` begins with."""
    return key.partition("\t")[0]


def compare_told(
    session: Session, shop_id: int, told: Sequence[ReportedArrival], *, source: str
) -> list[tuple[ReportedArrival, Known | None, ImportOutcome]]:
    """What each word would do, without doing it; what is known of the arrival, where there is one."""
    known = _known(session, shop_id, {each.source_key for each in told}, source)
    return [
        (each, row, _fate(each, row))
        for each, row in ((each, known.get(each.source_key)) for each in told)
    ]


def _fate(told: ReportedArrival, row: Known | None) -> ImportOutcome:
    if row is None:
        return ImportOutcome.NEW if told.quantity and not told.is_only_news else ImportOutcome.NOTHING
    is_same = all(getattr(row, name) == value for name, value in _said(told, row).items())
    return ImportOutcome.UNCHANGED if is_same else ImportOutcome.CHANGED


def upsert_arrivals(
    session: Session,
    shop_id: int,
    told: Sequence[ReportedArrival],
    *,
    source: str,
    cause: str,
    now: datetime,
) -> list[tuple[ReportedArrival, ImportOutcome]]:
    """Take a source's words: each sets its arrival, and what says nothing new changes nothing. Items
    that somebody waits for are looked at again. No two of `told` may have one key. Returns what each
    did."""
    named = {each.item_id for each in told}
    waited_for = _hold_items(session, shop_id, named)
    outcomes, new, changed = [], [], {}
    for each, row, outcome in compare_told(session, shop_id, told, source=source):
        outcomes.append((each, outcome))
        if outcome is ImportOutcome.NEW:
            new.append(_new_row(shop_id, each, source, now))
        elif row is not None and outcome is ImportOutcome.CHANGED:
            changed[row.id] = each
    moved = {each["item_id"] for each in new}
    for row in arrival_rows(session, shop_id, changed):
        moved |= {row.item_id, changed[row.id].item_id}
        _change_row(session, row, changed[row.id], source=source, cause=cause, now=now)
    # A key that somebody else told of in the same moment stays theirs: the next word changes it.
    put_rows(session, ArrivalRow, new)
    _tell_of_new(session, shop_id, new, waited_for, cause=cause, now=now)
    waited_for |= _hold_items(session, shop_id, moved - named)
    _look_at(session, shop_id, waited_for & moved, cause=cause, now=now)
    return outcomes


def count_anew(session: Session) -> None:
    """Have PostgreSQL see how many arrivals there are. While it takes the table for empty, it reads all
    of a shop for every few hundred keys, until it looks by itself a minute later."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("ANALYZE arrivals"))


@dataclass(frozen=True, slots=True)
class HeldShipment:
    """A shipment of the platform as last read: where it goes, and the reference it got."""

    location_id: int
    reference: str


def held_shipments(session: Session, shop_id: int) -> dict[int, HeldShipment]:
    """The platform's shipments that were on their way when last read, by their ids."""
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.source == ArrivalSource.PLATFORM,
        ArrivalRow.state == ArrivalState.EXPECTED,
    )
    rows = session.execute(
        sa.select(ArrivalRow.source_key, ArrivalRow.location_id, ArrivalRow.reference).where(*where)
    )
    return {
        int((key or "0").partition("\t")[0]): HeldShipment(location_id, reference)
        for key, location_id, reference in rows
    }


def orders_that_came(session: Session, shop_id: int) -> set[int]:
    """The platform's own orders to suppliers of which nothing more comes, by their ids."""
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.source == ArrivalSource.ORDER)
    rows = session.execute(sa.select(ArrivalRow.source_key, ArrivalRow.state).where(*where)).all()
    came = {int(first_of(key or "0")) for key, state in rows if state == ArrivalState.RECEIVED}
    return came - {int(first_of(key or "0")) for key, state in rows if state in OPEN}


def references_of_people(session: Session, shop_id: int, references: Collection[str]) -> set[str]:
    """Which of these references (see `same_reference`) are those of arrivals that were typed or told by
    a list."""
    spellings = {spelling for each in references for spelling in (each, f"#{each}")}
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.source.not_in((ArrivalSource.PLATFORM, ArrivalSource.ORDER)),
        ArrivalRow.state != ArrivalState.CANCELLED,
        sa.func.lower(ArrivalRow.reference).in_(spellings),
    )
    return {
        same_reference(each) for each in session.scalars(sa.select(ArrivalRow.reference).where(*where))
    }


def arrival_rows(session: Session, shop_id: int, ids: Collection[int]) -> Iterator[ArrivalRow]:
    """These arrivals, some at a time."""
    for some in chunks(ids):
        where = (ArrivalRow.shop_id == shop_id, ArrivalRow.id.in_(some))
        yield from session.scalars(sa.select(ArrivalRow).where(*where).order_by(ArrivalRow.id)).all()


def family(source: str) -> Collection[str]:
    """The sources that speak of the same arrivals as this one."""
    return LISTS if source in LISTS else {source}


def _known(session: Session, shop_id: int, keys: Collection[str], source: str) -> dict[str, Known]:
    """The arrivals with these keys. A key that both lists once told of at the same moment is found in
    the one that was told last. Plain rows: most of a list told again is as it was."""
    table = sa.inspect(ArrivalRow).local_table
    found: dict[str, Known] = {}
    ordered = list(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        where = (
            table.c.shop_id == shop_id,
            table.c.source.in_(family(source)),
            is_one_of(table.c.source_key, ordered[start : start + _AT_ONCE]),
        )
        columns = sa.select(*(table.c[name] for name in _JUDGED_BY))
        rows = session.execute(columns.where(*where).order_by(table.c.updated_at, table.c.id))
        found |= {row.source_key: row for row in rows}
    return found


def _said(told: ReportedArrival, row: Known | None) -> dict[str, object]:
    """What an arrival is by a source's word; what the source does not tell is left out. A cancelled one
    keeps the quantity that it was cancelled from."""
    said: dict[str, object] = {
        "location_id": told.location_id,
        "quantity": told.quantity or (row.quantity if row is not None else 0),
        "reference": told.reference,
        "state": _state(told, row),
    }
    if told.expected_on is not None:
        said["expected_on"] = told.expected_on
    if row is None:
        said |= {"item_id": None, "sku": told.sku.lower(), "received": 0}
    if told.item_id is not None:
        said |= {"item_id": told.item_id, "sku": told.sku}
    optional = {
        "received": told.received,
        "supplier": told.supplier or None,
        "ordered_on": told.ordered_on,
        "received_at": told.received_at,
    }
    return said | {name: value for name, value in optional.items() if value is not None}


def _state(told: ReportedArrival, row: Known | None) -> str:
    """A source that is silent about what landed does not open an arrival again that a person closed
    short; a greater quantity does."""
    if told.quantity == 0:
        return "cancelled"
    was_over = row is not None and row.state == ArrivalState.RECEIVED and told.quantity <= row.quantity
    if told.is_over or (told.received is None and was_over):
        return "received"
    known = row.received if row is not None else 0
    received = known if told.received is None else told.received
    if received >= told.quantity:
        return "received"
    return "expected" if told.expected_on is not None else "undated"


def _new_row(shop_id: int, told: ReportedArrival, source: str, now: datetime) -> dict[str, Any]:
    said = _said(told, None)
    has_landed = bool(told.received) or said["state"] == ArrivalState.RECEIVED
    return {
        "shop_id": shop_id,
        "supplier": "",
        "ordered_on": None,
        "expected_on": now.date(),
        **said,
        "received_at": within_reach(told.received_at or now) if has_landed else None,
        "first_expected_on": told.expected_on or now.date(),
        "source": source,
        "source_key": told.source_key,
        "created_at": now,
        "updated_at": now,
    }


def _change_row(
    session: Session, row: ArrivalRow, told: ReportedArrival, *, source: str, cause: str, now: datetime
) -> None:
    before, landed = in_words(row), row.received
    if row.state == ArrivalState.UNDATED and told.expected_on is not None:
        row.first_expected_on = told.expected_on
    for name, value in _said(told, row).items():
        setattr(row, name, value)
    if told.received_at is None and (
        row.received > landed or (row.state == ArrivalState.RECEIVED and row.received_at is None)
    ):
        row.received_at = now
    row.source, row.updated_at = source, now
    kind = "arrival changed" if row.state in OPEN else f"arrival {row.state}"
    record_change(session, row, kind, before=before, cause=cause, now=now)


def _tell_of_new(
    session: Session,
    shop_id: int,
    new: Sequence[Mapping[str, Any]],
    waited_for: Collection[int],
    *,
    cause: str,
    now: datetime,
) -> None:
    """Where nobody waits the arrival itself says when it came and from where."""
    said = {"shop_id": shop_id, "at": now, "kind": "arrival added", "cause": cause}
    blank = {"before": "", "why": ""}
    events = [
        {**said, **blank, "item_id": row["item_id"], "after": in_words(ArrivalRow(**row))}
        for row in new
        if row["item_id"] in waited_for
    ]
    put_rows(session, Event, events)


def _hold_items(session: Session, shop_id: int, item_ids: Collection[int | None]) -> set[int]:
    """Hold these items until the transaction ends, so that none is settled meanwhile without what is
    being told; in one order, so that two who hold many do not wait for each other. Returns those that
    somebody waits for."""
    waited_for = set()
    for some in chunks(sorted({item_id for item_id in item_ids if item_id is not None})):
        where = (StockItem.shop_id == shop_id, is_one_of(StockItem.item_id, some))
        statement = (
            sa.select(StockItem.item_id, StockItem.has_queue).where(*where).order_by(StockItem.item_id)
        )
        for item_id, has_queue in session.execute(statement.with_for_update()):
            if has_queue:
                waited_for.add(item_id)
    return waited_for


def look_at_waiting(
    session: Session, shop_id: int, item_ids: Collection[int | None], *, cause: str, now: datetime
) -> None:
    """Promises are made anew where somebody waits. An item that nobody waits for is asked about its
    arrivals when it next runs short, and 100,000 looks would be for nothing."""
    _look_at(session, shop_id, _hold_items(session, shop_id, item_ids), cause=cause, now=now)


def _look_at(
    session: Session, shop_id: int, item_ids: Collection[int], *, cause: str, now: datetime
) -> None:
    for some in chunks(item_ids):
        for item in session.scalars(
            sa.select(StockItem).where(StockItem.shop_id == shop_id, is_one_of(StockItem.item_id, some))
        ):
            ask_for_look(item, at=now, cause=cause)
