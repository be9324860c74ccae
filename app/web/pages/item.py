"""Items: who waits for one, what serves whom and when, and what is coming."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.core.bounds import LARGEST_ID, MOST_DAYS, MOST_UNITS, read_whole
from app.core.decide import Decided
from app.core.model import Basis, Share
from app.db import arrivals, items, orders, stock, undo
from app.db.items import ItemTerms
from app.db.models import ArrivalRow, StockItem
from app.db.pages.incoming import find_delivery
from app.db.risk import late_percents_of
from app.pipeline.reservations import unreadable
from app.pipeline.runtime import Runtime
from app.pipeline.whatif import Effect, Outcome, Standing, standing_of, what_if
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.asking import ask_to_receive, must_ask, undos_of
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import (
    OpenShop,
    back_to,
    change_shop,
    done_text,
    is_fragment,
    open_shop,
    read_text,
)
from app.web.pages.queue_chart import chart_of

_A_PAGE = 50
_PAGE_NAME = "items.listing"
_LARGEST_PAGE = 100_000

KINDS = {
    "backorder": "Backorder: will be restocked",
    "preorder": "Preorder: not released yet",
    "discontinued": "Discontinued: will not be restocked",
}
_DONE = {
    "added": "Delivery added. Recalculating dates.",
    "changed": "Delivery saved. Recalculating dates.",
    "received": "Marked as received. Recalculating dates.",
    "canceled": "Delivery canceled. Recalculating dates.",
    "undone": "Undone: the delivery is as it was. Recalculating dates.",
    "terms": "Item saved. Recalculating dates.",
}
EFFECTS = {
    Effect.RELEASED: "Released",
    Effect.COVERED: "In stock, but still waiting for another item",
    Effect.FEWER: "Fewer units backordered",
    Effect.SOONER: "Sooner",
    Effect.LATER: "Later",
}


@dataclass(frozen=True)
class QueueRow:
    """One line of a pool's queue as the page tells it. `reserved_by` is what its units are committed to
    if that is no order."""

    place: int
    order_id: int
    name: str
    placed_at: datetime
    priority: int
    quantity: int
    short: int
    on_hand: int
    shares: Sequence[Share]
    unserved: int
    basis: Basis
    expected_on: date | None
    reserved_by: str = ""
    late_percent: int | None = None


@dataclass(frozen=True)
class Outside:
    """An order some of whose units no stock is committed to yet."""

    order_id: int
    name: str
    units: int


@dataclass(frozen=True)
class Question:
    """So many units on a day, and what that would change; None until somebody asks."""

    quantity: int
    on: date
    outcomes: Sequence[Outcome]

    def of(self, *effects: Effect) -> list[Outcome]:
        """The outcomes of these kinds."""
        return [one for one in self.outcomes if one.effect in effects]


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list of a shop's items, the page of one, and what can be said of it."""
    blueprint = Blueprint("items", __name__, url_prefix="/shops/<int:shop_id>/items")

    @blueprint.get("")
    def listing(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _listing(opened)

    @blueprint.get("/<int:item_id>")
    def item_page(shop_id: int, item_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            item = _item(opened, item_id)
            if is_fragment() and "units" in request.args:
                return _what_if_fragment(opened, item)
            return _item_page(
                opened, item, template="item_fragment.html" if is_fragment() else "item.html"
            )

    @blueprint.post("/<int:item_id>/arrivals")
    def add_arrival(shop_id: int, item_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            item = _item(opened, item_id)
            return _add_arrival(opened, item)

    @blueprint.post("/<int:item_id>/arrivals/<int:arrival_id>")
    def change_arrival(shop_id: int, item_id: int, arrival_id: int) -> Response | str | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            item = _item(opened, item_id)
            return _change_arrival(opened, item, _arrival(opened, item, arrival_id))

    @blueprint.post("/<int:item_id>/terms")
    def change_terms(shop_id: int, item_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            item = _item(opened, item_id)
            return _change_terms(opened, item)

    return blueprint


def _item(opened: OpenShop, item_id: int) -> StockItem:
    return items.find_item(opened.session, opened.id, item_id) or abort(404)


def _arrival(opened: OpenShop, item: StockItem, arrival_id: int) -> ArrivalRow:
    found = items.arrivals_of_item(opened.session, opened.id, item.item_id)
    row = next((one for one in found if one.id == arrival_id), None) or abort(404)
    if row.source in arrivals.KEPT_THERE:
        kind = arrivals.KEPT_THERE[row.source]
        abort(409, f"This delivery is {kind} {row.reference} in Shopify. Change it there.")
    return row


def _page_number() -> int:
    return read_whole(request.args.get("page", "1"), least=1, most=_LARGEST_PAGE) or 1


# The list


def _listing(opened: OpenShop) -> str:
    search, page = read_text(), _page_number()
    is_waiting_only = request.args.get("show") == "waiting"
    found = items.list_items(
        opened.session,
        opened.id,
        search=search,
        is_waiting_only=is_waiting_only,
        today=opened.say.today,
        offset=(page - 1) * _A_PAGE,
        limit=_A_PAGE + 1,
    )
    return opened.render(
        "items.html",
        page_name=_PAGE_NAME,
        found=found[:_A_PAGE],
        search=search,
        is_waiting_only=is_waiting_only,
        page=page,
        has_more=len(found) > _A_PAGE,
        kinds=KINDS,
    )


# One item


def _item_page(
    opened: OpenShop,
    item: StockItem,
    wrong: Mapping[str, Form] | None = None,
    template: str = "item.html",
) -> str:
    standing = standing_of(opened.session, opened.shop, item, now=opened.say.now)
    queues = standing.decide()
    location_id = _location(standing, queues)
    queue = [] if location_id is None else queues[location_id]
    page = _page_number()
    forms = Forms(wrong or {})
    question = None
    if "units" in request.args and location_id is not None:
        question, forms = _ask(opened, standing, location_id, forms)
    return opened.render(
        template,
        page_name=_PAGE_NAME,
        item=item,
        pools=standing.pools,
        location_id=location_id,
        pool=None if location_id is None else standing.pools[location_id],
        short_by_location={one: _short(lines) for one, lines in queues.items()},
        wanted=sum(one.allocation.line.quantity for one in _of_orders(queue)),
        orders_short=len({one.promise.line.order_id for one in _of_orders(queue) if one.promise.short}),
        outside=_outside(opened, standing, location_id),
        unreadable=unreadable(opened.shop, PLATFORMS[opened.shop.platform].traits.reservation_scopes),
        platform=PLATFORMS[opened.shop.platform].title,
        chart=None if location_id is None else chart_of(standing, location_id, queue, opened.say.zone),
        rows=_rows(opened, queue, page),
        queue_length=len(queue),
        page=page,
        page_size=_A_PAGE,
        arrivals=_arrivals(opened, item, location_id),
        kept_there=arrivals.KEPT_THERE,
        undos=undos_of(opened, lambda row: row.item_id == item.item_id),
        counts=arrivals.units_that_count(opened.session, opened.id, [item.item_id]),
        kinds=KINDS,
        forms=forms,
        question=question,
        effects=EFFECTS,
        Effect=Effect,
        done_text=done_text(_DONE),
    )


def _location(standing: Standing, queues: Mapping[int, Sequence[Decided]]) -> int | None:
    """The location that was asked for, else the one where most units are short."""
    asked = read_whole(request.args.get("location", ""), least=1, most=LARGEST_ID)
    if asked in standing.pools:
        return asked
    return max(queues, key=lambda one: (_short(queues[one]), len(queues[one])), default=None)


def _short(queue: Sequence[Decided]) -> int:
    return sum(one.promise.short for one in _of_orders(queue))


def _of_orders(queue: Sequence[Decided]) -> list[Decided]:
    return [one for one in queue if not one.promise.line.reserved_by]


def _outside(opened: OpenShop, standing: Standing, location_id: int | None) -> list[Outside]:
    waiting = {
        order_id: units for (order_id, at), units in standing.waiting.items() if at == location_id
    }
    names = orders.order_names(opened.session, opened.id, waiting) if waiting else {}
    return [Outside(order_id, name, waiting[order_id]) for order_id, name in sorted(names.items())]


def _rows(opened: OpenShop, queue: Sequence[Decided], page: int) -> list[QueueRow]:
    start = (page - 1) * _A_PAGE
    some = queue[start : start + _A_PAGE]
    lines = [one.allocation.line for one in some]
    names = orders.order_names(opened.session, opened.id, {line.order_id for line in lines})
    late = late_percents_of(opened.session, opened.id, lines)
    return [
        QueueRow(
            place=place,
            order_id=line.order_id,
            name=names.get(line.order_id, ""),
            placed_at=line.placed_at,
            priority=line.priority,
            quantity=line.quantity,
            short=promise.short,
            on_hand=line.quantity - promise.short,
            shares=allocation.shares,
            unserved=allocation.unserved,
            basis=promise.basis,
            expected_on=promise.expected_on,
            reserved_by=line.reserved_by,
            late_percent=late.get(line.order_id),
        )
        for place, (allocation, promise) in enumerate(some, start=start + 1)
        for line in [allocation.line]
    ]


def _arrivals(opened: OpenShop, item: StockItem, location_id: int | None) -> list[ArrivalRow]:
    found = items.arrivals_of_item(opened.session, opened.id, item.item_id)
    return [one for one in found if one.location_id == location_id]


# What if


def _ask(
    opened: OpenShop, standing: Standing, location_id: int, forms: Forms
) -> tuple[Question | None, Forms]:
    form = Form(request.args)
    quantity = form.number("units", least=1, most=MOST_UNITS)
    on = form.day("on", today=standing.today)
    if quantity is None or on is None:
        return None, Forms({**forms.wrong, "what-if": form})
    outcomes = what_if(opened.session, standing, location_id=location_id, quantity=quantity, on=on)
    return Question(quantity, on, outcomes), forms


def _what_if_fragment(opened: OpenShop, item: StockItem) -> str:
    standing = standing_of(opened.session, opened.shop, item, now=opened.say.now)
    location_id = _location(standing, standing.decide())
    if location_id is None:
        abort(404)
    question, forms = _ask(opened, standing, location_id, Forms())
    return render_template(
        "item_what_if.html",
        shop=opened.shop,
        say=opened.say,
        today=standing.today,
        item=item,
        location_id=location_id,
        forms=forms,
        question=question,
        effects=EFFECTS,
        Effect=Effect,
    )


# What a manager says


def _add_arrival(opened: OpenShop, item: StockItem) -> Response | tuple[str, int]:
    form = Form(request.form)
    pools = stock.pools_of(opened.session, opened.id, [item.item_id])[item.item_id]
    location = form.one_of("location", {str(location_id): None for location_id in pools})
    quantity = form.number("quantity", least=1, most=MOST_UNITS)
    expected_on = form.day("expected_on", today=opened.say.today)
    reference = form.text("reference")
    if form.errors or location is None or quantity is None or expected_on is None:
        return _item_page(opened, item, {"add": form}), 422
    arrivals.add_arrival(
        opened.session,
        item,
        location_id=int(location),
        quantity=quantity,
        expected_on=expected_on,
        reference=reference,
        by=access.viewer().name,
        now=opened.say.now,
    )
    return _back(opened, item, "added", location=location)


def _change_arrival(
    opened: OpenShop, item: StockItem, arrival: ArrivalRow
) -> Response | str | tuple[str, int]:
    """Another date, another quantity, or units of it that have landed."""
    form = Form(request.form)
    quantity = form.number("quantity", least=1, most=MOST_UNITS)
    received = form.number("received", least=0, most=MOST_UNITS)
    expected_on = form.day("expected_on", today=opened.say.today, is_past_fine=True)
    reference = form.text("reference")
    if quantity is not None and received is not None and received > quantity:
        form.errors["received"] = f"More than the {quantity} expected: raise the number of units too."
    if form.errors or quantity is None or received is None or expected_on is None:
        return _item_page(opened, item, {f"arrival-{arrival.id}": form}), 422
    if must_ask(arrival, quantity=quantity, received=received):
        found = find_delivery(opened.session, opened.id, arrival.id) or abort(404)
        return ask_to_receive(opened, found, back="item")
    done = "received" if received > arrival.received else "changed"
    undo.change_for_now(
        opened.session,
        arrival,
        quantity=quantity,
        received=received,
        expected_on=expected_on,
        reference=reference,
        by=access.viewer().name,
        now=opened.say.now,
    )
    return _back(opened, item, done, location=str(arrival.location_id))


def _change_terms(opened: OpenShop, item: StockItem) -> Response | tuple[str, int]:
    form = Form(request.form)
    kind = form.one_of("kind", KINDS)
    lead_time = form.number_or_none("lead_time_days", least=0, most=MOST_DAYS)
    release_on = form.day_or_none("release_on", today=opened.say.today, is_past_fine=True)
    if form.errors or kind is None:
        return _item_page(opened, item, {"terms": form}), 422
    terms = ItemTerms(kind, release_on if kind == "preorder" else None, lead_time)
    items.change_terms(opened.session, item, terms, by=access.viewer().name, now=opened.say.now)
    return _back(opened, item, "terms", location=request.form.get("location", ""))


def _back(opened: OpenShop, item: StockItem, done: str, *, location: str) -> Response:
    where = {"location": location} if location else {}
    return back_to("items.item_page", shop_id=opened.id, item_id=item.item_id, done=done, **where)
