"""Items: who waits for one, what serves whom and when, and what is coming."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.core.bounds import LARGEST_ID, MOST_DAYS, MOST_UNITS, read_whole
from app.db import arrivals, items, long_queues, stock, undo
from app.db.items import ItemTerms
from app.db.models import ArrivalRow, PoolRow, StockItem
from app.db.pages.incoming import find_delivery
from app.pipeline.reservations import unreadable
from app.pipeline.runtime import Runtime
from app.pipeline.whatif import Effect, Outcome, Standing, standing_of, what_if
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.asking import UNDONE, ask_to_receive, must_ask
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
from app.web.pages.item_queue import NOBODY, Queues, chart_of, queues_of, read_outside, read_rows
from app.web.pages.item_selling import selling_of

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
    **UNDONE,
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
        kind, title = arrivals.KEPT_THERE[row.source], PLATFORMS[opened.shop.platform].title
        abort(409, f"This delivery is {kind} {row.reference} in {title}. Change it there.")
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
    queues = queues_of(opened, item)
    pools = stock.pools_of(opened.session, opened.id, [item.item_id])[item.item_id]
    location_id = _location(queues, pools)
    sums = None if location_id is None else queues.sums.get(location_id)
    page = _page_number()
    question, forms = _asked(opened, item, location_id, Forms(wrong or {}))
    return opened.render(
        template,
        page_name=_PAGE_NAME,
        item=item,
        pools=pools,
        location_id=location_id,
        pool=None if location_id is None else pools[location_id],
        short_by_location={one: queues.short_at(one) for one in pools},
        **_queue(opened, item, queues, location_id, page),
        sums=sums,
        kept_at=queues.kept_at,
        unreadable=unreadable(opened.shop, PLATFORMS[opened.shop.platform].traits.reservation_scopes),
        platform=PLATFORMS[opened.shop.platform].title,
        page=page,
        page_size=long_queues.PAGE,
        arrivals=_arrivals(opened, item, location_id),
        kept_there=arrivals.KEPT_THERE,
        undos=undo.undoable(opened.session, opened.id, now=opened.say.now, item_id=item.item_id),
        counts=arrivals.units_that_count(opened.session, opened.id, [item.item_id]),
        kinds=KINDS,
        forms=forms,
        question=question,
        selling=selling_of(opened, item),
        effects=EFFECTS,
        Effect=Effect,
        done_text=done_text(_DONE),
    )


def _queue(
    opened: OpenShop, item: StockItem, queues: Queues, location_id: int | None, page: int
) -> dict[str, object]:
    """What is told of one location's queue."""
    if location_id is None or location_id not in queues.sums:
        return {"rows": [], "outside": [], "chart": chart_of(NOBODY, today=opened.say.today)}
    lines = queues.lines(location_id, page)
    return {
        "rows": read_rows(opened, item, lines, location_id=location_id, page=page),
        "outside": read_outside(opened, queues.outside(location_id)),
        "chart": chart_of(queues.sums[location_id], today=opened.say.today),
    }


def _location(queues: Queues, pools: Mapping[int, PoolRow]) -> int | None:
    """The location that was asked for, else the one where most units are short."""
    asked = read_whole(request.args.get("location", ""), least=1, most=LARGEST_ID)
    return asked if asked in pools else queues.most_short(pools)


def _arrivals(opened: OpenShop, item: StockItem, location_id: int | None) -> list[ArrivalRow]:
    found = items.arrivals_of_item(opened.session, opened.id, item.item_id)
    return [one for one in found if one.location_id == location_id]


# What if


def _asked(
    opened: OpenShop, item: StockItem, location_id: int | None, forms: Forms
) -> tuple[Question | None, Forms]:
    """What the address asks, if it does."""
    if "units" not in request.args or location_id is None:
        return None, forms
    return _ask(opened, _standing(opened, item), location_id, forms)


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


def _standing(opened: OpenShop, item: StockItem) -> Standing:
    """Of a long queue it takes seconds: only who asks a question waits for that."""
    return standing_of(opened.session, opened.shop, item, now=opened.say.now)


def _what_if_fragment(opened: OpenShop, item: StockItem) -> str:
    standing = _standing(opened, item)
    location_id = _location(queues_of(opened, item), standing.pools)
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
