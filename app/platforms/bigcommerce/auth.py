"""How a store lets us in: one exchange when it installs, and signed visits after that.

https://docs.bigcommerce.com/developer/docs/integrations/apps/guide/callbacks. BigCommerce binds no
state to the browser: whoever opens the address with a code of theirs is signed in to *their* store.
"""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt
import msgspec

from app.errors import RejectedVisit, TryLater
from app.platforms.base import Grant
from app.platforms.http import Http

if TYPE_CHECKING:
    from app.settings import Settings

LEEWAY = timedelta(seconds=10)
LONGEST_TOKEN = 8192
_LONGEST_ID = 255
_CONTEXT = re.compile(r"stores/([a-z0-9]{1,64})")
_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_CLAIMS = ["aud", "iss", "sub", "exp", "iat", "jti", "user"]


class User(msgspec.Struct, frozen=True):
    """Somebody with an account at the store."""

    id: int
    email: str = ""


class Installation(NamedTuple):
    """A store that has just let us in, and who did."""

    store_hash: str
    grant: Grant
    user: User


class Visit(NamedTuple):
    """What the control panel signed: who comes, to which store, and where to. `jti` is used once."""

    store_hash: str
    user: User
    url: str
    jti: str
    issued_at: datetime
    until: datetime


class _Answer(msgspec.Struct):
    access_token: str
    context: str
    user: User


def read_context(text: str) -> str:
    """The store's hash out of `stores/…`. Raises `RejectedVisit`."""
    match = _CONTEXT.fullmatch(text)
    if match is None:
        raise RejectedVisit("The address names no BigCommerce store: open Backline from your store.")
    return match[1]


def exchange_code(
    http: Http, settings: "Settings", *, code: str, context: str, scope: str, redirect_uri: str
) -> Installation:
    """The store's token for the code. A code works once. Raises `RejectedVisit`."""
    body = {
        "client_id": settings.bigcommerce_client_id,
        "client_secret": settings.bigcommerce_client_secret,
        "code": code,
        "context": f"stores/{read_context(context)}",
        "scope": scope,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
    }
    url = f"{settings.bigcommerce_login_url}/oauth2/token"
    response = http.call(
        "POST", url, headers={"Accept": "application/json"}, json=body, expected=_REFUSALS
    )
    if not response.ok:
        raise RejectedVisit(
            "BigCommerce does not take this answer (any more): install Backline again from your store's "
            "list of apps."
        )
    return _installation(response.content, context)


def _installation(body: bytes, context: str) -> Installation:
    """The answer must be about the store that was asked about."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TryLater("BigCommerce sent something that is not an access token", after_s=5) from error
    if answer.context != context:
        raise RejectedVisit("BigCommerce answered about another store: install Backline again.")
    return Installation(read_context(answer.context), Grant(answer.access_token), answer.user)


def read_visit(token: str, settings: "Settings") -> Visit:
    """The payload of `signed_payload_jwt`, signed with our present secret or the one before, for our
    app, not over. Raises `RejectedVisit`."""
    secrets = (settings.bigcommerce_client_secret, settings.bigcommerce_client_secret_previous)
    for secret in secrets:
        claims = _claims(token, secret, settings.bigcommerce_client_id) if secret else None
        if claims is not None:
            return _visit(claims)
    raise RejectedVisit("BigCommerce did not sign this visit, or too long ago: open Backline again.")


def _claims(token: str, secret: str, client_id: str) -> dict[str, Any] | None:
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=client_id,
            issuer="bc",
            leeway=LEEWAY,
            options={"require": _CLAIMS},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    return claims


def _visit(claims: dict[str, Any]) -> Visit:
    try:
        user = msgspec.convert(claims["user"], User)
        issued_at, until = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
    except (msgspec.ValidationError, OverflowError, OSError, ValueError, TypeError) as error:
        raise RejectedVisit("BigCommerce signed something unreadable: open Backline again.") from error
    jti = str(claims["jti"])
    if not 0 < len(jti) <= _LONGEST_ID or not jti.isprintable():
        raise RejectedVisit("BigCommerce signed something unreadable: open Backline again.")
    url = str(claims.get("url") or "")
    return Visit(read_context(str(claims["sub"])), user, url, jti, issued_at, until)
