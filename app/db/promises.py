"""What we say about lines that are short."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.endings import SERVED, Ending, SupplyEvidence
from app.core.model import Basis, Promise
from app.core.states import TurnEvent
from app.db.audit import record_event
from app.db.due_orders import judge_orders
from app.db.endings import endings_of
from app.db.holds import ask_for_checks_of_held
from app.db.models import Order, PromiseRow, StockItem
from app.db.order_sums import sum_up
from app.db.queue_heads import count_waiting_longer
from app.db.statements import chunks
from app.db.waiting_since import began_waiting


def promises_of_item(session: Session, shop_id: int, item_id: int) -> dict[tuple[int, int], PromiseRow]:
    """What we say about the item's lines, by order and location."""
    where = (PromiseRow.shop_id == shop_id, PromiseRow.item_id == item_id)
    return {
        (row.order_id, row.location_id): row
        for row in session.scalars(sa.select(PromiseRow).where(*where))
    }


def waiting_since(session: Session, shop_id: int, item_id: int) -> Sequence[tuple[int, int, datetime]]:
    """The item's lines that are short: order, location, and since when. No more is read of them: they
    may be many thousands."""
    columns = (PromiseRow.order_id, PromiseRow.location_id, PromiseRow.short_since)
    where = (PromiseRow.shop_id == shop_id, PromiseRow.item_id == item_id, PromiseRow.short > 0)
    return session.execute(sa.select(*columns).where(*where)).all()


_NOTHING_SEEN = SupplyEvidence()


def record_promises(
    session: Session,
    shop_id: int,
    item_id: int,
    made: Collection[tuple[Promise, str]],
    *,
    now: datetime,
    cause: str | None,
    held: Mapping[tuple[int, int], int] = MappingProxyType({}),
    today: date | None = None,
    is_counted: bool = True,
    seen: SupplyEvidence = _NOTHING_SEEN,
) -> None:
    """Say `made` (promises about short lines, with their words) of one item, and of every other line
    of it that it is covered. Orders of which something else is said now are due to be judged. Of a
    line in `held` (by order and location) fewer units short than these are not said yet. Of one that
    stock has come for it is noted whether that was by its first promised day, if it is told which day
    it is in the shop; nothing comes of an item that is not counted (`is_counted`). `seen` is what the
    reading says of how lines that wait stand, by which it is told later what ended their waiting."""
    standing = promises_of_item(session, shop_id, item_id)
    new = _orders_of(made, besides=standing)
    since = began_waiting(session, shop_id, new, now=now) if new else {}
    speech = _Speech(session, now, cause)
    for promise, words in made:
        key = (promise.line.order_id, promise.line.location_id)
        row = standing.pop(key, None) or _first_promise(session, shop_id, promise, now)
        if row.short == 0:
            row.waiting_since = since.get(row.order_id, now)
        speech.promise(row, promise, words, least=held.get(key, 0))
        if key in seen.short:
            row.last_short = list(seen.short[key])
    for key, row in standing.items():
        if held.get(key, row.short) < row.short:
            speech.say(row, held[key], row.expected_on, Basis(row.basis))
    over = {key: row for key, row in standing.items() if key not in held}
    ended = endings_of(session, shop_id, item_id, over, is_counted=is_counted, seen=seen)
    _end_all(speech, over.values(), ended, today)
    sum_up(session, shop_id, speech.changed)
    judge_orders(session, shop_id, speech.changed, at=now)
    ask_for_checks_of_held(session, shop_id, new | speech.moved, now=now)


def _end_all(
    speech: "_Speech", rows: Collection[PromiseRow], ended: Mapping[int, Ending], today: date | None
) -> None:
    """Nothing is short of these lines any more. Whether one was shipped out of its turn is told by the
    queue as it is after all of them."""
    shipped = [row for row in rows if row.short > 0 and ended[row.order_id] is Ending.SHIPPED]
    for row in rows:
        speech.end(row, ended[row.order_id], today)
    speech.session.flush()
    for row in shipped:
        speech.note_turn(row)


def _orders_of(made: Iterable[tuple[Promise, str]], *, besides: Container[tuple[int, int]]) -> set[int]:
    """The orders of which something is said for the first time."""
    keys = ((one.line.order_id, one.line.location_id) for one, _ in made)
    return {order_id for order_id, location_id in keys if (order_id, location_id) not in besides}


@dataclass
class _Speech:
    """What is said of lines at a moment, because of something; `changed` are the orders of which it is
    something else than before, `moved` those of which it is another number of units."""

    session: Session
    now: datetime
    cause: str | None
    changed: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)

    def promise(self, row: PromiseRow, promise: Promise, words: str, *, least: int) -> None:
        """Promise it, unless more units than these, `least`, are said to be short for now."""
        said = promise.short, promise.expected_on, promise.basis
        if promise.short < least:
            said = least, row.expected_on, Basis(row.basis)
        else:
            if row.early_on != promise.early_on:
                self.changed.add(row.order_id)
            row.words, row.early_on = words, promise.early_on
        if (row.short, row.expected_on, row.basis) != said:
            self.say(row, *said)

    def end(self, row: PromiseRow, why: Ending, today: date | None) -> None:
        """The line waits no more."""
        before, row.words = row.words, why.value
        if row.short > 0 and today is not None and why in SERVED:
            self._note_kept(row, today)
        if row.short > 0 or before != why.value:
            self.say(row, 0, None, Basis.ON_HAND)

    def say(self, row: PromiseRow, short: int, expected_on: date | None, basis: Basis) -> None:
        """Say so many units short, until that day."""
        before = _in_words(row.short, row.expected_on)
        if row.short == 0:
            row.short_since, row.first_expected_on = self.now, expected_on
        elif row.first_expected_on is None:
            row.first_expected_on = expected_on
        if row.short != short:
            self.moved.add(row.order_id)
        row.short, row.expected_on, row.basis = short, expected_on, basis
        after = _in_words(short, expected_on)
        self._record(row, "promise", before=before, after=after, why=row.words)
        self.changed.add(row.order_id)

    def note_turn(self, row: PromiseRow) -> None:
        """A short order was shipped: that is told where others wait longer for the same item."""
        others = count_waiting_longer(self.session, row)
        if others:
            why = f"orders that wait longer for the item: {others}"
            self._record(row, TurnEvent.SHIPPED, before="", after="shipped", why=why)

    def _note_kept(self, row: PromiseRow, today: date) -> None:
        first = row.first_expected_on
        if first is None:
            return
        self._record(
            row,
            "promise kept" if today <= first else "promise broken",
            before=f"first promised {first.isoformat()}",
            after=f"served {today.isoformat()}",
            why=f"{abs((today - first).days)} days {'early' if today <= first else 'late'}",
        )

    def _record(self, row: PromiseRow, kind: str, *, before: str, after: str, why: str) -> None:
        record_event(
            self.session,
            row.shop_id,
            kind,
            at=self.now,
            order_id=row.order_id,
            item_id=row.item_id,
            before=before,
            after=after,
            why=why,
            cause=self.cause,
        )


def _first_promise(session: Session, shop_id: int, promise: Promise, now: datetime) -> PromiseRow:
    row = PromiseRow(
        shop_id=shop_id,
        order_id=promise.line.order_id,
        item_id=promise.line.item_id,
        location_id=promise.line.location_id,
        short=0,
        expected_on=None,
        basis=Basis.ON_HAND,
        words="",
        short_since=now,
        first_expected_on=promise.expected_on,
    )
    session.add(row)
    return row


def _in_words(short: int, expected_on: date | None) -> str:
    if short == 0:
        return "covered"
    return f"{short} short, " + (
        f"expected {expected_on.isoformat()}" if expected_on else "no date known"
    )


def short_orders(
    session: Session, shop_id: int, *, limit: int = 200
) -> Sequence[tuple[PromiseRow, Order, StockItem]]:
    """Lines that are short now with their order and item, longest waiting first."""
    statement = (
        sa.select(PromiseRow, Order, StockItem)
        .join(Order, sa.and_(Order.shop_id == PromiseRow.shop_id, Order.order_id == PromiseRow.order_id))
        .join(
            StockItem,
            sa.and_(StockItem.shop_id == PromiseRow.shop_id, StockItem.item_id == PromiseRow.item_id),
        )
        .where(PromiseRow.shop_id == shop_id, PromiseRow.short > 0)
        .order_by(Order.priority.desc(), Order.placed_at, Order.order_id)
        .limit(limit)
    )
    return [(promise, order, item) for promise, order, item in session.execute(statement)]


def short_of_others(
    session: Session, shop_id: int, order_ids: Collection[int], *, but_item: int
) -> set[int]:
    """Which of these orders are short of any other item."""
    found: set[int] = set()
    for some in chunks(order_ids):
        where = (
            PromiseRow.shop_id == shop_id,
            PromiseRow.order_id.in_(some),
            PromiseRow.item_id != but_item,
            PromiseRow.short > 0,
        )
        found |= set(session.scalars(sa.select(PromiseRow.order_id).where(*where)))
    return found


@dataclass(frozen=True, slots=True)
class ShortCount:
    """How much of a shop waits."""

    orders: int
    units: int


def count_short(session: Session, shop_id: int) -> ShortCount:
    """How many orders and units are short now."""
    statement = sa.select(
        sa.func.count(sa.distinct(PromiseRow.order_id)),
        sa.func.coalesce(sa.func.sum(PromiseRow.short), 0),
    ).where(PromiseRow.shop_id == shop_id, PromiseRow.short > 0)
    orders, units = session.execute(statement).one()
    return ShortCount(orders, int(units))
