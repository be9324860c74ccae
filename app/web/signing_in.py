"""The pages of invited staff: sign in, set a password from a one-time link, sign out."""

from collections.abc import Sequence

import structlog
from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from app.db import shops, staff
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.access import Role
from app.web.passwords import LONGEST, Passwords, what_is_wrong
from app.web.throttle import make_throttle

Page = str | tuple[str, int] | Response

_REFUSED = "This email and password don't match. Whoever invited you can send a new link."
_THROTTLED = "Too many attempts. Wait 15 minutes and try again."
_NO_REDIS = (
    "You can't sign in right now, because attempts can't be counted. Try again in a minute. Anyone "
    "already signed in stays signed in."
)

_COMPARISONS = 2

log = structlog.get_logger()


def make_blueprint(app: Flask, runtime: Runtime, passwords: Passwords) -> Blueprint:
    """`/sign-in`, `/sign-out`, `/invitations/<token>`, and `/pass` for embedded pages."""
    blueprint = Blueprint("signing_in", __name__)
    throttle = make_throttle(app, runtime)

    @blueprint.route("/sign-in", methods=["GET", "POST"])
    @access.anyone
    @throttle
    def sign_in() -> Page:
        if request.method != "POST":
            return _sign_in_page()
        email = staff.read_address(request.form.get("email", "")) or ""
        roles = _roles_of(runtime, passwords, email, request.form.get("password", ""))
        if not roles:
            return _sign_in_page(_REFUSED, status=401)
        return _signed_in(runtime, email, roles)

    @blueprint.route("/invitations/<token>", methods=["GET", "POST"])
    @access.anyone
    def invitation(token: str) -> Page:
        return _invitation(runtime, passwords, token)

    @blueprint.post("/sign-out")
    @access.needs(Role.LOOK)
    def sign_out() -> Response:
        return access.end_session(runtime, redirect(url_for("signing_in.sign_in"), 303))

    @blueprint.get("/pass")
    def renew_pass() -> dict[str, str]:
        return {"pass": access.fresh_pass()}

    blueprint.register_error_handler(TooManyRequests, lambda _: _sign_in_page(_THROTTLED, status=429))
    blueprint.register_error_handler(RedisError, _without_redis)
    return blueprint


def _roles_of(runtime: Runtime, passwords: Passwords, email: str, password: str) -> dict[int, Role]:
    """What the person may do in the shops whose password this is; nothing for a wrong one or an address
    nobody has, which take the same time: two comparisons, unless somebody has three passwords."""
    with runtime.sessions.begin() as session:
        rows = staff.memberships(session, email)
    kept: list[str | None] = [*{row.password_hash for row in rows}]
    kept += [None] * (_COMPARISONS - len(kept))
    right = [each for each in kept if passwords.is_right(each, password[:LONGEST]) and each is not None]
    _keep_as_one(runtime, passwords, email, right, password)
    return {row.shop_id: Role(row.role) for row in rows if row.password_hash in right}


def _keep_as_one(
    runtime: Runtime, passwords: Passwords, email: str, right: Sequence[str], password: str
) -> None:
    """One password that several shops know needs one hash, and one made as we make them today. Not
    when a link is used: how long that takes must not tell its holder another shop's password."""
    if not right or (len(right) == 1 and not passwords.is_outdated(right[0])):
        return
    one = passwords.make_hash(password)
    with runtime.sessions.begin() as session:
        for before in right:
            staff.replace_hash(session, email, before, one)


def _signed_in(runtime: Runtime, email: str, roles: dict[int, Role]) -> Response:
    new = access.begin_session_in(
        runtime, roles, subject=staff.subject_of(email), name=email, is_embedded=False
    )
    wanted = access.local_path(request.args.get("next"))
    return new.attach(redirect(wanted or url_for("overview.index"), 303))


def _sign_in_page(problem: str | None = None, *, status: int = 200) -> tuple[str, int]:
    onward = access.local_path(request.args.get("next"))
    email = request.form.get("email", "")
    return render_template("sign_in.html", problem=problem, next=onward, email=email), status


def _without_redis(error: Exception) -> tuple[str, int]:
    log.warning("nobody can sign in: Redis can't be reached", error=str(error))
    return _sign_in_page(_NO_REDIS, status=503)


def _invitation(runtime: Runtime, passwords: Passwords, token: str) -> Page:
    """Looking at the link does not use it up: mail programs look at links too."""
    with runtime.sessions.begin() as session:
        invited = staff.find_invited(session, token, now=runtime.clock())
        if invited is None:
            abort(404, "This link was used, replaced, or is older than three days: ask for a new one.")
        shop = shops.get_shop(session, invited.shop_id)
    problem = None
    if request.method == "POST":
        password = request.form.get("password", "")
        problem = what_is_wrong(password, email=invited.email)
        if problem is None and password != request.form.get("again"):
            problem = "The passwords don't match."
        if problem is None:
            return _accept(runtime, passwords, token, password)
    page = render_template("invitation.html", email=invited.email, shop=shop, problem=problem)
    return page, 400 if problem else 200


def _accept(runtime: Runtime, passwords: Passwords, token: str, password: str) -> Response:
    """Two people with the same link: the first has it. It signs in for its own shop alone."""
    password_hash = passwords.make_hash(password)
    with runtime.sessions.begin() as session:
        row = staff.use_link(session, token, password_hash, now=runtime.clock())
        if row is None:
            abort(404, "This link was just used: ask for a new one.")
    return _signed_in(runtime, row.email, {row.shop_id: Role(row.role)})
