"""How a shop lets us in: signed addresses, the two ways to install, and tokens that end.

https://shopify.dev/docs/apps/build/authentication-authorization. ShopifyAPI reads and signs; what it
keeps in its classes is set on a class of our own for each secret, so that nothing is shared.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from shopify import Session, session_token
from shopify.utils.shop_url import sanitize_shop_domain

from app.errors import NeedsMerchant, RejectedVisit, TryLater
from app.platforms.base import Grant
from app.platforms.http import Http, PlatformRefused
from app.platforms.shopify.profile import ASKED_SCOPES

if TYPE_CHECKING:
    from app.settings import Settings

SKEW_S = 90
"""How old a signed address may be, and how far ahead of our clock: as Shopify's own library has it."""

LONGEST_PARAMETER = 4096
_SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_LONGEST_DOMAIN = 255
_LONGEST_TIMESTAMP = 12
_WRONG_APP_S = 60.0

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 -- a kind of token, not one
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"

_WITHDRAWN = frozenset({"invalid_grant", "invalid_refresh_token"})
_UNKNOWN_APP = frozenset({"invalid_client", "application_cannot_be_found", "unauthorized_client"})
_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Visitor(NamedTuple):
    """Who looks at an embedded page, as Shopify signed it."""

    shop: str
    user_id: str


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None
    refresh_token_expires_in: float | None = None


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class _RefusedError(Exception):
    """The shop's token endpoint says no."""

    def __init__(self, refusal: _Refusal) -> None:
        super().__init__(refusal.error_description or refusal.error)
        self.code = refusal.error


# Signed addresses


def read_shop_domain(text: str) -> str:
    """The domain of a shop, exactly as Shopify writes it. Raises `RejectedVisit`: whatever only looks
    like one would be sent our client secret."""
    if (
        len(text) <= _LONGEST_DOMAIN
        and _SHOP_DOMAIN.fullmatch(text)
        and sanitize_shop_domain(text) == text
    ):
        return text
    raise RejectedVisit("The address names no Shopify shop: open Backline from your shop's admin.")


def check_signature(query: Mapping[str, list[str]], settings: "Settings", *, now: datetime) -> None:
    """Raises `RejectedVisit` unless Shopify signed this query just now, with our present secret or the
    one before."""
    if any(len(values) != 1 or len(values[0]) > LONGEST_PARAMETER for values in query.values()):
        raise RejectedVisit("The address is malformed: open Backline from your shop's admin.")
    given = {name: values[0] for name, values in query.items()}
    matches = [_signer(secret).validate_hmac(given) for secret in secrets_of(settings)]
    if not any(matches):
        raise RejectedVisit("Shopify did not sign this address: open Backline from your shop's admin.")
    if not _is_fresh(given.get("timestamp", ""), now):
        raise RejectedVisit("This address is too old: open Backline from your shop's admin again.")


def secrets_of(settings: "Settings") -> list[str]:
    """The client secrets that may have signed, newest first."""
    secrets = (settings.shopify_client_secret, settings.shopify_client_secret_previous)
    return [secret for secret in secrets if secret]


def _signer(secret: str, api_key: str = "") -> type[Any]:
    return type("Signer", (Session,), {"secret": secret, "api_key": api_key})


def _is_fresh(timestamp: str, now: datetime) -> bool:
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _LONGEST_TIMESTAMP
    return is_number and abs(now.timestamp() - int(timestamp)) <= SKEW_S


def authorize_url(settings: "Settings", shop: str, *, redirect_uri: str, state: str) -> str:
    """Where the merchant is asked whether we may."""
    signer = _signer("", settings.shopify_client_id)(shop, settings.shopify_api_version)
    url = str(signer.create_permission_url(ASKED_SCOPES, redirect_uri, state))
    return url.replace(f"https://{shop}", settings.shopify_base_url.format(shop=shop), 1)


def read_session_token(authorization: str, settings: "Settings") -> Visitor:
    """Who App Bridge says is there, from `Bearer …`. Raises `RejectedVisit`."""
    for secret in secrets_of(settings):
        try:
            claims = session_token.decode_from_header(authorization, settings.shopify_client_id, secret)
            return _visitor(claims)
        except (session_token.SessionTokenError, TypeError, ValueError, AttributeError):
            continue
    raise RejectedVisit("Shopify did not sign you in, or too long ago: load the page again.")


def _visitor(claims: Mapping[str, Any]) -> Visitor:
    """The library does not ask that a token ends, nor that its issuer is exactly a shop's admin."""
    if "exp" not in claims:
        raise ValueError("it does not end")
    shop = str(claims["dest"]).removeprefix("https://")
    if claims["dest"] != f"https://{shop}" or claims["iss"] != f"https://{shop}/admin":
        raise ValueError("it is not of a shop's admin")
    try:
        return Visitor(read_shop_domain(shop), str(claims["sub"]))
    except RejectedVisit as error:
        raise ValueError("it names no shop") from error


# Tokens


def exchange_code(http: Http, settings: "Settings", shop: str, code: str) -> Grant:
    """What the merchant granted on the way back from Shopify. A code works once. Raises
    `RejectedVisit`."""
    try:
        return _ask(http, settings, shop, {"code": code, "expiring": "1"})
    except _RefusedError as error:
        raise RejectedVisit(
            f"Shopify does not take this answer (any more): open Backline from your shop's admin again. "
            f"It says: {error}"
        ) from error


def exchange_session_token(http: Http, settings: "Settings", shop: str, token: str) -> Grant:
    """A token for our workers in exchange for the visitor's. Raises `RejectedVisit`."""
    wanted = {
        "grant_type": _EXCHANGE,
        "subject_token": token,
        "subject_token_type": _ID_TOKEN,
        "requested_token_type": _OFFLINE,
        "expiring": "1",
    }
    try:
        return _ask(http, settings, shop, wanted)
    except _RefusedError as error:
        raise RejectedVisit(f"Shopify gives no access: load the page again. It says: {error}") from error


def renew_access(http: Http, settings: "Settings", shop: str, refresh_token: str | None) -> Grant:
    """New tokens for the old. Shopify takes the old refresh token until its replacement is used, so an
    answer that was lost can be asked for again. Raises `NeedsMerchant` if it takes neither."""
    if refresh_token is None:
        return fetch_own_token(http, settings, shop)
    wanted = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    try:
        return _ask(http, settings, shop, wanted)
    except _RefusedError as error:
        if error.code not in _WITHDRAWN:
            raise PlatformRefused(f"{shop} does not renew the access token: {error}") from error
        raise NeedsMerchant(
            f"{shop} no longer lets Backline in: open Backline from the shop's admin, and it goes on"
        ) from error


def fetch_own_token(http: Http, settings: "Settings", shop: str) -> Grant:
    """A token for a shop of the app's own organization, which needs nobody's consent: it lasts a day.
    Raises `NeedsMerchant`, and `RejectedVisit` for what is no shop."""
    try:
        return _ask(http, settings, read_shop_domain(shop), {"grant_type": "client_credentials"})
    except _RefusedError as error:
        raise NeedsMerchant(
            f"{shop} gives this app no token: install the app in the shop, and see that both belong to "
            f"the same organization. It says: {error}"
        ) from error


def _ask(http: Http, settings: "Settings", shop: str, wanted: Mapping[str, str]) -> Grant:
    """While the secret is being changed, the shop may know the new one or the old one alone."""
    url = f"{settings.shopify_base_url.format(shop=shop).rstrip('/')}/admin/oauth/access_token"
    for secret in secrets_of(settings):
        body = {"client_id": settings.shopify_client_id, "client_secret": secret, **wanted}
        response = http.call(
            "POST", url, headers={"Accept": "application/json"}, json=body, expected=_REFUSALS
        )
        if response.ok:
            return _grant(shop, response.content)
        refusal = _refusal(response.content)
        if refusal.error not in _UNKNOWN_APP:
            raise _RefusedError(refusal)
    raise TryLater(
        f"{shop} does not know this app: check SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET",
        after_s=_WRONG_APP_S,
    )


def _grant(shop: str, body: bytes) -> Grant:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TryLater(f"{shop} sent something that is not an access token", after_s=5) from error
    return Grant(
        answer.access_token,
        answer.expires_in,
        answer.refresh_token,
        answer.refresh_token_expires_in,
    )


def _refusal(body: bytes) -> _Refusal:
    try:
        return msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Refusal(error_description="no reason given")
