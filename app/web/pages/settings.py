"""What a merchant sets for a shop: dates, tags, the wording of notes, priorities."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.core.desired import OUR_TAGS
from app.db import preferences, staff
from app.pipeline.calendars import countries
from app.pipeline.leaving import left_at_platform
from app.pipeline.runtime import Runtime
from app.pipeline.sentences import (
    PLACEHOLDERS,
    default_sentences,
    language_of,
    languages,
)
from app.platforms.registry import PLATFORMS, PlatformKind
from app.web import access
from app.web.pages.compliance import REGIMES
from app.web.pages.date_settings import language_name, offered_locales, read_dates
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import (
    OpenShop,
    back_to,
    change_shop,
    done_text,
    open_shop,
)
from app.web.pages.hold_settings import HOLD_POLICIES, hold_rows, read_holds
from app.web.pages.leaving_settings import add_leaving_routes
from app.web.pages.priority_settings import read_rules, rule_rows
from app.web.pages.restock_settings import RESTOCKS, add_restock_routes
from app.web.pages.staff_settings import ROLES, Invited, add_staff_routes, last_invitation
from app.web.pages.tag_rows import LONGEST_TAG
from app.web.pages.wording_settings import (
    SENTENCE_LABELS,
    add_wording_routes,
    language_asked,
    preview_of,
    read_sentences,
)

_PAGE_NAME = "settings.shop_page"

_DONE = {
    "dates": "Saved. Recalculating dates.",
    "law": "Saved. Checking waiting orders.",
    "tags": "Saved. Orders get the new names with their next update.",
    "wording": "Saved. Notes get the new wording with their next update.",
    "moves": "Saved.",
    "restocks": "Saved. The next restock is given out so.",
    "holds": "Saved. Updating holds on waiting orders.",
    "revoked": "Access revoked. Their open pages are closed.",
    "priorities": "Saved. Checking open orders.",
    "leaving": "Saved.",
}

# What each of our tags says, in the order of an order's life.
_TAG_HINTS = {
    "backordered": "While any unit of the order is backordered.",
    "backorder-released": "Once all of it is in stock.",
    "preorder": "While it waits for an item that is not released yet.",
    "backorder-review": "When an item will not be restocked, so someone has to decide.",
    "backorder-delay-notice-due": "Optional: while the buyer is owed a delay notice.",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The settings of one shop, and what saves each part of them."""
    blueprint = Blueprint("settings", __name__, url_prefix="/shops/<int:shop_id>/settings")

    @blueprint.get("")
    @access.needs(access.Role.MANAGE)
    def shop_page(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(opened)

    @blueprint.post("/dates")
    def save_dates(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "dates", read_dates(Form(request.form)))

    @blueprint.post("/law")
    def save_law(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "law", _read_law(Form(request.form)))

    @blueprint.post("/holds")
    def save_holds(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "holds", read_holds(opened.shop, Form(request.form)))

    @blueprint.post("/tags")
    def save_tags(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "tags", _read_tags(Form(request.form)))

    @blueprint.post("/priorities")
    def save_priorities(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(opened, "priorities", read_rules(Form(request.form), opened.shop))

    add_restock_routes(blueprint, runtime, _save)
    add_leaving_routes(blueprint, runtime, _save)
    add_wording_routes(blueprint, runtime, _save, _page)
    add_staff_routes(blueprint, runtime, _page)
    return blueprint


def _save(
    opened: OpenShop, part: str, read: tuple[Form, Mapping[str, Any]], **values: object
) -> Response | tuple[str, int]:
    """Keep what was read, or show the page again with what is wrong."""
    form, wanted = read
    if form.errors:
        return _page(opened, part, form), 422
    preferences.change_preferences(
        opened.session, opened.shop, wanted, by=access.viewer().name, now=opened.say.now
    )
    return back_to(_PAGE_NAME, shop_id=opened.id, done=part, _anchor=part, **values)


def _page(
    opened: OpenShop, part: str = "", form: Form | None = None, *, invited: Invited | None = None
) -> str:
    shop = opened.shop
    language = language_asked(shop, form.typed if form and part == "wording" else request.args)
    own = shop.wording.get(language, {})
    if form is not None and part == "wording":
        _, own = read_sentences(form, language)
    return opened.render(
        "settings.html",
        page_name=_PAGE_NAME,
        forms=Forms({} if form is None else {part: form}),
        tags=[
            (tag, shop.tag_names.get(tag, ""), hint)
            for tag, hint in _TAG_HINTS.items()
            if tag in OUR_TAGS
        ],
        hold_rows=hold_rows(shop, form if part == "holds" else None),
        language=language,
        writes_language=language_of(shop.locale),
        sentences=[
            (name, SENTENCE_LABELS[name], shop.wording.get(language, {}).get(name, ""), ours)
            for name, ours in default_sentences(language).items()
        ],
        preview=preview_of(shop, language, own, {} if form is None else form.errors),
        rules=rule_rows(shop, form if part == "priorities" else None),
        staff=staff.list_staff(opened.session, opened.id),
        invited=invited,
        seen=last_invitation(opened),
        left=left_at_platform(opened.session, opened.id).in_words,
        done_text=done_text(_DONE),
        **_choices(PLATFORMS[shop.platform]),
    )


def _choices(kind: PlatformKind) -> dict[str, object]:
    """What there is to choose from, by platform."""
    return {
        "time_zones": sorted(available_timezones()),
        "locales": offered_locales(),
        "has_tags": kind.traits.has_tags,
        "platform": kind.title,
        "restocks": RESTOCKS,
        "can_move": kind.traits.can_move,
        "hold_policies": HOLD_POLICIES if kind.traits.has_holds else {},
        "has_selling": bool(kind.traits.selling_scope),
        "languages": {one: language_name(one) for one in languages()},
        "known": {
            name: ", ".join(f"{{{one}}}" for one in known) for name, known in PLACEHOLDERS.items()
        },
        "labels": SENTENCE_LABELS,
        "countries": countries(),
        "regimes": REGIMES,
        "roles": ROLES,
    }


def _read_law(form: Form) -> tuple[Form, dict[str, Any]]:
    return form, {
        "regime": form.one_of("regime", REGIMES),
        "tags_delay_notices": form.typed.get("tags_delay_notices") == "yes",
    }


def _read_tags(form: Form) -> tuple[Form, dict[str, Any]]:
    """An empty name is our own."""
    names = {tag: form.text(tag, most=LONGEST_TAG) for tag in _TAG_HINTS if tag in OUR_TAGS}
    taken: dict[str, str] = {}
    for tag, name in names.items():
        called = (name or tag).casefold()
        if "," in name:
            form.errors[tag] = "Tags can't contain a comma."
        elif called in taken:
            form.errors[tag] = f"{name or tag} is already used for another tag: each needs its own name."
        taken[called] = tag
    return form, {"tag_names": {tag: name for tag, name in names.items() if name not in ("", tag)}}
