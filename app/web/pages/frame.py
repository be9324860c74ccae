"""What every page of a shop begins with: whose it is, who looks, and how it is written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, abort, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.core.regimes import Regime
from app.db import staff
from app.db.models import Shop
from app.db.pages.paging import FIRST_PAGE, PageRequest, Sort, read_cursor
from app.pipeline import doorbell
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.settings import Settings
from app.web import access, browser_sessions
from app.web.access import Role
from app.web.headers import AdminOf
from app.web.pages.formatting import Words

LONGEST_TEXT = 100

_DONE_COOKIE, _DONE_LIFE = "backline-done", timedelta(minutes=1)

# The pages of a shop in the order of the navigation: endpoint and name. One that is not served is
# left out.
_NAVIGATION = (
    ("overview.shop_page", "Overview"),
    ("orders.listing", "Orders"),
    ("items.listing", "Items"),
    ("incoming.listing", "Incoming"),
    ("activity.listing", "Activity"),
    ("late_orders.listing", "Late orders"),
    ("deliveries.listing", "Failed webhooks"),
    ("settings.shop_page", "Settings"),
)


@dataclass(frozen=True)
class OpenShop:
    """A shop whose page somebody may see, the session to read it with, and its way to write dates."""

    session: Session
    shop: Shop
    say: Words

    @property
    def id(self) -> int:
        """The shop's own number."""
        return self.shop.id

    def render(self, template: str, *, page_name: str, **values: object) -> str:
        """The page; `page_name` is the endpoint that the navigation marks as the one we are on."""
        return render_template(
            template,
            shop=self.shop,
            say=self.say,
            today=self.say.today,
            may_manage=access.viewer().may(self.id, Role.MANAGE),
            page_name=page_name,
            **values,
        )


@contextmanager
def read_session(runtime: Runtime) -> Iterator[Session]:
    """For a page that changes nothing: on SQLite it waits for no writer."""
    with Session(runtime.engine.execution_options(read_only=True)) as session:
        yield session


@contextmanager
def open_shop(runtime: Runtime, shop_id: int) -> Iterator[OpenShop]:
    """For a page that reads one shop. Answers 404 where there is none."""
    with read_session(runtime) as session:
        yield _opened(runtime, session, shop_id)


@contextmanager
def change_shop(runtime: Runtime, shop_id: int) -> Iterator[OpenShop]:
    """For an action on one shop: commits, then rings, so that its work begins at once."""
    with runtime.sessions.begin() as session:
        yield _opened(runtime, session, shop_id)
    doorbell.ring(runtime.redis, shop_id)


def _opened(runtime: Runtime, session: Session, shop_id: int) -> OpenShop:
    shop = session.get(Shop, shop_id)
    if shop is None:
        abort(404)
    return OpenShop(session, shop, Words(shop, runtime.clock()))


def back_to(endpoint: str, /, *, done: str = "", **values: object) -> Response:
    """After an action: see the page again, which says once what was done (a key of its table of words).
    No address says it, or loading the page anew would say it again."""
    g.done = done
    return redirect(url_for(endpoint, **values), code=303)  # type: ignore[arg-type]


def done_text(words: Mapping[str, str]) -> str:
    """What the action that led here did, in words; nothing for a key that is not in the table. A part of
    a page that keeps itself fresh says nothing, and leaves it to the page."""
    if is_fragment():
        return ""
    if access.viewer().is_embedded:
        key = g.get("done_before") or ""
    else:
        key = browser_sessions.read_cookie(current_app.config["SETTINGS"], _DONE_COOKIE) or ""
    g.is_told = key in words
    return words.get(key, "")


def read_turn(sort: Sort) -> PageRequest:
    """Which page of a list the address asks for: the one after a place, before one, or the first."""
    for name, backwards in (("after", False), ("before", True)):
        place = read_cursor(request.args.get(name, ""), sort)
        if place is not None:
            return PageRequest(place, backwards=backwards)
    return FIRST_PAGE


def turn_values(turn: PageRequest) -> dict[str, str]:
    """The arguments of an address that ask for that page."""
    if turn.place is None:
        return {}
    return {"before" if turn.backwards else "after": str(turn.place)}


def read_text() -> str:
    """What somebody searches for: one line, not too long."""
    return " ".join(request.args.get("q", "").replace("\0", "").split())[:LONGEST_TEXT]


def is_fragment() -> bool:
    """Whether htmx asks for a part of the page only."""
    return (
        request.headers.get("HX-Request") == "true"
        and "HX-History-Restore-Request" not in request.headers
    )


def prepare(app: Flask, runtime: Runtime) -> None:
    """Give the templates the navigation, and what a frame in a shop's admin needs."""
    settings = runtime.settings

    @app.context_processor
    def frame() -> dict[str, object]:
        return {
            "navigation": _navigation,
            "admin_address": _admin_address,
            "platforms": PLATFORMS,
            **_bridge(settings),
        }

    app.config["SETTINGS"] = settings
    app.after_request(lambda response: _keep_done(response, runtime))
    app.add_template_filter(_coded, "coded")


def _keep_done(response: Response, runtime: Runtime) -> Response:
    """What was done is said by the next page, and by no other. In a frame, where a browser may keep no
    cookie, we keep it ourselves until then."""
    done, is_told = g.get("done"), g.get("is_told")
    if not done and not is_told:
        return response
    if access.viewer().is_embedded:
        with runtime.sessions.begin() as session:
            staff.keep_done(session, g.digest, done or None)
    elif done:
        browser_sessions.set_cookie(response, runtime.settings, _DONE_COOKIE, done, max_age=_DONE_LIFE)
    else:
        browser_sessions.forget_cookie(response, is_embedded=False, name=_DONE_COOKIE)
    return response


def _bridge(settings: Settings) -> dict[str, str]:
    """What a page in the shop's admin loads, and what it is known by there."""
    viewer, framed_by = g.get("viewer"), g.get("framed_by")
    if viewer is None or not viewer.is_embedded or not isinstance(framed_by, AdminOf):
        return {"app_bridge": "", "app_bridge_key": "", "save_bar": ""}
    frames = PLATFORMS[framed_by.platform].frames
    save_bar = Markup(" data-save-bar data-discard-confirmation") if frames.script else ""
    return {"app_bridge": frames.script, "app_bridge_key": frames.key(settings), "save_bar": save_bar}


def _admin_address(endpoint: str, shop: Shop) -> str:
    """A page of ours as the navigation of the shop's admin names it: its links stay for as long as the
    admin is open, so that they carry no pass."""
    told = PLATFORMS[shop.platform].frames.address(shop.domain)
    values: dict[str, Any] = {**told, browser_sessions.PASS_PARAMETER: None}
    return url_for(endpoint, shop_id=shop.id, **values)


def _coded(text: str) -> Markup:
    """Words between backticks as code."""
    parts = (escape(part) for part in text.split("`"))
    marked = (
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )
    return Markup("").join(marked)


def _navigation(shop: Shop) -> list[tuple[str, str]]:
    """Without what a shop has no use for: late orders, where no law is watched."""
    served = current_app.view_functions.keys()
    hidden = {"late_orders.listing"} if shop.regime == Regime.NONE else set()
    return [(endpoint, name) for endpoint, name in _NAVIGATION if endpoint in served - hidden]
