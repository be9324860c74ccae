"""What every answer tells the browser: run nothing that is not ours, and stand in no frame but the
admin of the shop that is shown."""

from typing import NamedTuple

from flask import Flask, g, request
from werkzeug.http import parse_date
from werkzeug.wrappers import Response

from app.platforms.http import origin
from app.platforms.registry import PLATFORMS
from app.settings import Settings
from app.web import browser_sessions

_YEAR_S = 365 * 24 * 60 * 60
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")
_IN_NO_FRAME = {"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"}


class AdminOf(NamedTuple):
    """The shop in whose admin an answer may stand, in a frame."""

    platform: str
    domain: str


class _AnyAdmin:
    pass


_ANY_ADMIN = _AnyAdmin()


def harden(app: Flask, settings: Settings) -> None:
    """Have every answer carry the headers."""

    def add(response: Response) -> Response:
        framed_by = g.get("framed_by")
        response.headers.update(_of_every_answer(is_secure=browser_sessions.is_secure(settings)))
        response.headers["Content-Security-Policy"] = _content_policy(settings, framed_by)
        if framed_by is None:
            response.headers.update(_IN_NO_FRAME)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    app.before_request(_forget_far_dates)
    app.after_request(add)


def _forget_far_dates() -> None:
    """Werkzeug reads any number of digits as a year and lets the error of those that no machine counts
    with pass. A date that can't be read counts as none:
    https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3"""
    for name in _DATES:
        try:
            parse_date(request.environ.get(name))
        except OverflowError:
            del request.environ[name]


def of_machines(settings: Settings, *, is_secure: bool) -> dict[str, str]:
    """All headers of an answer to a program, which no request has to be asked for."""
    policy = {"Content-Security-Policy": _content_policy(settings, None), "Cache-Control": "no-store"}
    return _of_every_answer(is_secure=is_secure) | _IN_NO_FRAME | policy


def show_in_frame_of(platform: str, domain: str) -> None:
    """Let this answer stand in a frame of that shop's admin, and in no other."""
    g.framed_by = AdminOf(platform, domain)


def show_in_frames_of_admins() -> None:
    """Let this answer stand in the admin of any shop: one that is of no shop, and on which there is
    nothing to press. Without a database nobody can say whose admin a request came from."""
    g.setdefault("framed_by", _ANY_ADMIN)


def _of_every_answer(*, is_secure: bool) -> dict[str, str]:
    same = {
        "X-Content-Type-Options": "nosniff",
        # Not `no-referrer`, under which browsers send forms without saying where they come from.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": _PERMISSIONS,
    }
    if is_secure:
        same["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
    return same


def _content_policy(settings: Settings, framed_by: AdminOf | _AnyAdmin | None) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_scripts(framed_by)}",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            f"frame-ancestors {_ancestors(settings, framed_by)}",
            "base-uri 'none'",
            "form-action 'self'",
        ]
    )


def _scripts(framed_by: AdminOf | _AnyAdmin | None) -> str:
    """Ours, and what an admin has pages in its frames load."""
    script = PLATFORMS[framed_by.platform].frames.script if isinstance(framed_by, AdminOf) else ""
    return f"'self' {origin(script)}" if script else "'self'"


def _ancestors(settings: Settings, framed_by: AdminOf | _AnyAdmin | None) -> str:
    if framed_by is None:
        return "'none'"
    if isinstance(framed_by, AdminOf):
        return PLATFORMS[framed_by.platform].frames.ancestors(settings, framed_by.domain) or "'none'"
    anybody = (kind.frames.ancestors(settings, None) for kind in PLATFORMS.values())
    return " ".join(admins for admins in anybody if admins)
