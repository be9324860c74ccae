"""The part of the settings that says who may see a shop's pages."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from app.core.bounds import LARGEST_ID, read_whole
from app.db import staff
from app.db.audit import last_event, record_event
from app.mail import MailError, send_invitation
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.pages.forms import Form
from app.web.pages.frame import OpenShop, back_to, change_shop, open_shop

log = structlog.get_logger()

_PAGE_NAME = "settings.shop_page"
_LONGEST_ADDRESS = 254
_INVITED = "invited"

ROLES = {staff.Role.LOOK.value: "Viewer", staff.Role.MANAGE.value: "Manager"}


@dataclass(frozen=True)
class Invited:
    """Somebody who was just invited, and the link where it was not mailed: it is shown once. Or whose
    invitation was sent already, by this very form (`is_repeated`)."""

    address: str
    link: str | None
    is_repeated: bool = False


def add_staff_routes(blueprint: Blueprint, runtime: Runtime, show: Callable[..., str]) -> None:
    """Inviting somebody and taking access back; `show` is the page of all settings."""

    @blueprint.post("/staff")
    def invite(shop_id: int) -> str | tuple[str, int]:
        with change_shop(runtime, shop_id) as opened:
            form = Form(request.form)
            address = staff.read_address(form.text("email", most=_LONGEST_ADDRESS))
            role = form.one_of("role", ROLES)
            if address is None:
                form.errors["email"] = "This is not an email address."
            if address is None or role is None:
                return show(opened, "staff", form), 422
            if _is_repeated(opened, address):
                return show(opened, invited=Invited(address, None, is_repeated=True))
            link = _invite(runtime, opened, address, role)
        with open_shop(runtime, shop_id) as opened:
            mailed = _is_mailed(runtime, opened, address, link)
            return show(opened, invited=Invited(address, None if mailed else link))

    @blueprint.get("/staff/revoke")
    @access.needs(access.Role.MANAGE)
    def ask_to_revoke(shop_id: int) -> str:
        with open_shop(runtime, shop_id) as opened:
            address = staff.read_address(request.args.get("email", ""))
            if address not in {one.email for one in staff.list_staff(opened.session, opened.id)}:
                abort(404)
            return opened.render("settings_revoke.html", page_name=_PAGE_NAME, email=address)

    @blueprint.post("/staff/revoke")
    def revoke(shop_id: int) -> Response:
        with change_shop(runtime, shop_id) as opened:
            address = staff.read_address(request.form.get("email", "")) or ""
            if staff.revoke(opened.session, opened.id, address):
                _tell(opened, "access revoked", before=address)
        return back_to(_PAGE_NAME, shop_id=shop_id, done="revoked", _anchor="staff")


def last_invitation(opened: OpenShop, address: str = "") -> int:
    """The event that tells of the last invitation, of this person or of anybody; 0 before the first."""
    after = f"{address}: " if address else ""
    return last_event(opened.session, opened.id, _INVITED, after=after)


def _is_repeated(opened: OpenShop, address: str) -> bool:
    """Whether they were invited since the page of this form was made. Whoever loads the answer anew
    sends the form again, which would void the link that they were given."""
    seen = read_whole(request.form.get("seen", ""), least=0, most=LARGEST_ID)
    return seen is not None and last_invitation(opened, address) > seen


def _invite(runtime: Runtime, opened: OpenShop, address: str, role: str) -> str:
    """The one-time link; its token is not kept, so it can't be shown again."""
    token = staff.invite(opened.session, opened.id, address, role=staff.Role(role), now=opened.say.now)
    _tell(opened, _INVITED, after=f"{address}: {ROLES[role].lower()}")
    return f"{runtime.settings.app_url}/invitations/{token}"


def _is_mailed(runtime: Runtime, opened: OpenShop, address: str, link: str) -> bool:
    if not runtime.settings.smtp_url:
        return False
    name = opened.shop.name or opened.shop.domain
    try:
        send_invitation(runtime.settings, to=address, shop_name=name, link=link)
    except MailError:
        log.exception("an invitation could not be mailed", shop=opened.id)
        return False
    return True


def _tell(opened: OpenShop, kind: str, *, before: str = "", after: str = "") -> None:
    why = f"by {access.viewer().name}"
    record_event(opened.session, opened.id, kind, at=opened.say.now, before=before, after=after, why=why)
