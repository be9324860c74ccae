"""Forms that only our own pages can send.

Every form carries a token made for the browser it was shown to, and browsers themselves say from
where a request comes (`Sec-Fetch-Site`, `Origin`): both must be right.
"""

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import urlsplit

from flask import abort, g, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.db.staff import make_token
from app.settings import Settings
from app.web import browser_sessions

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_COOKIE = "backline-form"
_COOKIE_LIFE = timedelta(hours=12)


def form_token(settings: Settings) -> str:
    """What a form shown to this browser must carry. A stranger's browser is told by a cookie."""
    return _token(settings.secret_key, _browser(settings))


def form_field(settings: Settings) -> Markup:
    """The hidden field of a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_token(settings))


def refuse_forged(settings: Settings) -> None:
    """Aborts with 403 unless a request that may change something comes from a form of ours."""
    if request.method in SAFE_METHODS:
        return
    if not _comes_from_us(settings):
        abort(403, "This form was sent from another site: open the page here and send it again.")
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    keys = [key for key in (settings.secret_key, settings.secret_key_previous) if key]
    wanted = [_token(key, _browser(settings)) for key in keys]
    if not any(hmac.compare_digest(given.encode(), token.encode()) for token in wanted):
        abort(403, "This form is out of date: load the page again and send it once more.")


def keep_form_cookie(response: Response, settings: Settings) -> Response:
    """Give a stranger's browser the cookie that its forms are made for."""
    made = g.pop("new_form_cookie", None)
    if made is not None:
        browser_sessions.set_cookie(response, settings, _COOKIE, made, max_age=_COOKIE_LIFE)
    return response


def _browser(settings: Settings) -> str:
    signed_in = g.get("digest")
    if signed_in is not None:
        return f"signed in {signed_in}"
    cookie = browser_sessions.read_cookie(settings, _COOKIE) or g.get("new_form_cookie")
    if cookie is None:
        cookie = g.new_form_cookie = make_token()
    return f"stranger {cookie}"


def _token(key: str, browser: str) -> str:
    return hmac.new(key.encode(), f"form {browser}".encode(), hashlib.sha256).hexdigest()


def _comes_from_us(settings: Settings) -> bool:
    """A browser that sends neither header is an old one; the token alone must do then."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    ours = {urlsplit(settings.app_url).netloc, request.host}
    return origin is None or urlsplit(origin).netloc in ours
