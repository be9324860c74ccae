"""How a browser shows that it is signed in: by a cookie, or where a browser keeps none in a frame, by
a pass in the address of the page.

A pass is made anew for every page, lives for minutes, and names a signed-in browser without being its
cookie. It never leaves our pages: links to other places carry no referrer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import current_app, g, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from app.db.staff import LONGEST, digest_of
from app.settings import Settings

PASS_LIFE = timedelta(minutes=10)
PASS_PARAMETER = "pass"  # noqa: S105 -- its name, not its value
PASS_HEADER = "X-Backline-Pass"  # noqa: S105 -- as above
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


@dataclass(frozen=True)
class Pass:
    """What an authentic pass says; it may have run out."""

    digest: str
    shop_id: int
    is_over: bool


@dataclass(frozen=True)
class NewSession:
    """A browser that has just been signed in; the answer to it must carry this."""

    token: str
    is_embedded: bool
    settings: Settings

    def attach(self, response: Response) -> Response:
        """Set the cookie. Embedded, a redirect also takes the pass along: browsers that block cookies
        in frames do not say so."""
        set_cookie(
            response,
            self.settings,
            "backline",
            self.token,
            max_age=LONGEST,
            is_embedded=self.is_embedded,
        )
        if self.is_embedded and response.location:
            response.location = _with_pass(response.location, g.fresh_pass)
        return response


def is_local_visit() -> bool:
    """Whether somebody at this very machine asks its local commands. A tunnel to them says where it
    comes from, and a page that was given a name of its own for this machine has that name in `Host`."""
    if not current_app.config["HAS_OPEN_PAGES"] or any(name in request.headers for name in _FORWARDED):
        return False
    return urlsplit(f"//{request.host}").hostname in _LOOPBACK


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach us by https."""
    return settings.app_url.startswith("https://") and not is_local_visit()


def set_cookie(
    response: Response,
    settings: Settings,
    name: str,
    value: str,
    *,
    max_age: timedelta,
    is_embedded: bool = False,
) -> None:
    """A cookie that no script can read. One for a frame of another site must say so, and is kept apart
    for that site (CHIPS)."""
    secure = is_secure(settings) or is_embedded
    response.set_cookie(
        cookie_name(name, is_secure=secure),
        value,
        max_age=max_age,
        secure=secure,
        httponly=True,
        samesite="None" if is_embedded else "Lax",
        partitioned=is_embedded,
    )


def forget_cookie(response: Response, *, is_embedded: bool, name: str = "backline") -> None:
    """Take the cookie back, under either of its names."""
    for secure in (True, False):
        response.delete_cookie(
            cookie_name(name, is_secure=secure),
            secure=secure,
            httponly=True,
            samesite="None" if is_embedded and secure else "Lax",
            partitioned=is_embedded and secure,
        )


def cookie_name(name: str, *, is_secure: bool) -> str:
    """`__Host-`: a browser takes it by https alone, and from no other host of the domain."""
    return f"__Host-{name}" if is_secure else name


def read_cookie(settings: Settings, name: str) -> str | None:
    """The value of our cookie. By https nothing but the protected name counts: the plain one could
    have been set by a neighbouring host."""
    protected = request.cookies.get(cookie_name(name, is_secure=True))
    return protected or (None if is_secure(settings) else request.cookies.get(name))


def digest_in_cookie(settings: Settings) -> str | None:
    """Which browser the cookie says this is."""
    token = read_cookie(settings, "backline")
    return digest_of(token) if token else None


def make_pass(settings: Settings, digest: str, shop_id: int, *, now: datetime) -> str:
    """A pass for the browser's next request."""
    until = int((now + PASS_LIFE).timestamp())
    return str(_serializer(_keys(settings)[:1]).dumps([digest, shop_id, until]))


def read_pass(settings: Settings, *, now: datetime) -> Pass | None:
    """The pass of this request, from a header or the address; None if it is none of ours."""
    given = request.headers.get(PASS_HEADER) or request.args.get(PASS_PARAMETER)
    if not given:
        return None
    try:
        digest, shop_id, until = _serializer(_keys(settings)).loads(given)
    except (BadData, ValueError, TypeError):
        return None
    return Pass(str(digest), int(shop_id), is_over=until <= now.timestamp())


def _keys(settings: Settings) -> list[str]:
    """Newest first."""
    return [key for key in (settings.secret_key, settings.secret_key_previous) if key]


def _serializer(keys: Sequence[str]) -> URLSafeSerializer:
    # It signs with the last of its keys.
    return URLSafeSerializer(list(reversed(keys)), salt="backline pass")


def _with_pass(location: str, fresh_pass: str) -> str:
    parts = urlsplit(location)
    added = urlencode({PASS_PARAMETER: fresh_pass})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
