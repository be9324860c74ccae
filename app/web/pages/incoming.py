"""Incoming: every delivery that is on its way, the orders it serves, and what suppliers are like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, request, url_for
from werkzeug.wrappers import Response

from app.core.bounds import LARGEST_ID, MOST_UNITS, read_whole
from app.core.steps import counted, in_days
from app.db import arrivals, items, undo
from app.db.models import ArrivalRow
from app.db.pages import incoming
from app.db.pages.incoming import Delivery
from app.db.pages.paging import PageRequest
from app.pipeline.lead_time_policy import terms_of
from app.pipeline.runtime import Runtime
from app.pipeline.serving import served_by
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.asking import ACTS, PAGE_NAME, UNDONE, ask, ask_to_receive, must_ask
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import (
    LONGEST_TEXT,
    OpenShop,
    back_to,
    change_shop,
    done_text,
    is_fragment,
    open_shop,
    read_turn,
    turn_values,
)

# The orders of so many items are worked out for a list; of longer ones each delivery's page tells.
_MOST_ITEMS = 12
_TOO_LATE = (
    "This can't be undone any more: more than ten minutes have passed, or the delivery was changed "
    "again since."
)
_DONE = {
    "changed": "Delivery saved. Recalculating dates.",
    "received": "Marked as received. Recalculating dates.",
    "canceled": "Delivery canceled. Recalculating dates.",
    **UNDONE,
}
SHOWS: Mapping[str, str] = {
    "all": "All open",
    "week": "Next 7 days",
    "late": "Late",
    "undated": "No date",
    "received": "Received",
}


@dataclass(frozen=True)
class Address:
    """What the address asks for; what makes no sense reads as if it were not there."""

    show: str
    supplier: str
    reference: str
    turn: PageRequest

    def values(self, **changes: object) -> dict[str, object]:
        """The address's arguments without the page, with other ones in place."""
        show = None if self.show == "all" else self.show
        said = {"show": show, "supplier": self.supplier, "po": self.reference} | changes
        return {name: value for name, value in said.items() if value}

    def page_values(self) -> dict[str, object]:
        """The arguments of this very page."""
        return self.values() | turn_values(self.turn)


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list, one delivery, what is asked before it is received or cancelled, and suppliers."""
    blueprint = Blueprint("incoming", __name__, url_prefix="/shops/<int:shop_id>")
    _add_one_delivery(blueprint, runtime)

    @blueprint.get("/incoming")
    def listing(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _listing(opened)

    @blueprint.get("/suppliers")
    def supplier(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _supplier(opened, _text("name"))

    @blueprint.post("/incoming/undo")
    def take_back_all(shop_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            return _take_back_all(opened)

    return blueprint


def _add_one_delivery(blueprint: Blueprint, runtime: Runtime) -> None:
    """What is seen of one delivery, and done with it."""

    @blueprint.get("/incoming/<int:arrival_id>")
    def delivery(shop_id: int, arrival_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened, _found(opened, arrival_id))

    @blueprint.post("/incoming/<int:arrival_id>")
    def change(shop_id: int, arrival_id: int) -> Response | str | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _change(opened, _own(opened, arrival_id))

    @blueprint.get("/incoming/<int:arrival_id>/<any(receive, cancel):act>")
    @access.needs(access.Role.MANAGE)
    def ask_before(shop_id: int, arrival_id: int, act: str) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _ask(opened, _own(opened, arrival_id), act)

    @blueprint.post("/incoming/<int:arrival_id>/<any(receive, cancel):act>")
    def do(shop_id: int, arrival_id: int, act: str) -> Response:
        with change_shop(runtime, shop_id) as opened:
            return _do(opened, _own(opened, arrival_id), act)

    @blueprint.post("/incoming/<int:arrival_id>/undo")
    def take_back(shop_id: int, arrival_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            return _take_back(opened, _found(opened, arrival_id))


def _text(name: str) -> str:
    return " ".join(request.args.get(name, "").replace("\0", "").split())[:LONGEST_TEXT]


def _read_address() -> Address:
    show = request.args.get("show", "")
    turn = read_turn(incoming.SOONEST_FIRST)
    return Address(show if show in SHOWS else "all", _text("supplier"), _text("po"), turn)


def _found(opened: OpenShop, arrival_id: int) -> Delivery:
    return incoming.find_delivery(opened.session, opened.id, arrival_id) or abort(404)


def _own(opened: OpenShop, arrival_id: int) -> Delivery:
    """One that is told here, and not by the platform."""
    found = _found(opened, arrival_id)
    if found.row.source in arrivals.KEPT_THERE:
        kind, title = arrivals.KEPT_THERE[found.row.source], PLATFORMS[opened.shop.platform].title
        abort(409, f"This delivery is {kind} {found.row.reference} in {title}. Change it there.")
    if found.row.state == "cancelled":
        abort(409, "This delivery was canceled. Add a new one on the item's page.")
    return found


def _listing(opened: OpenShop, *, wrong: Mapping[str, Form] | None = None) -> str:
    address, today = _read_address(), opened.say.today
    wanted = incoming.Wanted(today, address.show, address.supplier, address.reference, address.turn)
    found = incoming.list_deliveries(opened.session, opened.id, wanted)
    return opened.render(
        "incoming_list.html" if is_fragment() else "incoming.html",
        page_name=PAGE_NAME,
        found=found,
        served=_served(opened, found.rows),
        counts=incoming.count_deliveries(opened.session, opened.id, today=today),
        suppliers=incoming.open_suppliers(opened.session, opened.id),
        shows=SHOWS,
        address=address,
        kept_there=arrivals.KEPT_THERE,
        forms=Forms(wrong or {}),
        undos=undo.undoable(opened.session, opened.id, now=opened.say.now),
        done_text=done_text(_DONE),
    )


def _served(opened: OpenShop, found: Sequence[Delivery]) -> dict[int, Any] | None:
    """The orders of each delivery; None where there are too many items to work them out at once."""
    ids = {one.row.item_id for one in found if one.row.item_id is not None}
    if len(ids) > _MOST_ITEMS:
        return None
    return served_by(opened.session, opened.shop, ids, now=opened.say.now)


def _page(opened: OpenShop, found: Delivery, form: Form | None = None) -> str:
    return opened.render(
        "delivery.html",
        page_name=PAGE_NAME,
        one=found,
        served=_served(opened, [found]) or {},
        kept_there=arrivals.KEPT_THERE,
        forms=Forms({} if form is None else {f"delivery-{found.row.id}": form}),
        undos=undo.undoable(opened.session, opened.id, now=opened.say.now, arrival_id=found.row.id),
        done_text=done_text(_DONE),
    )


# What a manager says


def _change(opened: OpenShop, found: Delivery) -> Response | str | tuple[str, int]:
    """Another date, quantity, purchase order or supplier, or units of it that have arrived."""
    form, row = Form(request.form), found.row
    quantity = form.number("quantity", least=1, most=MOST_UNITS)
    received = form.number("received", least=0, most=MOST_UNITS)
    expected_on = form.day_or_none("expected_on", today=opened.say.today, is_past_fine=True)
    reference, supplier = form.text("reference"), form.text("supplier")
    if quantity is not None and received is not None and received > quantity:
        form.errors["received"] = f"More than the {quantity} expected: raise the number of units too."
    if expected_on is None and row.state != "undated" and "expected_on" not in form.errors:
        form.errors["expected_on"] = "Choose a date."
    if form.errors or quantity is None or received is None:
        return _page(opened, found, form), 422
    if must_ask(row, quantity=quantity, received=received):
        return ask_to_receive(opened, found)
    undo.change_for_now(
        opened.session,
        row,
        quantity=quantity,
        received=received,
        expected_on=expected_on,
        reference=reference,
        supplier=supplier,
        by=access.viewer().name,
        now=opened.say.now,
    )
    return _back(opened, found.row, "received" if row.state == "received" else "changed")


def _ask(opened: OpenShop, found: Delivery, act: str) -> str:
    action = url_for("incoming.do", shop_id=opened.id, arrival_id=found.row.id, act=act)
    back = "item" if request.args.get("back") == "item" else ""
    return ask(opened, found, act, action=action, back=back, typed={"back": back} if back else {})


def _do(opened: OpenShop, found: Delivery, act: str) -> Response:
    """Receiving takes in all that was still to come."""
    undo.change_for_now(
        opened.session,
        found.row,
        received=found.row.quantity if act == "receive" else None,
        is_cancelled=act == "cancel",
        by=access.viewer().name,
        now=opened.say.now,
    )
    return _back(opened, found.row, ACTS[act].done)


def _take_back(opened: OpenShop, found: Delivery) -> Response:
    """Put back what was changed within the last ten minutes, if that is what the page showed."""
    session, now, shown = opened.session, opened.say.now, request.form.get("change")
    offered = undo.undoable(session, opened.id, now=now, arrival_id=found.row.id)
    chosen = [one for one in offered if shown in (None, one.key)]
    if not undo.take_back_all(session, chosen, by=access.viewer().name, now=now):
        abort(409, _TOO_LATE)
    return _back(opened, found.row, "undone")


def _take_back_all(opened: OpenShop) -> Response:
    """The same for each change that the page showed."""
    session, now, shown = opened.session, opened.say.now, set(request.form.getlist("change"))
    chosen = [one for one in undo.undoable(session, opened.id, now=now) if one.key in shown]
    undone = undo.take_back_all(session, chosen, by=access.viewer().name, now=now)
    if not undone:
        abort(409, _TOO_LATE)
    return _back(opened, chosen[0].arrival, "all-undone" if undone == len(shown) else "some-undone")


def _back(opened: OpenShop, row: ArrivalRow, done: str) -> Response:
    """To where the form was: the item's page, or the list."""
    item_id = read_whole(str(row.item_id or ""), least=1, most=LARGEST_ID)
    if request.form.get("back") == "item" and item_id is not None:
        return back_to("items.item_page", shop_id=opened.id, item_id=item_id, done=done)
    return back_to(PAGE_NAME, shop_id=opened.id, done=done)


# Suppliers


def _supplier(opened: OpenShop, name: str) -> str:
    if not name or not incoming.has_supplier(opened.session, opened.id, name):
        abort(404, f"No deliveries from a supplier named {name or 'that'}.")
    wanted = incoming.Wanted(opened.say.today, supplier=name, turn=read_turn(incoming.SOONEST_FIRST))
    found = incoming.list_deliveries(opened.session, opened.id, wanted)
    return opened.render(
        "supplier.html",
        page_name=PAGE_NAME,
        name=name,
        record=incoming.record_of(opened.session, opened.id, name, zone=opened.say.zone),
        learned=_learned(opened, name, found.rows),
        found=found,
        served=_served(opened, found.rows),
        kept_there=arrivals.KEPT_THERE,
        forms=Forms(),
        address=Address("all", name, "", wanted.turn),
    )


def _learned(opened: OpenShop, name: str, found: Sequence[Delivery]) -> str:
    """By how many days dates are moved for this supplier, and why; empty where too little is known."""
    item_id = next((one.row.item_id for one in found if one.row.item_id is not None), None)
    item = None if item_id is None else items.find_item(opened.session, opened.id, item_id)
    if item is None:
        return ""
    terms = terms_of(opened.session, opened.shop, item, now=opened.say.now)
    habit = terms.experience.lateness(item.item_id, name)
    if habit is None:
        return ""
    days = habit.within(terms.share)
    share = round(100 * terms.share)
    return (
        f"Dates allow {in_days(days)} for late arrival, so that {share}% of deliveries come in time "
        f"(learned from {counted(habit.cases, 'delivery', 'deliveries')})."
    )
