"""Cancel units that can't be served, on proposal: prepared for a person, and done once they confirm it.

Nothing is ever canceled by itself. What is proposed is worked out when it is prepared and once more
just before it is sent, and so is what the platform gives back. A request whose answer was lost may have
been done or not: the platform's own figures decide, and where they don't, a person does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.core.promise import still_expected
from app.core.unservable import Cause, ShortItem, Unservable, still_short, unservable
from app.db import items, refunds, shops, stock
from app.db.arrivals import OPEN
from app.db.models import Order, PoolRow, RefundRow, Shop
from app.db.refunds import RefundState
from app.errors import BacklineError, NeedsMerchant
from app.pipeline.compliance import must_refund
from app.pipeline.whatif import Standing, standing_of
from app.platforms.base import ItemStock, Platform
from app.platforms.base.refunds import Made, Refunder, RefundLine, RefundRequest
from app.platforms.http import PlatformRefused

log = structlog.get_logger()

# A request that nobody answered so long is over, whatever became of it.
PATIENCE = timedelta(seconds=90)
_FAILURES = (BacklineError, PlatformRefused, OSError)
_NOT_HERE = "This platform takes no refunds from Backline."
_IN_PROGRESS = "It is being done already. Load the page again in a minute and a half."
_OVERTAKEN = (
    "A cancellation of this order was confirmed already, in another tab or by somebody else. "
    "Load the page again."
)
_UNANSWERED = "An earlier cancellation of this order was not answered yet. Check that one first."
_OTHERWISE = "What would be given back has changed since it was shown. Prepare it again."
_SERVED = "Every unit of this order can be served."
_VOID = "The order is canceled or deleted already."
_NOT_AS_SHOWN = (
    "Orders, stock, or deliveries have changed since this was prepared: other units can't be served "
    "now. Prepare it again."
)
_NOT_COUNTED = "Stock has come that Backline has not counted yet. Wait a minute, and prepare it again."
_OUT_OF_DATE = "This is out of date. Prepare it again."
_UNCLEAR = (
    "The units of the order have changed, and no refund by Backline is there. Look at the order in your "
    "admin, see whether the money went back, then close this cancellation."
)
WORDS = {
    Cause.DISCONTINUED: "will not be restocked",
    Cause.OVERDUE: "the money must go back by law",
}


@dataclass(frozen=True, slots=True)
class Refunds:
    """What is done with the platform and the database, each in its own time. Every act returns what is
    in its way (empty: it is done)."""

    sessions: sessionmaker[Session]
    connect: Callable[[Shop], Platform]
    clock: Callable[[], datetime]

    def prepare(self, shop_id: int, order_id: int, *, by: str) -> str:
        """Ask what canceling gives back, and keep it to be shown."""
        with self.sessions.begin() as session:
            shop = shops.get_shop(session, shop_id)
            order = session.get_one(Order, (shop_id, order_id))
            found = proposed(session, shop, order, now=self.clock())
            row = refunds.latest(session, shop_id, order_id)
        if row is not None and row.state == RefundState.ASKED:
            return _UNANSWERED
        if not found:
            return nothing_to_cancel(order)
        lines, why = _lines(found), _why(found)
        try:
            refunder = self.connect(shop).refunder
            if refunder is None:
                return _NOT_HERE
            quote = refunder.quote(order_id, lines)
        except _FAILURES as error:
            return _told(error)
        if quote.problem:
            return quote.problem
        with self.sessions.begin() as session:
            order = session.get_one(Order, (shop_id, order_id))
            kept = refunds.prepare(session, order, lines, quote, why=why, by=by, now=self.clock())
        return "" if kept else _UNANSWERED

    def confirm(self, shop_id: int, order_id: int, key: str, *, by: str, notifies: bool) -> str:
        """Do what was shown, if it still stands so. Of what was asked before and never answered, find
        out what became of it, and ask again only if it was not done."""
        with self.sessions.begin() as session:
            shop = shops.get_shop(session, shop_id)
            row = refunds.find(session, shop_id, order_id, key)
        if row is None or row.state in (RefundState.DONE, RefundState.DROPPED):
            return "" if row and row.state == RefundState.DONE else _OUT_OF_DATE
        try:
            platform = self.connect(shop)
            if platform.refunder is None:
                return _NOT_HERE
            if row.state == RefundState.ASKED:
                return self._settle(shop, platform, platform.refunder, row)
            if not (problem := self._objection(shop, platform, platform.refunder, row)):
                return self._begin(platform.refunder, row, by=by, notifies=notifies)
        except _FAILURES as error:
            return _told(error)
        with self.sessions.begin() as session:
            refunds.drop(session, row)
        return problem

    def drop(self, shop_id: int, order_id: int, key: str) -> str:
        """Do not do what was prepared."""
        with self.sessions.begin() as session:
            row = refunds.find(session, shop_id, order_id, key)
            return "" if row is not None and refunds.drop(session, row) else _OUT_OF_DATE

    def close(self, shop_id: int, order_id: int, key: str, *, by: str) -> str:
        """Somebody has seen to what the platform did not tell."""
        now = self.clock()
        with self.sessions.begin() as session:
            order = session.get_one(Order, (shop_id, order_id))
            row = refunds.find(session, shop_id, order_id, key)
            if row is None or row.state != RefundState.ASKED:
                return _OUT_OF_DATE
            until = now - PATIENCE
            is_closed = refunds.close(
                session, row, order_name=order.name, asked_before=until, by=by, now=now
            )
            return "" if is_closed else _IN_PROGRESS

    def _objection(self, shop: Shop, platform: Platform, refunder: Refunder, row: RefundRow) -> str:
        """Why what was shown can't be done as it was shown."""
        with self.sessions.begin() as session:
            order = session.get_one(Order, (row.shop_id, row.order_id))
            found = proposed(session, shop, order, now=self.clock())
            counted = stock.pools_of(session, shop.id, [one.item_id for one in found])
        if not found:
            return nothing_to_cancel(order)
        if not stands(row, found):
            return _NOT_AS_SHOWN
        if _has_more(platform.fetch_stock(sorted(counted)), counted, found):
            return _NOT_COUNTED
        quote = refunder.quote(row.order_id, refunds.lines_of(row))
        return quote.problem or ("" if quote == refunds.quote_of(row) else _OTHERWISE)

    def _begin(self, refunder: Refunder, row: RefundRow, *, by: str, notifies: bool) -> str:
        now = self.clock()
        with self.sessions.begin() as session:
            if not refunds.take(session, row, by=by, notifies=notifies, now=now):
                return _OVERTAKEN
        return self._send(refunder, row, now)

    def _settle(self, shop: Shop, platform: Platform, refunder: Refunder, row: RefundRow) -> str:
        now = self.clock()
        with self.sessions.begin() as session:
            if not refunds.ask_again(session, row, asked_before=now - PATIENCE, now=now):
                return _IN_PROGRESS
        made = refunder.made(_request(row))
        if made is Made.YES:
            self._finish(row)
            return ""
        if made is Made.UNCLEAR:
            return self._doubt(row, _UNCLEAR, asked_at=row.asked_at)
        if problem := self._objection(shop, platform, refunder, row):
            return self._refuse(row, problem, asked_at=now)
        return self._send(refunder, row, now, is_again=True)

    def _send(
        self, refunder: Refunder, row: RefundRow, asked_at: datetime, *, is_again: bool = False
    ) -> str:
        with self.sessions.begin() as session:
            request = _request(session.get_one(RefundRow, row.id))
        try:
            problem = refunder.refund(request)
        except NeedsMerchant as error:
            problem = str(error)
        except _FAILURES as error:
            problem = _told(error)
            return self._doubt(row, problem, asked_at=asked_at) if is_again else problem
        if not problem:
            self._finish(row)
            return ""
        # What is refused the second time may be what the first has done.
        if is_again and _may_be_made(refunder, request):
            return self._doubt(row, problem, asked_at=asked_at)
        return self._refuse(row, problem, asked_at=asked_at)

    def _finish(self, row: RefundRow) -> None:
        with self.sessions.begin() as session:
            kept = session.get_one(RefundRow, row.id)
            order = session.get_one(Order, (row.shop_id, row.order_id))
            refunds.finish(session, kept, order_name=order.name, now=self.clock())

    def _refuse(self, row: RefundRow, problem: str, *, asked_at: datetime) -> str:
        with self.sessions.begin() as session:
            refunds.refuse(session, row, problem, asked_at=asked_at)
        return problem

    def _doubt(self, row: RefundRow, problem: str, *, asked_at: datetime | None) -> str:
        with self.sessions.begin() as session:
            refunds.doubt(session, row, problem, asked_at=asked_at)
        return problem


def _may_be_made(refunder: Refunder, request: RefundRequest) -> bool:
    try:
        return refunder.made(request) is not Made.NO
    except _FAILURES as error:
        _told(error)
        return True


def nothing_to_cancel(order: Order) -> str:
    """Why there is nothing to propose."""
    return _VOID if order.is_cancelled or order.is_gone else _SERVED


def _told(error: Exception) -> str:
    """What a failure says; it is kept in the log too, for some are defects of ours."""
    log.warning("a refund failed", error=str(error), kind=type(error).__name__)
    return str(error) or "The connection was lost."


def _lines(found: Sequence[Unservable]) -> list[RefundLine]:
    return [RefundLine(one.line_id, one.location_id, one.units, one.outstanding) for one in found]


def _why(found: Sequence[Unservable]) -> list[str]:
    return [WORDS[one.cause] for one in found]


def stands(row: RefundRow, found: Sequence[Unservable]) -> bool:
    """Whether what was prepared is what would be proposed now."""
    return refunds.lines_of(row) == _lines(found) and row.why == _why(found)


def _has_more(
    now: Sequence[ItemStock],
    counted: Mapping[int, Mapping[int, PoolRow]],
    found: Sequence[Unservable],
) -> bool:
    """Whether more is on hand where units are short than was counted when it was worked out what can't
    be served: news of a restock may be on their way."""
    on_hand = {(item.item_id, pool.location_id): pool.on_hand for item in now for pool in item.pools}
    before = {
        (item_id, location_id): row.on_hand
        for item_id, pools in counted.items()
        for location_id, row in pools.items()
    }
    places = [(one.item_id, one.location_id) for one in found]
    return any(on_hand.get(place, 0) > before.get(place, 0) for place in places)


def _request(row: RefundRow) -> RefundRequest:
    note = f"Canceled by {row.by} in Backline: {'; '.join(dict.fromkeys(row.why))}"
    lines, quote = tuple(refunds.lines_of(row)), refunds.quote_of(row)
    return RefundRequest(row.order_id, lines, quote, row.key, note, row.prepared_at, row.notifies_buyer)


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
