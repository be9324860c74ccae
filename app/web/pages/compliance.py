"""What the law asks for today of late orders, with the words to send, and the log of what was told."""

from collections.abc import Collection, Mapping

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.bounds import LARGEST_ID, read_whole
from app.core.regimes import NoticeKind, Regime
from app.db import interventions
from app.pipeline.compliance import log_notice, most_pressing
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import OpenShop, back_to, change_shop, done_text, open_shop

_PAGE_NAME = "late_orders.listing"
_MOST = 500
_DONE = {"recorded": "Recorded."}

REGIMES: Mapping[str, str] = {
    Regime.NONE.value: "Off",
    Regime.US_MITOR.value: "United States: 16 CFR part 435",
    Regime.EU.value: "European Union: Directive 2011/83/EU, Article 18",
    Regime.UK.value: "United Kingdom: Consumer Rights Act 2015, section 28",
    Regime.AU.value: "Australia: Australian Consumer Law, section 36",
}
KINDS: Mapping[str, str] = {
    NoticeKind.DELAY.value: "Delay notice sent",
    NoticeKind.CONSENT.value: "Buyer agreed to wait",
    NoticeKind.REFUSAL.value: "Buyer declined to wait",
    NoticeKind.REFUND.value: "Refunded",
}

ACTS: Mapping[str, str] = {
    "notice": "Send delay notice",
    "notice, with express consent": "Send delay notice, ask for consent",
    "wait for consent": "Wait for the buyer's consent",
    "refund": "Refund",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list, and the log's next entry."""
    blueprint = Blueprint("late_orders", __name__, url_prefix="/shops/<int:shop_id>/late-orders")

    @blueprint.get("")
    def listing(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened)

    @blueprint.post("")
    def record(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _record(opened)

    return blueprint


def _page(opened: OpenShop, form: Form | None = None, selected: Collection[int] = ()) -> str:
    found = most_pressing(opened.session, opened.shop, now=opened.say.now, most=_MOST)
    return opened.render(
        "late_orders.html",
        page_name=_PAGE_NAME,
        regime=REGIMES[opened.shop.regime],
        is_watched=opened.shop.regime != Regime.NONE,
        tasks=found.tasks,
        due_now=sum(task.by <= opened.say.today for task in found.tasks),
        more=found.number - len(found.tasks),
        acts=ACTS,
        kinds=KINDS,
        selected=selected,
        forms=Forms({} if form is None else {"record": form}),
        done_text=done_text(_DONE),
    )


def _record(opened: OpenShop) -> Response | tuple[str, int]:
    if opened.shop.regime == Regime.NONE:
        abort(404)
    form, ids = Form(request.form), _selected()
    kind = form.one_of("kind", KINDS)
    names_day = kind == NoticeKind.DELAY and form.typed.get("revised_on", "").strip()
    revised_on = form.day("revised_on", today=opened.say.today) if names_day else None
    if not ids:
        form.errors["order"] = "Select at least one order."
    if kind is None or form.errors:
        return _page(opened, form, ids), 422
    for order_id in ids:
        order = interventions.find_order(opened.session, opened.id, order_id) or abort(404)
        named = (revised_on or order.expected_on) if kind == NoticeKind.DELAY else None
        log_notice(
            opened.session,
            order,
            NoticeKind(kind),
            revised_on=named,
            by=access.viewer().name,
            now=opened.say.now,
        )
    return back_to(_PAGE_NAME, shop_id=opened.id, done="recorded")


def _selected() -> list[int]:
    """The orders that are ticked, each once."""
    typed = (read_whole(text, least=1, most=LARGEST_ID) for text in request.form.getlist("order"))
    return sorted({order_id for order_id in typed if order_id is not None})[:_MOST]
