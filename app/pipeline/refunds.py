"""Cancel units that can't be served, on proposal: prepared for a person, and done once they confirm it.

Nothing is ever canceled by itself. The platform is asked twice: what it gives back, when it is prepared,
and once more just before it is sent. A request has a key of its own: what was sent twice is done once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from app.core.promise import still_expected
from app.core.unservable import Cause, ShortItem, Unservable, still_short, unservable
from app.db import items, refunds, shops
from app.db.arrivals import OPEN
from app.db.models import Order, RefundRow, Shop
from app.db.refunds import RefundState
from app.errors import BacklineError
from app.pipeline.compliance import must_refund
from app.pipeline.whatif import Standing, standing_of
from app.platforms.base import Platform
from app.platforms.base.refunds import Refunder, RefundLine, RefundRequest
from app.platforms.http import PlatformRefused

# A request that nobody answered so long is over, whatever became of it.
_PATIENCE = timedelta(seconds=90)
# So long a platform surely knows a request by its key; after that the order itself must say that it was
# not done.
_KEY_LIVES = timedelta(hours=1)
_NOT_HERE = "This platform takes no refunds from Backline."
_IN_PROGRESS = "It is being done already. Load the page again in a minute."
_UNANSWERED = "An earlier cancellation of this order was not answered yet. Send that once more first."
_OTHERWISE = "What would be given back has changed since it was shown. Prepare it again."
WORDS = {
    Cause.DISCONTINUED: "will not be restocked",
    Cause.OVERDUE: "the money must go back by law",
}


@dataclass(frozen=True, slots=True)
class Refunds:
    """What is done with the platform and the database, each in its own time."""

    sessions: sessionmaker[Session]
    connect: Callable[[Shop], Platform]
    clock: Callable[[], datetime]

    def prepare(self, shop_id: int, order_id: int, *, by: str) -> str:
        """Ask what canceling gives back, and keep it to be shown. Returns what is in the way (empty:
        nothing)."""
        with self.sessions.begin() as session:
            shop = shops.get_shop(session, shop_id)
            order = session.get_one(Order, (shop_id, order_id))
            found = proposed(session, shop, order, now=self.clock())
            row = refunds.latest(session, shop_id, order_id)
        if row is not None and row.state == RefundState.ASKED:
            return _UNANSWERED
        if not found:
            return "Every unit of this order can be served."
        lines = [RefundLine(one.line_id, one.location_id, one.units, one.outstanding) for one in found]
        try:
            refunder = self._refunder(shop)
            if refunder is None:
                return _NOT_HERE
            quote = refunder.quote(order_id, lines)
        except BacklineError as error:
            return str(error)
        if quote.problem:
            return quote.problem
        why = [WORDS[one.cause] for one in found]
        with self.sessions.begin() as session:
            order = session.get_one(Order, (shop_id, order_id))
            refunds.prepare(session, order, lines, quote, why=why, by=by, now=self.clock())
        return ""

    def confirm(self, shop_id: int, order_id: int, key: str, *, by: str, notifies: bool) -> str:
        """Do what was shown, if it still stands so; what was sent before and never answered is sent once
        more, under the same key. Returns what is in the way (empty: it is done)."""
        with self.sessions.begin() as session:
            shop = shops.get_shop(session, shop_id)
            row = refunds.find(session, shop_id, order_id, key)
        if row is None or row.state == RefundState.DROPPED:
            return "This is out of date. Prepare it again."
        if row.state == RefundState.DONE:
            return ""
        try:
            refunder = self._refunder(shop)
            is_new = row.state == RefundState.PREPARED or self.clock() - row.prepared_at > _KEY_LIVES
            if is_new and (problem := _objection(refunder, row)):
                self._end(row, problem)
                return problem
            taken = self._take(row, by=by, notifies=notifies)
            if taken is None:
                return _IN_PROGRESS
            problem = self._sent(refunder, taken)
        except BacklineError as error:
            # Whether it arrived nobody knows: what was sent stays as asked, and may be sent once more.
            return str(error)
        self._end(taken, problem)
        return problem

    def _take(self, row: RefundRow, *, by: str, notifies: bool) -> RefundRow | None:
        now, key = self.clock(), (row.shop_id, row.order_id, row.key)
        with self.sessions.begin() as session:
            if row.state == RefundState.PREPARED:
                return refunds.take(session, *key, by=by, notifies=notifies, now=now)
            return refunds.unanswered(session, *key, asked_before=now - _PATIENCE, now=now)

    def _sent(self, refunder: Refunder | None, row: RefundRow) -> str:
        if refunder is None:
            return _NOT_HERE
        try:
            return refunder.refund(_request(row))
        except PlatformRefused as refusal:
            # A request that the platform did not understand was not done: it can be prepared anew.
            self._end(row, str(refusal))
            raise

    def _end(self, row: RefundRow, problem: str) -> None:
        with self.sessions.begin() as session:
            kept = session.get_one(RefundRow, row.id)
            if problem:
                refunds.refuse(kept, problem)
                return
            order = session.get_one(Order, (row.shop_id, row.order_id))
            refunds.finish(session, kept, order_name=order.name, now=self.clock())

    def _refunder(self, shop: Shop) -> Refunder | None:
        return self.connect(shop).refunder


def _objection(refunder: Refunder | None, row: RefundRow) -> str:
    """Why what was shown can't be done as it was shown."""
    if refunder is None:
        return _NOT_HERE
    quote = refunder.quote(row.order_id, refunds.lines_of(row))
    return quote.problem or ("" if quote == refunds.quote_of(row) else _OTHERWISE)


def _request(row: RefundRow) -> RefundRequest:
    note = f"Canceled by {row.by} in Backline: {'; '.join(dict.fromkeys(row.why))}"
    lines, quote = tuple(refunds.lines_of(row)), refunds.quote_of(row)
    return RefundRequest(row.order_id, lines, quote, row.key, note, row.notifies_buyer)


def proposed(session: Session, shop: Shop, order: Order, *, now: datetime) -> list[Unservable]:
    """The units of an order that can't be served, by what is recorded of it and of stock now."""
    if order.is_cancelled or order.is_gone:
        return []
    is_owed = must_refund(session, shop, order.order_id, now=now)
    short = [
        _by_queue(session, shop, order.order_id, one, now=now)
        for one in refunds.short_items(session, shop.id, order.order_id)
        if one.lost or is_owed
    ]
    return unservable(short, refunds.open_lines(session, shop.id, order.order_id), must_refund=is_owed)


def _by_queue(
    session: Session, shop: Shop, order_id: int, one: ShortItem, *, now: datetime
) -> ShortItem:
    """A delivery that is to come may serve some of the units, and stock that has come all."""
    item = items.find_item(session, shop.id, one.item_id)
    if item is None:
        return one._replace(units=0, lost=0)
    standing = standing_of(session, shop, item, now=now)
    queue = [each.allocation for each in standing.decide().get(one.location_id, ())]
    loose = _loose_units(session, shop.id, one, standing)
    return still_short(queue, one, order_id, loose=loose)


def _loose_units(session: Session, shop_id: int, one: ShortItem, standing: Standing) -> int:
    """What is still to come of deliveries that the queue can't count on."""
    state = standing.states.get(one.location_id)
    dated = still_expected(state.arrivals, today=standing.today) if state else []
    counted = {arrival.arrival_id for arrival in dated}
    return sum(
        max(0, row.quantity - row.received)
        for row in items.arrivals_of_item(session, shop_id, one.item_id)
        if row.location_id == one.location_id and row.id not in counted and row.state in OPEN
    )
