"""Cancel the units of an order that can't be served: what would be canceled, and what goes back."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.unservable import Unservable
from app.db import interventions, refunds
from app.db.models import Order, RefundRow
from app.db.pages import order as order_page
from app.db.refunds import RefundState
from app.pipeline.refunds import WORDS, Refunds, nothing_to_cancel, proposed, stands
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.frame import OpenShop, back_to, done_text, open_shop

_DONE = {
    "canceled": "The units are canceled.",
    "dropped": "Discarded. Nothing was canceled.",
    "closed": "Closed. What is short now can be prepared again.",
}
_PAGE = "refunds.page"


@dataclass(frozen=True)
class Line:
    """Units of an item that can't be served, and why."""

    title: str
    units: int
    why: str


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The page, and the steps that a manager takes on it."""
    blueprint = Blueprint("refunds", __name__, url_prefix="/shops/<int:shop_id>/orders")
    acts = Refunds(runtime.sessions, runtime.connect, runtime.clock)

    @blueprint.get("/<int:order_id>/cancel-units")
    @access.needs(access.Role.MANAGE)
    def page(shop_id: int, order_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened, _order(opened, order_id))

    @blueprint.post("/<int:order_id>/cancel-units/prepare")
    def prepare(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        _refuse_unknown(runtime, shop_id, order_id)
        problem = acts.prepare(shop_id, order_id, by=access.viewer().name)
        return _answer(runtime, shop_id, order_id, problem, done="")

    @blueprint.post("/<int:order_id>/cancel-units")
    def confirm(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        _refuse_unknown(runtime, shop_id, order_id)
        notifies = request.form.get("notifies") == "yes"
        key, by = request.form.get("key", ""), access.viewer().name
        problem = acts.confirm(shop_id, order_id, key, by=by, notifies=notifies)
        return _answer(runtime, shop_id, order_id, problem, done="canceled")

    @blueprint.post("/<int:order_id>/cancel-units/drop")
    def drop(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        _refuse_unknown(runtime, shop_id, order_id)
        problem = acts.drop(shop_id, order_id, request.form.get("key", ""))
        return _answer(runtime, shop_id, order_id, problem, done="dropped")

    @blueprint.post("/<int:order_id>/cancel-units/close")
    def close(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        _refuse_unknown(runtime, shop_id, order_id)
        key, by = request.form.get("key", ""), access.viewer().name
        problem = acts.close(shop_id, order_id, key, by=by)
        return _answer(runtime, shop_id, order_id, problem, done="closed")

    return blueprint


def _refuse_unknown(runtime: Runtime, shop_id: int, order_id: int) -> None:
    """In a session of its own: what is asked of the platform next must hold none open."""
    with open_shop(runtime, shop_id) as opened:
        _order(opened, order_id)


def _answer(
    runtime: Runtime, shop_id: int, order_id: int, problem: str, *, done: str
) -> Response | tuple[str, int]:
    if not problem:
        return back_to(_PAGE, shop_id=shop_id, order_id=order_id, done=done)
    with open_shop(runtime, shop_id) as opened:
        return _page(opened, _order(opened, order_id), problem), 409


def _order(opened: OpenShop, order_id: int) -> Order:
    if not PLATFORMS[opened.shop.platform].traits.has_refunds:
        abort(404)
    return interventions.find_order(opened.session, opened.id, order_id) or abort(404)


def _page(opened: OpenShop, order: Order, problem: str = "") -> str:
    session, shop = opened.session, opened.shop
    row = refunds.latest(session, shop.id, order.order_id)
    found = proposed(session, shop, order, now=opened.say.now)
    is_ready = row is not None and row.state == RefundState.PREPARED and stands(row, found)
    is_asked = row is not None and row.state == RefundState.ASKED
    titles = order_page.line_titles(session, shop.id, order.order_id)
    return opened.render(
        "refund.html",
        page_name="orders.listing",
        order=order,
        problem=problem,
        row=row,
        quote=None if row is None else refunds.quote_of(row),
        lines=_kept(row, titles) if row and (is_ready or is_asked) else _proposed(found, titles),
        nothing=nothing_to_cancel(order),
        is_ready=is_ready,
        is_asked=is_asked,
        RefundState=RefundState,
        may_email=PLATFORMS[shop.platform].traits.may_email_refunds,
        platform=PLATFORMS[shop.platform].title,
        done_text=done_text(_DONE),
    )


def _proposed(found: Sequence[Unservable], titles: dict[int, str]) -> list[Line]:
    return [Line(titles.get(one.line_id, ""), one.units, WORDS[one.cause]) for one in found]


def _kept(row: RefundRow, titles: dict[int, str]) -> list[Line]:
    kept = refunds.lines_of(row)
    return [
        Line(titles.get(one.line_id, ""), one.units, why) for one, why in zip(kept, row.why, strict=True)
    ]
