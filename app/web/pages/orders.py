"""The list of orders: what is backordered, since when, until when, and what may be done with many."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.bounds import LARGEST_ID, is_possible, read_whole
from app.db import interventions, saved_views
from app.db.arrivals import locations
from app.db.pages import incoming, orders
from app.db.pages.order_filters import Filters
from app.db.pages.paging import PAGE, PageRequest
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.cells import cell_line
from app.web.pages.formatting import Words
from app.web.pages.forms import Form
from app.web.pages.frame import (
    LONGEST_TEXT,
    OpenShop,
    back_to,
    change_shop,
    done_text,
    is_fragment,
    open_shop,
    read_text,
    read_turn,
    turn_values,
)
from app.web.pages.order import HIGHEST_PRIORITY
from app.web.pages.order_columns import COLUMNS, USUAL, read_columns, written
from app.web.pages.states import LABELS, badges

_SORTS = {
    "placed": "Oldest order first",
    "newest": "Newest order first",
    "waiting": "Longest wait first",
    "expected": "Earliest expected date first",
}
_NEWEST_FIRST = {"all", "released"}
_LONGEST_WAIT_DAYS = 3650
_DONE = {
    "bulk": "Done for the selected orders.",
    "nothing": "Select at least one order first.",
    "view-saved": "View saved.",
    "view-deleted": "View deleted.",
}
ACTS = {
    "pause": "Pause updates",
    "resume": "Resume updates",
    "retry": "Retry now",
    "priority": "Set priority",
}


@dataclass(frozen=True)
class Address:
    """What the address of the list says, so that a link shows everybody the same. What makes no sense
    reads as if it were not there."""

    list_name: str
    sort_name: str
    text: str
    turn: PageRequest
    is_list_named: bool
    filters: Filters
    columns: tuple[str, ...] = USUAL

    @property
    def is_sorted(self) -> bool:
        """Whether it asks for another order than the list's usual one."""
        return self.sort_name != _usual_sort(self.list_name)

    @property
    def is_own(self) -> bool:
        """Whether there is something to keep as a view."""
        return bool(self.filter_values() or self.text or self.columns != USUAL)

    @property
    def usual_sort(self) -> str:
        """The order the list has unless another is asked for."""
        return _usual_sort(self.list_name)

    def page_values(self) -> dict[str, object]:
        """The arguments of this very page."""
        return self.values() | turn_values(self.turn)

    def filter_values(self) -> dict[str, object]:
        """The arguments that narrow the list."""
        narrowed = self.filters
        said = {
            "sku": narrowed.sku,
            "supplier": narrowed.supplier,
            "location": narrowed.location,
            "by": narrowed.by.isoformat() if narrowed.by else None,
            "over": narrowed.over,
            "tag": narrowed.tag,
            "released": narrowed.released_on.isoformat() if narrowed.released_on else None,
        }
        return {name: value for name, value in said.items() if value not in (None, "")}

    def values(self, **changes: object) -> dict[str, object]:
        """The address's arguments with other ones in place; those that say nothing are left out. A
        changed list begins at its first page."""
        sort = self.sort_name if self.is_sorted else None
        now = {
            "list": self.list_name,
            "sort": sort,
            "q": self.text,
            "columns": None if self.columns == USUAL else ",".join(self.columns),
            **self.filter_values(),
            **changes,
        }
        return {name: value for name, value in now.items() if value not in (None, "")}

    def wanted(self, say: Words) -> orders.Wanted:
        """What to read."""
        return orders.Wanted(
            say.today, self.list_name, self.sort_name, self.text, self.turn, self.filters, say.now
        )


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list, whole or the part that changes, its file, and what is done with many orders."""
    blueprint = Blueprint("orders", __name__)
    address = "/shops/<int:shop_id>/orders"

    @blueprint.get(address)
    def listing(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _listing(opened)

    @blueprint.get(f"{address}.csv")
    def export(shop_id: int) -> Response:
        return _export(runtime, shop_id)

    @blueprint.post(f"{address}/bulk")
    def bulk(shop_id: int) -> AnyResponse:
        with change_shop(runtime, shop_id) as opened:
            return _act_on_many(opened)

    @blueprint.post(f"{address}/views")
    def save_view(shop_id: int) -> AnyResponse:
        with change_shop(runtime, shop_id) as opened:
            return _save_view(opened)

    @blueprint.post(f"{address}/views/delete")
    def delete_view(shop_id: int) -> AnyResponse:
        with change_shop(runtime, shop_id) as opened:
            saved_views.delete_view(opened.session, shop_id, request.form.get("name", ""))
            return back_to("orders.listing", shop_id=shop_id, done="view-deleted")

    @blueprint.get(f"{address}/pick-list")
    def pick_list(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _pick_list(opened)

    return blueprint


def _export(runtime: Runtime, shop_id: int) -> Response:
    wanted = _read_address()
    with open_shop(runtime, shop_id) as opened:
        name = f"backline-orders-{opened.say.today.isoformat()}.csv"
    return Response(
        _written(runtime, shop_id, wanted),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _save_view(opened: OpenShop) -> AnyResponse:
    name = Form(request.form).text("name", most=saved_views.LONGEST_NAME)
    if name:
        saved_views.save_view(opened.session, opened.id, name, _shown_arguments())
    done = "view-saved" if name else ""
    return back_to("orders.listing", shop_id=opened.id, done=done, **dict(_shown_arguments()))


def _listing(opened: OpenShop) -> str:
    address, session = _read_address(), opened.session
    wanted = address.wanted(opened.say)
    platform = PLATFORMS[opened.shop.platform]
    return opened.render(
        "orders_list.html" if is_fragment() else "orders.html",
        page_name="orders.listing",
        found=orders.list_orders(session, opened.id, wanted),
        sums=orders.sum_list(session, opened.id, wanted),
        counts=orders.count_lists(session, opened.id, today=opened.say.today),
        counted=orders.COUNTED,
        address=address,
        labels=LABELS,
        sorts=_SORTS,
        columns=_shown_columns(opened, address),
        all_columns={
            name: one.title
            for name, one in COLUMNS.items()
            if platform.traits.has_tags or not one.is_of_tags
        },
        badges=badges,
        views=saved_views.list_views(session, opened.id),
        suppliers=incoming.open_suppliers(session, opened.id),
        locations=locations(session, opened.id),
        has_tags=platform.traits.has_tags,
        platform=platform.title,
        search_url=platform.search_address(opened.shop.domain, address.text),
        acts=ACTS,
        highest_priority=HIGHEST_PRIORITY,
        done_text=done_text(_DONE),
    )


def _written(runtime: Runtime, shop_id: int, address: Address) -> Iterator[str]:
    """The list as a file, with the columns that are shown. A byte-order mark tells spreadsheets that it
    is UTF-8."""
    with open_shop(runtime, shop_id) as opened:
        wanted = replace(address.wanted(opened.say), turn=PageRequest())
        rows = orders.walk_orders(opened.session, shop_id, wanted)
        yield "\ufeff"
        for cells in written(rows, _shown_columns(opened, address), opened.say):
            yield cell_line(cells)


def _shown_columns(opened: OpenShop, address: Address) -> list[str]:
    """What is chosen, but for tags where orders have none."""
    has_tags = PLATFORMS[opened.shop.platform].traits.has_tags
    return [name for name in address.columns if has_tags or not COLUMNS[name].is_of_tags]


def _act_on_many(opened: OpenShop) -> AnyResponse:
    """What was chosen, for every order that is ticked."""
    act, session, now = request.form.get("act", ""), opened.session, opened.say.now
    typed = (read_whole(text, least=1, most=LARGEST_ID) for text in request.form.getlist("order"))
    ids = sorted({order_id for order_id in typed if order_id is not None})[:PAGE]
    priority = read_whole(
        request.form.get("priority", "").strip(), least=-HIGHEST_PRIORITY, most=HIGHEST_PRIORITY
    )
    if act not in ACTS or (act == "priority" and priority is None):
        abort(422, f"Choose an action; a priority is a whole number up to {HIGHEST_PRIORITY}.")
    by = access.viewer().name
    for order_id in ids:
        order = interventions.find_order(session, opened.id, order_id) or abort(404)
        if act == "pause":
            interventions.hold_order(session, order, by=by, now=now)
        elif act == "resume":
            interventions.let_go(session, order, by=by, now=now)
        elif act == "retry":
            interventions.retry_order(session, order, by=by, now=now)
        else:
            interventions.rank_order(session, order, priority or 0, by=by, now=now)
    done = "bulk" if ids else "nothing"
    return back_to("orders.listing", shop_id=opened.id, done=done, **dict(_shown_arguments()))


def _shown_arguments() -> list[tuple[str, str]]:
    """The list that the form was sent from, by what an address of it may say."""
    known = (
        "list",
        "sort",
        "q",
        "sku",
        "supplier",
        "location",
        "by",
        "over",
        "tag",
        "released",
        "columns",
    )
    sent = parse_qsl(request.form.get("shown", ""))
    return [(name, value[:LONGEST_TEXT]) for name, value in sent if name in known]


def _pick_list(opened: OpenShop) -> str:
    """Everything still to ship of the orders that were released on a day; today, if none is named."""
    day = _read_day("day") or opened.say.today
    return opened.render(
        "pick_list.html",
        page_name="orders.listing",
        day=day,
        quick={"Today": opened.say.today, "Yesterday": opened.say.today - timedelta(days=1)},
        rows=orders.pick_list(opened.session, opened.id, day=day),
    )


def _read_address() -> Address:
    """Whoever searches without naming a list means all orders."""
    text = read_text()
    list_name = request.args.get("list", "")
    is_list_named = list_name in orders.LISTS
    filters = _read_filters()
    if not is_list_named:
        list_name = "all" if text or filters.released_on else "short"
    sort_name = request.args.get("sort", "")
    if sort_name not in orders.SORTS:
        sort_name = _usual_sort(list_name)
    turn = read_turn(orders.SORTS[sort_name])
    named = [*request.args.get("columns", "").split(","), *request.args.getlist("column")]
    return Address(list_name, sort_name, text, turn, is_list_named, filters, read_columns(named))


def _read_filters() -> Filters:
    return Filters(
        sku=_read_word("sku"),
        supplier=_read_word("supplier"),
        location=read_whole(request.args.get("location", ""), least=1, most=LARGEST_ID),
        by=_read_day("by"),
        over=read_whole(request.args.get("over", ""), least=0, most=_LONGEST_WAIT_DAYS),
        tag=_read_word("tag"),
        released_on=_read_day("released"),
    )


def _read_word(name: str) -> str:
    return " ".join(request.args.get(name, "").replace("\0", "").split())[:LONGEST_TEXT]


def _read_day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if is_possible(day) else None


def _usual_sort(list_name: str) -> str:
    return "newest" if list_name in _NEWEST_FIRST else "placed"
