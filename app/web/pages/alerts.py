"""Email alerts: who of a shop gets which, and the link that ends them without a sign-in."""

from collections.abc import Mapping

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.core.alerts import AlertKind, Digest
from app.db import alerts, staff
from app.db.models import Shop
from app.pipeline.alerts.links import read_token
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.pages.forms import Form, Forms
from app.web.pages.frame import OpenShop, back_to, change_shop, done_text, open_shop

_PAGE_NAME = "settings.shop_page"
_LONGEST_ADDRESS = 254
_DONE = {"saved": "Saved.", "removed": "Removed. No more emails go to this address."}

KINDS: Mapping[str, str] = {
    AlertKind.STUCK.value: "Something is stuck",
    AlertKind.NOTICE.value: "A delay notice is due tomorrow",
    AlertKind.ORDER.value: "An order waits longer than promised",
    AlertKind.DELIVERY.value: "A delivery is late",
    AlertKind.TURN.value: "An order ships before its turn, or its hold is released by somebody else",
}
DIGESTS: Mapping[str, str] = {
    Digest.NONE.value: "No summary",
    Digest.DAILY.value: "Every day",
    Digest.WEEKLY.value: "Every Monday",
}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """The people who get email, and what ends it."""
    blueprint = Blueprint("alerts", __name__)
    address = "/shops/<int:shop_id>/alerts"

    @blueprint.get(address)
    @access.needs(access.Role.MANAGE)
    def listing(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            return _page(runtime, opened)

    @blueprint.post(address)
    def save(shop_id: int) -> Response | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            return _save(runtime, opened)

    @blueprint.post(f"{address}/remove")
    def remove(shop_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            email = staff.read_address(request.form.get("email", "")) or ""
            alerts.unsubscribe(
                opened.session, shop_id, email, by=access.viewer().name, now=opened.say.now
            )
        return back_to("alerts.listing", shop_id=shop_id, done="removed")

    @blueprint.route("/unsubscribe/<token>", methods=["GET", "POST"])
    @access.machines
    def unsubscribe(token: str) -> str:
        """Mail programs send the form by themselves (RFC 8058) and look at links: only a form ends
        anything, and the link proves who may send it."""
        return _unsubscribe(runtime, token)

    return blueprint


def _page(runtime: Runtime, opened: OpenShop, form: Form | None = None) -> str:
    return opened.render(
        "alerts.html",
        page_name=_PAGE_NAME,
        people=alerts.list_subscriptions(opened.session, opened.id),
        kinds=KINDS,
        digests=DIGESTS,
        chosen=request.form.getlist("kind") if form else list(KINDS),
        can_mail=bool(runtime.settings.smtp_url),
        forms=Forms({} if form is None else {"alert": form}),
        done_text=done_text(_DONE),
    )


def _save(runtime: Runtime, opened: OpenShop) -> Response | tuple[str, int]:
    form = Form(request.form)
    email = staff.read_address(form.text("email", most=_LONGEST_ADDRESS))
    digest = form.one_of("digest", DIGESTS)
    kinds = [AlertKind(each) for each in request.form.getlist("kind") if each in KINDS]
    people = {each.email for each in alerts.list_subscriptions(opened.session, opened.id)}
    if email is None:
        form.errors["email"] = "Enter an email address."
    elif email not in people and len(people) >= alerts.MOST:
        form.errors["email"] = f"{alerts.MOST} people get alerts already: remove someone first."
    if not kinds and digest == Digest.NONE:
        form.errors["digest"] = "Choose at least one alert, or a summary."
    if email is None or digest is None or form.errors:
        return _page(runtime, opened, form), 422
    alerts.subscribe(
        opened.session,
        opened.id,
        email,
        kinds=kinds,
        digest=Digest(digest),
        by=access.viewer().name,
        now=opened.say.now,
    )
    return back_to("alerts.listing", shop_id=opened.id, done="saved")


def _unsubscribe(runtime: Runtime, token: str) -> str:
    read = read_token(runtime.settings, token)
    if read is None:
        abort(404, "This link is not complete. Copy it whole from the email.")
    shop_id, email = read
    with runtime.sessions.begin() as session:
        shop = session.get(Shop, shop_id)
        if request.method == "POST":
            alerts.unsubscribe(session, shop_id, email, by="the link in an email", now=runtime.clock())
        people = alerts.list_subscriptions(session, shop_id)
    return render_template(
        "unsubscribe.html",
        shop_name="" if shop is None else shop.name or shop.domain,
        email=email,
        gets_email=email in {each.email for each in people},
        token=token,
    )
