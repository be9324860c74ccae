"""Addresses that purchase orders are fetched from: added, watched, confirmed, stopped."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.states import FeedState
from app.db import feeds, uploads
from app.db.models import FeedRow
from app.pipeline.feeds.sftp import fingerprint
from app.pipeline.feeds.source import (
    AddressRefused,
    FeedAddress,
    Login,
    open_login,
    read_address,
    seal_login,
)
from app.pipeline.feeds.words import EVERY_HOURS, OUTCOMES, STATES
from app.pipeline.files.options import Options
from app.pipeline.runtime import Runtime
from app.platforms.text import printable
from app.web import access
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import OpenShop, back_to, change_shop, done_text, open_shop
from app.web.pages.import_form import DATE_ORDERS

_LIST, _PAGE = "feeds.listing", "feeds.page"
_LONGEST_KEY = 16_384

_DONE = {
    "added": "The feed was added. Its first file is being checked; nothing is imported yet.",
    "saved": "Saved.",
    "on": "The feed is on. Its files are imported from now on.",
    "off": "The feed is paused.",
    "trial": "The feed is on trial. Nothing is imported.",
    "reading": "Reading now. Reload this page in a moment.",
    "confirmed": "The host key was confirmed. Reading now.",
    "moved": "The server has shown another key since. Compare the one below.",
    "removed": "The feed was removed. What it imported stays.",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The list with the form of a new one; a page for each."""
    blueprint = Blueprint("feeds", __name__, url_prefix="/shops/<int:shop_id>/arrivals/feeds")

    @blueprint.get("")
    @access.needs(access.Role.MANAGE)
    def listing(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _listing(runtime, opened)

    @blueprint.post("")
    def add(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _add(runtime, opened)

    @blueprint.get("/<feed_id>")
    @access.needs(access.Role.MANAGE)
    def page(shop_id: int, feed_id: str) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(runtime, opened, _find(opened, feed_id))

    @blueprint.get("/<feed_id>/remove")
    @access.needs(access.Role.MANAGE)
    def ask_to_remove(shop_id: int, feed_id: str) -> str:
        with open_shop(runtime, shop_id) as opened:
            feed = _find(opened, feed_id)
            return opened.render("feed_remove.html", page_name="items.listing", feed=feed)

    @blueprint.post("/<feed_id>")
    def save(shop_id: int, feed_id: str) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(runtime, opened, _find(opened, feed_id))

    @blueprint.post("/<feed_id>/<action>")
    def act(shop_id: int, feed_id: str, action: str) -> Response:
        with change_shop(runtime, shop_id) as opened:
            return _ACTIONS.get(action, _unknown)(opened, _find(opened, feed_id))

    return blueprint


def _find(opened: OpenShop, feed_id: str) -> FeedRow:
    return feeds.find_feed(opened.session, opened.id, feed_id) or abort(404)


def _listing(runtime: Runtime, opened: OpenShop, form: Form | None = None) -> str:
    return opened.render(
        "feeds.html",
        page_name="items.listing",
        feeds=feeds.list_feeds(opened.session, opened.id),
        most=feeds.MOST_FEEDS,
        forms=_marked("new", form),
        values=_typed(form) if form else _fresh(),
        done_text=done_text(_DONE),
        **_words(runtime),
    )


def _page(runtime: Runtime, opened: OpenShop, feed: FeedRow, form: Form | None = None) -> str:
    return opened.render(
        "feed.html",
        page_name="items.listing",
        feed=feed,
        report=feed.report if "new" in feed.report else None,
        fingerprint=fingerprint,
        is_held=feeds.held_file(opened.session, opened.id, feed.feed_id) is not None,
        forms=_marked("feed", form),
        values=_typed(form) if form else _known(feed),
        done_text=done_text(_DONE),
        **_words(runtime),
    )


def _words(runtime: Runtime) -> Mapping[str, object]:
    return {
        "every": EVERY_HOURS,
        "states": STATES,
        "outcomes": OUTCOMES,
        "date_orders": DATE_ORDERS,
        "can_mail": bool(runtime.settings.smtp_url),
    }


def _fresh() -> Mapping[str, object]:
    return {"every_hours": "24", "mail_to": _own_address()}


def _own_address() -> str:
    name = access.viewer().name
    return name if "@" in name and " " not in name else ""


def _known(feed: FeedRow) -> Mapping[str, object]:
    return {
        "name": feed.name,
        "every_hours": str(feed.every_hours),
        "mail_to": feed.mail_to,
        "is_complete": bool(feed.options.get("is_complete")),
        "takes_good_lines": feed.takes_good_lines,
        "date_order": feed.options.get("date_order", ""),
    }


def _marked(name: str, form: Form | None) -> Forms:
    """The form with what is wrong in it, where it came back."""
    return Forms({} if form is None else {name: Form(_typed(form), form.errors)})


def _typed(form: Form) -> Mapping[str, str]:
    """What was typed, but for what must not be shown again."""
    return {name: said for name, said in form.typed.items() if name not in ("password", "private_key")}


def _add(runtime: Runtime, opened: OpenShop) -> Response | tuple[str, int]:
    form = Form(request.form)
    kept = _read_common(form)
    place = _read_place(form)
    if len(feeds.list_feeds(opened.session, opened.id)) >= feeds.MOST_FEEDS:
        form.errors["url"] = f"A shop has {feeds.MOST_FEEDS} feeds at most: remove one first."
    if form.errors or place is None:
        return _listing(runtime, opened, form), 422
    login = Login(request.form["url"].strip(), *_credentials())
    feed = feeds.add_feed(
        opened.session,
        opened.id,
        now=opened.say.now,
        kind=place.kind,
        address=place.shown,
        sealed=seal_login(login, runtime.settings.encryption_keys),
        **kept,
    )
    return back_to(_PAGE, shop_id=opened.id, feed_id=feed.feed_id, done="added")


def _save(runtime: Runtime, opened: OpenShop, feed: FeedRow) -> Response | tuple[str, int]:
    form = Form(request.form)
    kept = _read_common(form)
    if form.errors:
        return _page(runtime, opened, feed, form), 422
    for name, value in kept.items():
        setattr(feed, name, value)
    if any(_credentials()):
        url = open_login(feed, runtime.settings.encryption_keys).url
        feed.sealed = seal_login(Login(url, *_credentials()), runtime.settings.encryption_keys)
    return back_to(_PAGE, shop_id=opened.id, feed_id=feed.feed_id, done="saved")


def _read_place(form: Form) -> FeedAddress | None:
    try:
        return read_address(form.typed.get("url", ""))
    except AddressRefused as refused:
        form.errors["url"] = str(refused)
        return None


def _credentials() -> tuple[str, str, str]:
    said = request.form
    key = said.get("private_key", "").replace("\r\n", "\n").strip()[:_LONGEST_KEY]
    return said.get("user", "").strip()[:200], said.get("password", "")[:200], key and key + "\n"


def _read_common(form: Form) -> dict[str, Any]:
    """What may be changed later too."""
    name, mail_to = form.text("name", most=80), form.text("mail_to", most=200)
    if not name:
        form.errors["name"] = "Type a name, such as the supplier's."
    if mail_to and ("@" not in mail_to or " " in mail_to):
        form.errors["mail_to"] = "This is not an email address."
    every = form.one_of("every_hours", EVERY_HOURS)
    date_order = form.typed.get("date_order", "")
    options = Options(
        is_complete=bool(form.typed.get("is_complete")),
        date_order=date_order if date_order in DATE_ORDERS else None,
    )
    return {
        "name": name,
        "mail_to": mail_to,
        "every_hours": int(every or 0),
        "takes_good_lines": bool(form.typed.get("takes_good_lines")),
        "options": msgspec.to_builtins(options),
    }


def _back(opened: OpenShop, feed: FeedRow, done: str) -> Response:
    return back_to(_PAGE, shop_id=opened.id, feed_id=feed.feed_id, done=done)


def _switch(state: FeedState) -> Callable[[OpenShop, FeedRow], Response]:
    def switch(opened: OpenShop, feed: FeedRow) -> Response:
        feeds.switch(feed, state, now=opened.say.now)
        return _back(opened, feed, state)

    return switch


def _read_now(opened: OpenShop, feed: FeedRow) -> Response:
    feeds.ask_to_read(feed, now=opened.say.now)
    return _back(opened, feed, "reading")


def _confirm(opened: OpenShop, feed: FeedRow) -> Response:
    is_it = feeds.confirm_host_key(feed, request.form.get("host_key", ""), now=opened.say.now)
    return _back(opened, feed, "confirmed" if is_it else "moved")


def _review(opened: OpenShop, feed: FeedRow) -> Response:
    """The file that was refused, on the page that files are imported by."""
    held = feeds.held_file(opened.session, opened.id, feed.feed_id) or abort(404)
    name, content = held
    upload_id = uploads.keep_upload(
        opened.session,
        opened.id,
        name=printable(name)[:100],
        content=content,
        options=dict(feed.options),
        now=opened.say.now,
    )
    return back_to("import_arrivals.rehearsal", shop_id=opened.id, upload_id=upload_id)


def _remove(opened: OpenShop, feed: FeedRow) -> Response:
    feeds.remove_feed(opened.session, opened.id, feed.feed_id)
    return back_to(_LIST, shop_id=opened.id, done="removed")


def _unknown(opened: OpenShop, feed: FeedRow) -> Response:
    abort(404)


_ACTIONS: Mapping[str, Callable[[OpenShop, FeedRow], Response]] = {
    "start": _switch(FeedState.ON),
    "pause": _switch(FeedState.OFF),
    "trial": _switch(FeedState.TRIAL),
    "read": _read_now,
    "confirm": _confirm,
    "review": _review,
    "remove": _remove,
}
