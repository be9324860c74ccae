"""How a BigCommerce store comes to us: one exchange when it installs, signed visits after that, and two
calls that only its servers make."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.states import ShopStatus
from app.db import shops, staff, tokens
from app.db.models import Shop
from app.errors import RejectedVisit
from app.pipeline import connecting, leaving
from app.pipeline.runtime import Runtime
from app.platforms.bigcommerce import auth
from app.platforms.bigcommerce.auth import User, Visit
from app.web import access, refusals
from app.web.access import Role
from app.web.browser_sessions import NewSession

LONGEST_PARAMETER = 1024


def make_blueprint(runtime: Runtime) -> Blueprint:
    """`/bigcommerce/auth`, `/load`, `/uninstall`, `/remove_user`."""
    blueprint = Blueprint("install_bigcommerce", __name__, url_prefix="/bigcommerce")
    refusals.explain(blueprint)

    @blueprint.get("/auth")
    @access.anyone
    def install() -> Response:
        return _install(runtime)

    @blueprint.get("/load")
    @access.anyone
    def load() -> Response:
        return _load(runtime)

    @blueprint.get("/uninstall")
    @access.machines
    def uninstall() -> Response:
        _uninstall(runtime)
        return Response(status=200)

    @blueprint.get("/remove_user")
    @access.machines
    def remove_user() -> Response:
        _remove_user(runtime)
        return Response(status=200)

    return blueprint


def _install(runtime: Runtime) -> Response:
    given = auth.exchange_code(
        runtime.http,
        runtime.settings,
        code=_parameter("code"),
        context=_parameter("context"),
        scope=_parameter("scope"),
        redirect_uri=f"{runtime.settings.app_url}{url_for('.install')}",
    )
    shop_id = connecting.install_shop(runtime, "bigcommerce", given.store_hash, given.grant)
    return _enter(runtime, shop_id, given.user, onward=None)


def _load(runtime: Runtime) -> Response:
    visit = _visit(runtime)
    shop = _use(runtime, visit)
    if shop is None or shop.status in (ShopStatus.REMOVED, ShopStatus.ERASING):
        raise RejectedVisit(
            "This store has no Backline any more: install it from your store's list of apps."
        )
    return _enter(runtime, shop.id, visit.user, onward=access.local_path(visit.url))


def _uninstall(runtime: Runtime) -> None:
    visit = _visit(runtime)
    shop = _use(runtime, visit)
    if shop is None or shop.status not in (ShopStatus.ACTIVE, ShopStatus.NEEDS_MERCHANT):
        return
    with runtime.sessions.begin() as session:
        leaving.uninstall(
            session,
            shops.get_shop(session, shop.id),
            told_at=visit.issued_at,
            now=runtime.clock(),
            cause="/bigcommerce/uninstall",
        )


def _remove_user(runtime: Runtime) -> None:
    visit = _visit(runtime)
    shop = _use(runtime, visit)
    if shop is not None:
        with runtime.sessions.begin() as session:
            staff.end_sign_ins(session, shop.id, subject=_subject(visit.user))


def _parameter(name: str) -> str:
    values = request.args.getlist(name)
    if len(values) != 1 or not 0 < len(values[0]) <= LONGEST_PARAMETER:
        raise RejectedVisit("The address is malformed: open Backline from your store's control panel.")
    return values[0]


def _visit(runtime: Runtime) -> Visit:
    return auth.read_visit(request.args.get("signed_payload_jwt", ""), runtime.settings)


def _use(runtime: Runtime, visit: Visit) -> Shop | None:
    """The store that is visited; None for one that we hold nothing of. Raises `RejectedVisit` for a
    visit that was made before."""
    with runtime.sessions.begin() as session:
        shop = shops.find_shop(session, "bigcommerce", visit.store_hash)
        if shop is None:
            return None
        # PyJWT grants the same leeway.
        is_first = tokens.use_once(
            session, shop.id, visit.jti, until=visit.until + auth.LEEWAY, now=runtime.clock()
        )
    if not is_first:
        raise RejectedVisit("This visit was made before: open Backline from your control panel again.")
    return shop


def _enter(runtime: Runtime, shop_id: int, user: User, *, onward: str | None) -> Response:
    """Sign the person in, and show the store's page, or the one that the control panel links to."""
    new: NewSession = access.begin_session(
        runtime,
        shop_id=shop_id,
        subject=_subject(user),
        name=user.email or f"user {user.id}",
        role=Role.MANAGE,
        is_embedded=True,
    )
    overview = url_for("overview.shop_page", shop_id=shop_id)
    is_deep = onward is not None and onward != "/"
    return new.attach(redirect(onward if is_deep and onward else overview, 303))


def _subject(user: User) -> str:
    return f"bigcommerce:{user.id}"
