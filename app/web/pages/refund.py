"""Cancel the units of an order that can't be served: what would be canceled, and what goes back."""

from dataclasses import dataclass

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.db import interventions, refunds
from app.db.models import Order, RefundRow
from app.db.pages import order as order_page
from app.db.refunds import RefundState
from app.pipeline.refunds import WORDS, Refunds, proposed
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.frame import OpenShop, back_to, done_text, open_shop

_DONE = {"canceled": "The units are canceled."}
_PAGE = "refunds.page"


@dataclass(frozen=True)
class Line:
    """Units of an item that can't be served, and why."""

    title: str
    units: int
    why: str


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The page, and the two steps that a manager takes on it."""
    blueprint = Blueprint("refunds", __name__, url_prefix="/shops/<int:shop_id>/orders")
    acts = Refunds(runtime.sessions, runtime.connect, runtime.clock)

    @blueprint.get("/<int:order_id>/cancel-units")
    @access.needs(access.Role.MANAGE)
    def page(shop_id: int, order_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened, _order(opened, order_id))

    @blueprint.post("/<int:order_id>/cancel-units/prepare")
    def prepare(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        with open_shop(runtime, shop_id) as opened:
            _order(opened, order_id)
        problem = acts.prepare(shop_id, order_id, by=access.viewer().name)
        return _answer(shop_id, order_id, problem, done="")

    @blueprint.post("/<int:order_id>/cancel-units")
    def confirm(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        with open_shop(runtime, shop_id) as opened:
            _order(opened, order_id)
        notifies = request.form.get("notifies") == "yes"
        key, by = request.form.get("key", ""), access.viewer().name
        problem = acts.confirm(shop_id, order_id, key, by=by, notifies=notifies)
        return _answer(shop_id, order_id, problem, done="canceled")

    def _answer(shop_id: int, order_id: int, problem: str, *, done: str) -> Response | tuple[str, int]:
        if not problem:
            return back_to(_PAGE, shop_id=shop_id, order_id=order_id, done=done)
        with open_shop(runtime, shop_id) as opened:
            return _page(opened, _order(opened, order_id), problem), 409

    return blueprint


def _order(opened: OpenShop, order_id: int) -> Order:
    if not PLATFORMS[opened.shop.platform].traits.has_refunds:
        abort(404)
    return interventions.find_order(opened.session, opened.id, order_id) or abort(404)


def _page(opened: OpenShop, order: Order, problem: str = "") -> str:
    session, shop = opened.session, opened.shop
    row = refunds.latest(session, shop.id, order.order_id)
    is_open = row is not None and row.state != RefundState.DONE
    found = proposed(session, shop, order, now=opened.say.now)
    titles = order_page.line_titles(session, shop.id, order.order_id)
    lines = [Line(titles.get(one.line_id, ""), one.units, WORDS[one.cause]) for one in found]
    return opened.render(
        "refund.html",
        page_name="orders.listing",
        order=order,
        problem=problem,
        row=row,
        quote=None if row is None else refunds.quote_of(row),
        lines=_kept(row, titles) if row is not None and is_open else lines,
        RefundState=RefundState,
        may_email=PLATFORMS[shop.platform].traits.may_email_refunds,
        platform=PLATFORMS[shop.platform].title,
        done_text=done_text(_DONE),
    )


def _kept(row: RefundRow, titles: dict[int, str]) -> list[Line]:
    kept = refunds.lines_of(row)
    return [
        Line(titles.get(one.line_id, ""), one.units, why) for one, why in zip(kept, row.why, strict=True)
    ]
