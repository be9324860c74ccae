"""Webhooks that nobody could use: why, and once more."""

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from app.db import inbox
from app.db.pages import deliveries
from app.pipeline.runtime import Runtime
from app.web.pages.frame import (
    OpenShop,
    back_to,
    change_shop,
    done_text,
    is_fragment,
    open_shop,
    read_turn,
    turn_values,
)

_DONE = {
    "retried": "Trying the webhook again. If it fails once more, it comes back here.",
    "read": "The webhook had no readable content, so the shop is being checked for changes now.",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list and the retry."""
    blueprint = Blueprint("deliveries", __name__)

    @blueprint.get("/shops/<int:shop_id>/deliveries")
    def listing(shop_id: int) -> str:
        turn = read_turn(deliveries.NEWEST_FIRST)
        with open_shop(runtime, shop_id) as opened:
            return opened.render(
                "deliveries_list.html" if is_fragment() else "deliveries.html",
                page_name="deliveries.listing",
                found=deliveries.list_failed(opened.session, shop_id, turn),
                page_values=turn_values(turn),
                done_text=done_text(_DONE),
            )

    @blueprint.post("/shops/<int:shop_id>/deliveries/<int:delivery_id>/retry")
    def retry(shop_id: int, delivery_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            done = _retry(opened, delivery_id)
        return back_to("deliveries.listing", shop_id=shop_id, done=done)

    return blueprint


def _retry(opened: OpenShop, delivery_id: int) -> str:
    """Have it worked on again. One whose body was unreadable left nothing to work on: what it would
    have told is found by asking the platform what changed."""
    row = deliveries.find_failed(opened.session, opened.id, delivery_id)
    if row is None:
        abort(404)
    inbox.replay(row)
    if row.facts:
        return "retried"
    opened.shop.hourly_check_at = opened.say.now
    return "read"
