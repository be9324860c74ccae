"""What is asked before a delivery is received in full or canceled, with what would follow; and what is
said once it is undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import request, url_for

from app.db import arrivals, items
from app.db.models import ArrivalRow, StockItem
from app.db.pages.incoming import Delivery
from app.pipeline.serving import if_not_coming
from app.pipeline.whatif import Outcome, standing_of
from app.platforms.registry import PLATFORMS
from app.web.forms import FIELD
from app.web.pages.frame import OpenShop

PAGE_NAME = "incoming.listing"
UNDONE: Mapping[str, str] = {
    "undone": "Undone: the delivery is as it was. Recalculating dates.",
    "all-undone": "Undone: the deliveries are as they were. Recalculating dates.",
    "some-undone": "Some changes were undone. Others can't be undone any more: more than ten minutes "
    "have passed, or the deliveries were changed again since.",
}


@dataclass(frozen=True)
class Act:
    """Something that is asked about before it is done."""

    title: str
    button: str
    done: str
    advice: str


ACTS: Mapping[str, Act] = {
    "receive": Act(
        "Mark as received?",
        "Mark as received",
        "received",
        "Backline stops promising these units. It does not change your stock: receive them in "
        "{platform} as well, if you have not.",
    ),
    "cancel": Act(
        "Cancel this delivery?",
        "Cancel delivery",
        "canceled",
        "Backline stops promising these units. The delivery stays in the activity log.",
    ),
}


def must_ask(row: ArrivalRow, *, quantity: int, received: int) -> bool:
    """Whether saving this takes units from orders as "Mark as received" does, and nobody was asked."""
    return row.state in arrivals.OPEN and received >= quantity and "asked" not in request.form


def ask_to_receive(opened: OpenShop, found: Delivery, *, back: str = "") -> str:
    """What would follow; the form sends all that was typed once more, and that it was asked."""
    typed = {name: said for name, said in request.form.items() if name != FIELD}
    again = url_for(request.endpoint or "", **{**request.args, **(request.view_args or {})})
    return ask(opened, found, "receive", action=again, typed={**typed, "asked": "yes"}, back=back)


def ask(
    opened: OpenShop,
    found: Delivery,
    act: str,
    *,
    action: str,
    typed: Mapping[str, str] | None = None,
    back: str = "",
) -> str:
    """The page that asks before the act; its form goes to `action` with what was typed. `back` is
    "item" where whoever does not want it goes back to the item's page."""
    item = _item_of(opened, found)
    standing = None
    if item is not None:
        standing = standing_of(opened.session, opened.shop, item, now=opened.say.now)
    outcomes: Sequence[Outcome] = ()
    if standing is not None:
        outcomes = if_not_coming(opened.session, standing, found.row.id)
    return opened.render(
        "incoming_ask.html",
        page_name=PAGE_NAME,
        one=found,
        act=act,
        words=ACTS[act],
        advice=ACTS[act].advice.format(platform=PLATFORMS[opened.shop.platform].title),
        pool=None if standing is None else standing.pools.get(found.row.location_id),
        outcomes=outcomes,
        action=action,
        typed=typed or {},
        back=back,
    )


def _item_of(opened: OpenShop, found: Delivery) -> StockItem | None:
    if found.row.item_id is None:
        return None
    return items.find_item(opened.session, opened.id, found.row.item_id)
