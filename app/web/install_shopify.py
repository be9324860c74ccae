"""How a Shopify shop comes to us: by the authorization-code grant from any window, or embedded in its
admin, where Shopify has installed the app itself and App Bridge vouches for the visitor."""

import secrets
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from app.core.states import ShopStatus
from app.db import shops
from app.db.models import Shop
from app.errors import RejectedVisit, TryLater
from app.pipeline import connecting
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.platforms.shopify import auth
from app.platforms.shopify.auth import Visitor
from app.settings import Settings
from app.web import access, browser_sessions, headers, refusals
from app.web.access import Role
from app.web.browser_sessions import NewSession

_COOKIE = "backline-install"
_STATE_LIFE = timedelta(minutes=10)
_RETRY = "X-Shopify-Retry-Invalid-Session-Request"


def make_blueprint(runtime: Runtime) -> Blueprint:
    """`/shopify/install`, `/shopify/callback`; embedded: `/shopify/app`, `/shopify/session`."""
    blueprint = Blueprint("install_shopify", __name__, url_prefix="/shopify")
    refusals.explain(blueprint)

    @blueprint.get("/install")
    @access.anyone
    def install() -> Response:
        return _begin(runtime)

    @blueprint.get("/callback")
    @access.anyone
    def callback() -> Response:
        return _finish(runtime)

    @blueprint.get("/app")
    @access.anyone
    def embedded() -> Response | str:
        return _open_in_frame(runtime)

    @blueprint.post("/session")
    @access.machines
    def session() -> Response:
        return _enter_by_token(runtime)

    return blueprint


def _begin(runtime: Runtime) -> Response:
    """Shopify signs the address where the merchant comes from its pages, and not where from our own."""
    shop = auth.read_shop_domain(request.args.get("shop", ""))
    if "hmac" in request.args:
        auth.check_signature(_query(), runtime.settings, now=runtime.clock())
    return _ask_for_consent(runtime.settings, shop)


def _finish(runtime: Runtime) -> Response:
    shop, settings = auth.read_shop_domain(request.args.get("shop", "")), runtime.settings
    _check_state(settings, shop)
    auth.check_signature(_query(), settings, now=runtime.clock())
    grant = auth.exchange_code(runtime.http, settings, shop, request.args.get("code", ""))
    shop_id = connecting.install_shop(runtime, "shopify", shop, grant)
    # Shopify does not say which of the shop's people this is.
    new = _sign_in(runtime, shop_id, Visitor(shop, "installer"), is_embedded=False)
    answer = new.attach(redirect(url_for("overview.shop_page", shop_id=shop_id), 303))
    browser_sessions.forget_cookie(answer, name=_COOKIE, is_embedded=False)
    return answer


def _open_in_frame(runtime: Runtime) -> Response | str:
    shop = auth.read_shop_domain(request.args.get("shop", ""))
    if request.args.get("embedded") != "1":
        return redirect(f"{url_for('.install')}?{urlencode(list(request.args.items()))}", 303)
    headers.show_in_frame_of("shopify", shop)
    try:
        return _enter(runtime, request.args.get("id_token", ""), expected=shop)
    except RejectedVisit:
        # The admin keeps an address for longer than its token lasts: App Bridge has a fresh one.
        frames = PLATFORMS["shopify"].frames
        key = frames.key(runtime.settings)
        wanted = access.local_path(request.args.get("to"))
        return render_template(
            "shopify_app.html", app_bridge=frames.script, app_bridge_key=key, wanted=wanted
        )


def _enter_by_token(runtime: Runtime) -> Response:
    """App Bridge asks for where to go, and follows; a refusal has it come again with a fresh token."""
    authorization = request.headers.get("Authorization", "")
    try:
        entered = _enter(runtime, authorization.removeprefix("Bearer "), expected=None)
    except RejectedVisit as error:
        answer: Response = jsonify(problem=str(error))
        answer.status_code, answer.headers[_RETRY] = 401, "1"
        return answer
    answer = jsonify(location=entered.location)
    for cookie in entered.headers.getlist("Set-Cookie"):
        answer.headers.add("Set-Cookie", cookie)
    return answer


def _query() -> dict[str, list[str]]:
    return request.args.to_dict(flat=False)


def _ask_for_consent(settings: Settings, shop: str) -> Response:
    """Bound to this browser: the way back must be walked where the way there began."""
    state = secrets.token_urlsafe(24)
    callback = f"{settings.app_url}{url_for('.callback')}"
    answer = redirect(auth.authorize_url(settings, shop, redirect_uri=callback, state=state), 303)
    sealed = str(_serializer(settings).dumps([state, shop]))
    browser_sessions.set_cookie(answer, settings, _COOKIE, sealed, max_age=_STATE_LIFE)
    return answer


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    keys = (settings.secret_key_previous, settings.secret_key)  # it signs with the last
    return URLSafeTimedSerializer([key for key in keys if key], salt="shopify install")


def _check_state(settings: Settings, shop: str) -> None:
    """Raises `RejectedVisit` unless this browser was sent to this shop by us, some minutes ago."""
    sealed = browser_sessions.read_cookie(settings, _COOKIE) or ""
    try:
        state, asked = _serializer(settings).loads(sealed, max_age=int(_STATE_LIFE.total_seconds()))
    except (BadData, ValueError, TypeError):
        state, asked = "", ""
    given = request.args.get("state", "")
    is_same = secrets.compare_digest(given.encode(), str(state).encode())
    if not state or not is_same or asked != shop:
        raise RejectedVisit(
            "This installation was not begun in this browser, or too long ago: open Backline from your "
            "shop's admin again."
        )


def _enter(runtime: Runtime, token: str, *, expected: str | None) -> Response:
    """Sign the visitor of an embedded page in. The shop that Shopify installed us in is taken up at its
    first visitor. Raises `RejectedVisit`."""
    settings = runtime.settings
    visitor = auth.read_session_token(f"Bearer {token}", settings)
    if expected not in (None, visitor.shop):
        raise RejectedVisit("Shopify signed you in to another shop: load the page again.")
    with runtime.sessions.begin() as session:
        shop = shops.find_shop(session, "shopify", visitor.shop)
    shop_id = _take_up(runtime, shop, visitor.shop, token)
    new = _sign_in(runtime, shop_id, visitor, is_embedded=True)
    home = url_for("overview.shop_page", shop_id=shop_id)
    wanted = access.local_path(request.args.get("to"))
    is_own = wanted is not None and wanted.startswith(f"{urlsplit(home).path}/")
    return new.attach(redirect(wanted if wanted and is_own else home, 303))


def _take_up(runtime: Runtime, shop: Shop | None, domain: str, token: str) -> int:
    """Each visit brings fresh access, so that what was withdrawn or ended heals by itself; a shop that
    works needs none to be looked at."""
    works = shop is not None and shop.status == ShopStatus.ACTIVE
    try:
        grant = auth.exchange_session_token(runtime.http, runtime.settings, domain, token)
    except TryLater:
        if shop is None or not works:
            raise
        return shop.id
    if shop is None or not works:
        return connecting.install_shop(runtime, "shopify", domain, grant)
    connecting.renew_access(runtime, shop, grant)
    return shop.id


def _sign_in(runtime: Runtime, shop_id: int, visitor: Visitor, *, is_embedded: bool) -> NewSession:
    return access.begin_session(
        runtime,
        shop_id=shop_id,
        subject=f"shopify:{visitor.user_id}",
        name=f"{visitor.shop.partition('.')[0]} ({visitor.user_id})",
        role=Role.MANAGE,
        is_embedded=is_embedded,
    )
