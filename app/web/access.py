"""Who may look. Every page is closed unless it says otherwise.

Without a mark a page is for the signed-in; where its address names a shop (`shop_id`) only for those
who may see that shop, and whatever changes something only for those who manage it. A page without a
shop in its address shows what `viewer().shop_ids` names and nothing else, and can change nothing.
Other rules are written above a view: `@anyone`, `@machines`, `@needs(Role.LOOK)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, abort, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import shops, staff
from app.db.models import Shop
from app.pipeline.runtime import Runtime
from app.platforms.registry import PLATFORMS
from app.web import browser_sessions, forms, headers
from app.web.browser_sessions import NewSession, Pass

Role = staff.Role

V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True)
class Viewer:
    """Whoever looks. `csrf_token` must come back with each of their forms. Whoever sits at this machine
    and asks its local commands looks without having signed in."""

    name: str
    role_by_shop: Mapping[int, Role]
    is_embedded: bool
    csrf_token: str
    is_signed_in: bool = True

    @property
    def shop_ids(self) -> frozenset[int]:
        """The shops they may see."""
        return frozenset(self.role_by_shop)

    def may(self, shop_id: int, role: Role = Role.LOOK) -> bool:
        """Whether they have that role in the shop."""
        held = self.role_by_shop.get(shop_id)
        return held is not None and held.covers(role)


@dataclass(frozen=True)
class _Rule:
    is_for_anyone: bool = False
    is_for_machines: bool = False
    role: Role | None = None


_CLOSED = _Rule()


def anyone(view: V) -> V:
    """A page for strangers too; its forms still must be ours."""
    return _mark(view, _Rule(is_for_anyone=True))


def machines(view: V) -> V:
    """An address for programs, which prove by other means who they are and send no form of ours."""
    return _mark(view, _Rule(is_for_machines=True))


def needs(role: Role) -> Callable[[V], V]:
    """A page for the signed-in who have the role, whatever the method: in the shop that the address
    names, or in any."""
    return lambda view: _mark(view, _Rule(role=role))


def _mark(view: V, rule: _Rule) -> V:
    view.access_rule = rule  # type: ignore[attr-defined]
    return view


def protect(app: Flask, runtime: Runtime) -> None:
    """Ask before every view who is there and whether they may."""
    settings = runtime.settings
    app.before_request(lambda: _admit(app, runtime))
    app.after_request(lambda response: forms.keep_form_cookie(response, settings))
    app.url_defaults(_carry_pass)
    app.context_processor(
        lambda: {
            "viewer": g.get("viewer"),
            "csrf_field": lambda: forms.form_field(settings),
            "fresh_pass": fresh_pass,
        }
    )


def viewer() -> Viewer:
    """Whoever looks at this page. Aborts with 401 where nobody is signed in."""
    found: Viewer | None = g.get("viewer")
    return found or abort(401, "Sign in first.")


def need_shop(shop_id: int, role: Role = Role.LOOK) -> None:
    """Aborts unless the viewer has the role in the shop: with 404 for a shop that is not theirs, as
    for one that does not exist, and 403 for too small a role."""
    if not viewer().may(shop_id):
        abort(404)
    if not viewer().may(shop_id, role):
        abort(403, "You can view this shop but not change it. Ask a manager.")


def fresh_pass() -> str:
    """What an embedded page shows at its next request instead of a cookie; empty for other pages."""
    return str(g.get("fresh_pass", ""))


def begin_session(
    runtime: Runtime, *, shop_id: int, subject: str, name: str, role: Role, is_embedded: bool
) -> NewSession:
    """Sign this browser in for one shop; attach what this returns to the answer. Whoever was signed in
    here before no longer is, but in the admin of another shop: it may be open in another tab, and goes
    on by its passes. Pages rendered after this call are the new viewer's."""
    return begin_session_in(
        runtime, {shop_id: role}, subject=subject, name=name, is_embedded=is_embedded
    )


def begin_session_in(
    runtime: Runtime, roles: Mapping[int, Role], *, subject: str, name: str, is_embedded: bool
) -> NewSession:
    """The same for all shops of a person."""
    before, now = browser_sessions.digest_in_cookie(runtime.settings), runtime.clock()
    with runtime.sessions.begin() as session:
        if before is not None and not (is_embedded and _is_of_other_admins(session, before, roles, now)):
            staff.end_sign_in(session, before)
        token = staff.add_sign_in(
            session, roles, subject=subject, name=name, is_embedded=is_embedded, now=now
        )
    g.viewer = _find_signed_in(runtime, staff.digest_of(token))
    return NewSession(token, is_embedded, runtime.settings)


def _is_of_other_admins(session: Session, digest: str, roles: Mapping[int, Role], now: datetime) -> bool:
    """Whether a browser is signed in from the admins of other shops than these alone."""
    rows = [each.sign_in for each in staff.find_sign_in(session, digest, now=now)]
    return bool(rows) and all(one.is_embedded and one.shop_id not in roles for one in rows)


def end_session(runtime: Runtime, response: Response) -> Response:
    """Sign this browser out."""
    with runtime.sessions.begin() as session:
        if g.get("digest") is not None:
            staff.end_sign_in(session, g.digest)
    browser_sessions.forget_cookie(response, is_embedded="framed_by" in g)
    return response


def local_path(text: str | None) -> str | None:
    """A path on this site to go on to, or None for anything that could lead elsewhere."""
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return None
    parts = urlsplit(text)
    is_local = not parts.scheme and not parts.netloc and text.isascii() and text.isprintable()
    return text if is_local and " " not in text else None


def _admit(app: Flask, runtime: Runtime) -> Response | None:
    """Returns an answer, or aborts, where the view must not run."""
    if request.endpoint is None:
        return None  # there is no such address, or not for this method: Flask says so
    rule = _rule_of(app, request.endpoint)
    if rule.is_for_machines:
        return None
    g.viewer = _find_viewer(runtime)
    forms.refuse_forged(runtime.settings)
    if rule.is_for_anyone:
        return None
    if g.viewer is None:
        return _ask_to_sign_in()
    shop_id = _shop_in_address()
    entrance = None if shop_id is None or g.viewer.may(shop_id) else _entrance()
    if entrance is None:
        _check_role(rule)
    return entrance


def _rule_of(app: Flask, endpoint: str) -> _Rule:
    if endpoint == "static":
        return _Rule(is_for_machines=True)
    return cast("_Rule", getattr(app.view_functions[endpoint], "access_rule", _CLOSED))


def _check_role(rule: _Rule) -> None:
    wanted = rule.role or (Role.LOOK if request.method in forms.SAFE_METHODS else Role.MANAGE)
    shop_id = _shop_in_address()
    if shop_id is not None:
        need_shop(shop_id, wanted)
    elif rule.role is None and wanted is not Role.LOOK:
        abort(403, "Nobody may do this: the page names no shop, and says of nobody that they may.")
    elif rule.role is not None and not any(viewer().may(each, wanted) for each in viewer().shop_ids):
        abort(403, "You can view this shop but not change it. Ask a manager.")


def _shop_in_address() -> int | None:
    shop_id = (request.view_args or {}).get("shop_id")
    return None if shop_id is None else int(shop_id)


def _find_viewer(runtime: Runtime) -> Viewer | None:
    """By the cookie, or where that opens not the shop that is asked for, by the pass: a browser keeps
    one cookie for the admins of all shops, that of the shop which was opened last."""
    settings, now = runtime.settings, runtime.clock()
    digest = browser_sessions.digest_in_cookie(settings)
    found = None if digest is None else _find_signed_in(runtime, digest)
    given = browser_sessions.read_pass(settings, now=now)
    if given is not None and (found is None or not found.may(_shop_in_address() or given.shop_id)):
        found = _find_by_pass(runtime, given)
    if found is None and browser_sessions.is_local_visit():
        return _local_manager(runtime)
    return found


def _find_by_pass(runtime: Runtime, given: Pass) -> Viewer | None:
    """Nobody where it has run out, which is said where they are."""
    for name in ("digest", "done_before", "fresh_pass"):
        g.pop(name, None)
    _frame_as(runtime, given.shop_id)
    return None if given.is_over else _find_signed_in(runtime, given.digest)


def _find_signed_in(runtime: Runtime, digest: str) -> Viewer | None:
    now = runtime.clock()
    with runtime.sessions.begin() as session:
        access = staff.find_sign_in(session, digest, now=now)
        if not access:
            return None
        if _is_by_hand():
            staff.notice_use(session, access, now=now)
    g.digest = digest
    first = access[0].sign_in
    if first.is_embedded:
        headers.show_in_frame_of(access[0].platform, access[0].domain)
        g.done_before = first.done
        g.fresh_pass = browser_sessions.make_pass(runtime.settings, digest, first.shop_id, now=now)
    roles = {each.sign_in.shop_id: Role(each.sign_in.role) for each in access}
    return Viewer(first.name, roles, first.is_embedded, forms.form_token(runtime.settings))


def _is_by_hand() -> bool:
    """Whether a person does this, and not a page that keeps itself fresh on an unattended screen."""
    return request.method != "GET" or request.headers.get("Sec-Fetch-Dest") != "empty"


def _frame_as(runtime: Runtime, shop_id: int) -> None:
    """Whoever comes with a pass of ours that has run out must be told so where they are."""
    with runtime.sessions.begin() as session:
        shop = session.get(Shop, shop_id)
    if shop is not None:
        headers.show_in_frame_of(shop.platform, shop.domain)


def _local_manager(runtime: Runtime) -> Viewer:
    """Whoever sits at the machine of the local commands may do what its shell may."""
    with runtime.sessions.begin() as session:
        roles = {shop.id: Role.MANAGE for shop in shops.list_shops(session)}
    token = forms.form_token(runtime.settings)
    return Viewer("this machine", roles, is_embedded=False, csrf_token=token, is_signed_in=False)


def _wants_page() -> bool:
    return request.method == "GET" and bool(request.accept_mimetypes.accept_html)


def _entrance() -> Response | None:
    """To where whoever a shop's admin sent to this page is let in; None for anybody else."""
    if _wants_page():
        for kind in PLATFORMS.values():
            entrance = kind.frames.entrance(request.path, request.args)
            if entrance:
                return redirect(entrance, 303)
    return None


def _ask_to_sign_in() -> Response:
    if not _wants_page():
        abort(401, "Sign in first.")
    entrance = _entrance()
    if entrance is not None:
        return entrance
    if "framed_by" in g:
        text = render_template("signed_out.html")
        return Response(text, status=401, mimetype="text/html")
    return redirect(url_for("signing_in.sign_in", next=request.full_path.rstrip("?")), 303)


def _carry_pass(endpoint: str, values: dict[str, Any]) -> None:
    """Links and forms of an embedded page carry a fresh pass."""
    if "fresh_pass" in g and endpoint != "static":
        values.setdefault(browser_sessions.PASS_PARAMETER, g.fresh_pass)
