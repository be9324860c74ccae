"""What the law asks for today of late orders, with the words to send, and the log of what was told."""

from collections.abc import Mapping

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.regimes import NoticeKind, Regime
from app.db import interventions
from app.pipeline.compliance import log_notice, most_pressing
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.pages.forms import Form
from app.web.pages.frame import OpenShop, back_to, change_shop, done_text, open_shop
from app.web.pages.item import Forms

_PAGE_NAME = "duties.listing"
_MOST = 50
_DONE = {"recorded": "It stands in the log. What the order asks for now is worked out from it."}

REGIMES: Mapping[str, str] = {
    Regime.NONE.value: "No law is watched",
    Regime.US_MITOR.value: "United States: 16 CFR part 435",
    Regime.EU.value: "European Union: Directive 2011/83/EU, Article 18",
    Regime.UK.value: "United Kingdom: Consumer Rights Act 2015, section 28",
    Regime.AU.value: "Australia: Australian Consumer Law, section 36",
}
KINDS: Mapping[str, str] = {
    NoticeKind.DELAY.value: "The buyer was told of the delay",
    NoticeKind.CONSENT.value: "The buyer agreed to wait",
    NoticeKind.REFUSAL.value: "The buyer does not want to wait",
    NoticeKind.REFUND.value: "The money went back",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list, and the log's next entry."""
    blueprint = Blueprint("duties", __name__, url_prefix="/shops/<int:shop_id>/late-orders")

    @blueprint.get("")
    def listing(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened)

    @blueprint.post("/<int:order_id>")
    def record(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _record(opened, order_id)

    return blueprint


def _page(opened: OpenShop, order_id: int = 0, form: Form | None = None) -> str:
    found = most_pressing(opened.session, opened.shop, now=opened.say.now, most=_MOST)
    return opened.render(
        "duties.html",
        page_name=_PAGE_NAME,
        regime=REGIMES[opened.shop.regime],
        is_watched=opened.shop.regime != Regime.NONE,
        tasks=found.tasks,
        more=found.number - len(found.tasks),
        kinds=KINDS,
        forms=Forms({} if form is None else {f"told-{order_id}": form}),
        done_text=done_text(_DONE),
    )


def _record(opened: OpenShop, order_id: int) -> Response | tuple[str, int]:
    order = None
    if opened.shop.regime != Regime.NONE:
        order = interventions.find_order(opened.session, opened.id, order_id)
    if order is None:
        abort(404)
    form = Form(request.form)
    kind = form.one_of("kind", KINDS)
    names_day = kind == NoticeKind.DELAY and form.typed.get("revised_on", "").strip()
    revised_on = form.day("revised_on", today=opened.say.today) if names_day else None
    if kind is None or form.errors:
        return _page(opened, order_id, form), 422
    log_notice(
        opened.session,
        order,
        NoticeKind(kind),
        revised_on=revised_on,
        by=access.viewer().name,
        now=opened.say.now,
    )
    return back_to(_PAGE_NAME, shop_id=opened.id, done="recorded")
