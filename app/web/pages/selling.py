"""Whether Backline may stop selling what no delivery covers: the settings of it, what they would change,
and what is said of one item."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.bounds import MOST_DAYS, MOST_UNITS
from app.core.selling import SellingPolicy, SellingRule, SettingName
from app.db import items, preferences, selling
from app.db.models import Shop
from app.db.pages.incoming import location_names
from app.pipeline.runtime import Runtime
from app.pipeline.selling_permission import lacks_permission
from app.pipeline.selling_rehearsal import Rehearsal, rehearse
from app.pipeline.selling_steps import in_words
from app.platforms.registry import PLATFORMS
from app.web import access
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import OpenShop, back_to, change_shop, done_text, open_shop, read_session

_NAVIGATED = "settings.shop_page"
_MOST_ITEMS = 5000
_MOST_ROWS = 200
POLICIES = {
    SellingPolicy.OFF.value: "Never: leave selling to the shop",
    SellingPolicy.DATED.value: "When no delivery with a date has a unit left for one more buyer",
    SellingPolicy.WAIT.value: "When one more buyer would wait too long, by a delivery or the lead time",
}
_LEADS = {
    SettingName.POLICY: "Backline turns off “Continue selling when out of stock” for the item's "
    "variants.",
    SettingName.BACKORDER_LIMIT: "Backline lowers the backorder limit of an item at a location to what "
    "is still to come and, if you want that, raises its safety stock by what is on hand for orders that "
    "wait.",
}
_DONE = {
    "selling": "Saved. Backline starts to change items, or to set them back, within a minute.",
    "lacking": "Saved. Nothing is changed until Backline has the permission.",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The page, the rehearsal of what was typed, its saving, and what is said of one item."""
    blueprint = Blueprint("selling", __name__, url_prefix="/shops/<int:shop_id>/selling")

    @blueprint.get("")
    @access.needs(access.Role.MANAGE)
    def page(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened, Form({}))

    @blueprint.post("/preview")
    def preview(shop_id: int) -> str | tuple[str, int]:
        return _preview(runtime, shop_id)

    @blueprint.post("")
    def save(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            form, wanted = _read(opened.shop, Form(request.form))
            if form.errors:
                return _page(opened, form), 422
            by = access.viewer().name
            preferences.change_preferences(
                opened.session, opened.shop, wanted, by=by, now=opened.say.now
            )
            done = "lacking" if lacks_permission(opened.shop) else "selling"
        return back_to("selling.page", shop_id=shop_id, done=done)

    @blueprint.post("/items/<int:item_id>")
    def change_item(shop_id: int, item_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            _change_item(opened, item_id)
        return back_to("items.item_page", shop_id=shop_id, item_id=item_id, done="terms")

    return blueprint


def _preview(runtime: Runtime, shop_id: int) -> str | tuple[str, int]:
    """Nothing of the database is held open while the platform is asked."""
    with open_shop(runtime, shop_id) as opened:
        form, wanted = _read(opened.shop, Form(request.form))
        if form.errors:
            return _page(opened, form), 422
        now = opened.say.now
    rehearsal = rehearse(
        lambda: read_session(runtime),
        runtime.connect,
        shop_id,
        _rule(wanted),
        most_items=wanted["most_stopped_items"],
        now=now,
    )
    with open_shop(runtime, shop_id) as opened:
        return _page(opened, form, rehearsal)


def _page(opened: OpenShop, form: Form, rehearsal: Rehearsal | None = None) -> str:
    kind = PLATFORMS[opened.shop.platform]
    if not kind.traits.selling_scope:
        abort(404)
    refused = selling.refusals(opened.session, opened.id)
    rows = selling.changed_rows(opened.session, opened.id)
    changed = {row.item_id for row in rows}
    places = {row.target_id for row in rows} if kind.traits.sells_by_location else set()
    return opened.render(
        "selling.html",
        page_name=_NAVIGATED,
        forms=Forms({"selling": form} if form.typed else {}),
        policies=POLICIES,
        rehearsal=rehearsal,
        changed=changed,
        rows=rows,
        most_rows=_MOST_ROWS,
        in_words=lambda row, value: in_words(SettingName(row.name), value),
        places=location_names(opened.session, opened.id, places),
        refused=refused,
        titles=items.titles_of(opened.session, opened.id, {*changed, *refused}),
        scope=kind.traits.selling_scope,
        lacks_permission=lacks_permission(opened.shop),
        platform=kind.title,
        access_place=kind.access_place,
        has_safety_stock=SettingName.SAFETY_STOCK in kind.traits.selling_settings,
        lead=_LEADS[kind.traits.selling_settings[0]],
        done_text=done_text(_DONE),
    )


def _read(shop: Shop, form: Form) -> tuple[Form, dict[str, Any]]:
    """What was typed. Stopping by the wait takes a longest one."""
    if not PLATFORMS[shop.platform].traits.selling_scope:
        abort(404)
    policy = form.one_of("selling", POLICIES)
    days = form.number_or_none("longest_wait_days", least=1, most=MOST_DAYS)
    if policy == SellingPolicy.WAIT and days is None:
        form.errors.setdefault("longest_wait_days", "Enter how many days a buyer may wait at most.")
    return form, {
        "selling": policy,
        "longest_wait_days": days,
        "most_ahead": form.number_or_none("most_ahead", least=0, most=MOST_UNITS),
        "most_stopped_items": form.number("most_stopped_items", least=1, most=_MOST_ITEMS),
        "keeps_restocks": form.typed.get("keeps_restocks") == "yes",
    }


def _rule(wanted: Mapping[str, Any]) -> SellingRule:
    policy = SellingPolicy(wanted["selling"])
    longest, most = wanted["longest_wait_days"], wanted["most_ahead"]
    return SellingRule(policy, longest, most, wanted["keeps_restocks"])


def _change_item(opened: OpenShop, item_id: int) -> None:
    """What is said of one item: a limit of its own, or to leave it alone."""
    form = Form(request.form)
    item = items.find_item(opened.session, opened.id, item_id) or abort(404)
    most = form.number_or_none("most_ahead", least=0, most=MOST_UNITS)
    if form.errors:
        abort(422, f"Units that may wait at once: {form.errors['most_ahead']}")
    selling.change_item(
        opened.session,
        item,
        most_ahead=most,
        sells_freely=form.typed.get("sells_freely") == "yes",
        by=access.viewer().name,
        now=opened.say.now,
    )
