"""One order: why it waits, what is said of it, what happened, and what a manager may decide."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.bounds import read_whole
from app.core.changes import is_worth_writing
from app.core.desired import WAITING, Desired, Shown, desired, rename_tags
from app.db import due_orders, interventions, refunds
from app.db.models import Event, Order
from app.db.pages import order as order_page
from app.db.pages.order import ItemOfOrder
from app.db.pages.orders import states_of
from app.db.refunds import RefundState
from app.pipeline.compliance import with_obligations
from app.pipeline.refunds import proposed
from app.pipeline.runtime import Runtime
from app.pipeline.sentences import sentences_for
from app.pipeline.whatif import standing_of
from app.pipeline.wording import block_texts
from app.platforms.registry import PLATFORMS, order_url
from app.web import access
from app.web.pages.event_labels import Happened, cause_in_words, told
from app.web.pages.frame import (
    OpenShop,
    back_to,
    change_shop,
    done_text,
    is_fragment,
    open_shop,
)
from app.web.pages.reply import reply_words
from app.web.pages.states import badges

HIGHEST_PRIORITY = 100

_DONE = {
    "priority": "Priority saved. Recalculating dates.",
    "held": "Updates paused: the order's tags and note stay as they are until you resume.",
    "let-go": "Updates resumed.",
    "retry": "Checking the order again now.",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the order shows, what it should show, and whether the difference is worth a write. `block`
    is the text of our block as it should be."""

    shown: Shown
    want: Desired
    is_worth_writing: bool
    block: str

    @property
    def is_quiet(self) -> bool:
        """Something differs, too little to rewrite the order for it."""
        return (
            not self.is_worth_writing and self.want.status in WAITING and self.want.eta != self.shown.eta
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """The items of an order: those that wait, those in stock, and those that are shipped, removed or
    cancelled."""

    waiting: list[ItemOfOrder] = field(default_factory=list)
    ready: list[ItemOfOrder] = field(default_factory=list)
    done: list[ItemOfOrder] = field(default_factory=list)


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The page of an order and its actions."""
    blueprint = Blueprint("order", __name__)
    address = "/shops/<int:shop_id>/orders/<int:order_id>"

    @blueprint.get(address)
    def page(shop_id: int, order_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            template = "order_live.html" if is_fragment() else "order.html"
            return _render(opened, _found(opened, order_id), template=template)

    @blueprint.post(f"{address}/priority")
    def set_priority(shop_id: int, order_id: int) -> Response | tuple[str, int]:
        return _set_priority(runtime, shop_id, order_id)

    @blueprint.post(f"{address}/hold")
    def hold(shop_id: int, order_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            order = _found(opened, order_id)
            interventions.hold_order(opened.session, order, by=access.viewer().name, now=opened.say.now)
        return back_to("order.page", shop_id=shop_id, order_id=order_id, done="held")

    @blueprint.post(f"{address}/let-go")
    def let_go(shop_id: int, order_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            order = _found(opened, order_id)
            interventions.let_go(opened.session, order, by=access.viewer().name, now=opened.say.now)
        return back_to("order.page", shop_id=shop_id, order_id=order_id, done="let-go")

    @blueprint.post(f"{address}/retry")
    def retry(shop_id: int, order_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            order = _found(opened, order_id)
            interventions.retry_order(opened.session, order, by=access.viewer().name, now=opened.say.now)
        return back_to("order.page", shop_id=shop_id, order_id=order_id, done="retry")

    return blueprint


def _may_cancel_units(opened: OpenShop, order: Order) -> bool:
    """Whether units of it can't be served, so that a manager may cancel them, or one has and the
    platform's answer is missing."""
    if not PLATFORMS[opened.shop.platform].traits.has_refunds:
        return False
    row = refunds.latest(opened.session, opened.id, order.order_id)
    if row is not None and row.state == RefundState.ASKED:
        return True
    return bool(order.short) and bool(proposed(opened.session, opened.shop, order, now=opened.say.now))


def _set_priority(runtime: Runtime, shop_id: int, order_id: int) -> Response | tuple[str, int]:
    text = request.form.get("priority", "").strip()
    with change_shop(runtime, shop_id) as opened:
        order = _found(opened, order_id)
        error = _complaint(text)
        if error:
            return _render(opened, order, priority=text, error=error), 422
        interventions.rank_order(
            opened.session, order, int(text), by=access.viewer().name, now=opened.say.now
        )
    return back_to("order.page", shop_id=shop_id, order_id=order_id, done="priority")


def _found(opened: OpenShop, order_id: int) -> Order:
    return interventions.find_order(opened.session, opened.id, order_id) or abort(404)


def _complaint(text: str) -> str:
    """What is wrong with a typed priority; empty if nothing is."""
    number = read_whole(text, least=-HIGHEST_PRIORITY, most=HIGHEST_PRIORITY)
    if number is not None:
        return ""
    return f"Enter a whole number from −{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}."


def _render(
    opened: OpenShop,
    order: Order,
    *,
    template: str = "order.html",
    priority: str | None = None,
    error: str = "",
) -> str:
    session, shop, today = opened.session, opened.shop, opened.say.today
    platform = PLATFORMS[shop.platform].title
    found = order_page.read_events(session, shop.id, order.order_id)
    events = [(event, said) for event in found if (said := told(event, platform))]
    items = order_page.read_items(session, shop.id, order.order_id)
    outside, judgement = _outside(opened, order, items), _judge(opened, order, today)
    return opened.render(
        template,
        page_name="orders.listing",
        order=order,
        badges=badges(states_of(order, today=today), is_cancelled=order.is_cancelled),
        items=items,
        histories=_histories(events),
        parts=_parts(order, items, outside),
        reply=reply_words(order, items, opened.say, block=judgement.block if judgement else ""),
        locations=order_page.read_locations(session, shop.id, order.order_id),
        outside=outside,
        on_hold=order_page.read_holds(session, shop.id, order.order_id),
        may_cancel_units=_may_cancel_units(opened, order),
        judgement=judgement,
        events=events,
        platform=platform,
        can_move=PLATFORMS[shop.platform].traits.can_move,
        admin_url=order_url(shop.platform, shop.domain, order.order_id),
        cause_in_words=cause_in_words,
        done_text=done_text(_DONE),
        priority=str(order.priority) if priority is None else priority,
        highest_priority=HIGHEST_PRIORITY,
        error=error,
    )


def _outside(opened: OpenShop, order: Order, items: Sequence[ItemOfOrder]) -> dict[int, int]:
    """How many units of which item no stock is committed to yet. Asked only of what was bought by a
    selling plan, or where less is committed than orders take."""
    found = {}
    for item in (one.item for one in items if one.item and one.may_wait_outside):
        standing = standing_of(opened.session, opened.shop, item, now=opened.say.now)
        waiting = standing.waiting.items()
        units = sum(units for (order_id, _), units in waiting if order_id == order.order_id)
        if units:
            found[item.item_id] = units
    return found


def _parts(order: Order, items: Sequence[ItemOfOrder], outside: Mapping[int, int]) -> Parts:
    """What waits first; an order with many items is read at a glance."""
    parts = Parts()
    for one in items:
        if order.is_cancelled or not one.outstanding:
            parts.done.append(one)
        elif not one.is_known or (
            one.item and (one.short or one.item.item_id in outside) and one.item.is_tracked
        ):
            parts.waiting.append(one)
        else:
            parts.ready.append(one)
    return parts


def _histories(events: Sequence[tuple[Event, Happened]]) -> dict[int, list[tuple[Event, Happened]]]:
    """How the date of each item came about, first said first, by item."""
    found: dict[int, list[tuple[Event, Happened]]] = defaultdict(list)
    for event, said in reversed(events):
        if event.kind == "promise" and event.item_id is not None:
            found[event.item_id].append((event, said))
    return found


def _judge(opened: OpenShop, order: Order, today: date) -> Judgement | None:
    found = due_orders.look_up_order(opened.session, opened.id, order.order_id)
    if found is None:
        return None
    (due,) = with_obligations(opened.session, opened.shop, [found], now=opened.say.now)
    shop = opened.shop
    want = desired(due.state, due.shown, today=today, tags=rename_tags(shop.tag_names))
    is_worth = due.intent is not None or is_worth_writing(
        want, due.shown, today=today, quiet_days=shop.quiet_days
    )
    texts = block_texts(
        want,
        locale=shop.locale,
        sentences=sentences_for(shop.locale, shop.wording),
        words=() if PLATFORMS[shop.platform].traits.has_tags else sorted(want.tags),
    )
    return Judgement(due.shown, want, is_worth, texts[0] if texts else "")
