"""The part of a shop's admin in which apps are installed and opened, and the endpoint that gives tokens.

https://shopify.dev/docs/apps/build/authentication-authorization. A refresh token is good until its
replacement is used, so an answer that was lost can be asked for again; codes work once.
"""

import hashlib
import hmac
import secrets
import time
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
from flask import Blueprint, Response, abort, jsonify, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

if TYPE_CHECKING:
    from app.sandbox.shopify.shop import SandboxShop

_SESSION_LIFE_S = 60
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

Json = dict[str, Any]


class TokenRefused(Exception):
    """The endpoint's `error` and its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass
class RefreshToken:
    """`replaces` is the one that is void once this one is used."""

    until: datetime
    replaces: str | None


@dataclass
class OAuth:
    """What a shop's admin knows of one app.

    `app_url` is where the app lives. `former_secrets` are client secrets that still open the endpoint.
    `most_at_once` is how many renewals were ever under way at the same time; `renewals` how many were
    answered. `is_own_app`: shop and app belong to one organization.
    """

    shop: "SandboxShop"
    app_url: str = ""
    former_secrets: Collection[str] = ()
    token_life_s: float = 3600
    refresh_life_s: float = 90 * 24 * 3600
    renewal_takes_s: float = 0
    is_own_app: bool = False
    is_installed: bool = False
    renewals: int = 0
    most_at_once: int = 0
    tokens: dict[str, datetime] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    _at_once: int = 0

    def opens(self, token: str | None) -> bool:
        """Whether the API answers to this token now."""
        if token == self.shop.access_token:
            return True
        until = self.tokens.get(token or "")
        return until is not None and self.shop.clock() < until

    def forget(self) -> None:
        """The app was thrown out: everything it held is void."""
        self.is_installed = False
        self.tokens.clear()
        self.refresh_tokens.clear()
        self.codes.clear()

    def install(self) -> None:
        """The merchant agreed."""
        self.is_installed, self.shop.faults.is_token_revoked = True, False

    def new_code(self, redirect_uri: str) -> str:
        """What the browser takes back to the app."""
        code = secrets.token_hex(16)
        self.codes[code] = redirect_uri
        return code

    def signed(self, **query: str) -> str:
        """A query as the admin signs it."""
        query |= {"shop": self.shop.domain, "host": self.host, "timestamp": str(int(self._now()))}
        text = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
        digest = hmac.new(self.shop.client_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return urlencode(query | {"hmac": digest})

    @property
    def host(self) -> str:
        """The admin's address of the shop, as embedded apps are told it."""
        name = self.shop.domain.partition(".")[0]
        return b64encode(f"admin.shopify.com/store/{name}".encode()).decode().rstrip("=")

    def session_token(self, **changed: Any) -> str:
        """What App Bridge would give the page of the visitor. Its time is the real one."""
        now = int(time.time())
        claims = {
            "iss": f"https://{self.shop.domain}/admin",
            "dest": f"https://{self.shop.domain}",
            "aud": self.shop.client_id,
            "sub": "42",
            "exp": now + _SESSION_LIFE_S,
            "nbf": now,
            "iat": now,
            "jti": secrets.token_hex(8),
            "sid": secrets.token_hex(8),
        }
        return jwt.encode(claims | changed, self.shop.client_secret, algorithm="HS256")

    def _now(self) -> float:
        return self.shop.clock().timestamp()

    # The endpoint

    def answer(self, asked: Mapping[str, str]) -> Json:
        """One request for tokens. Raises `TokenRefused`."""
        known = {self.shop.client_secret, *self.former_secrets}
        if asked.get("client_id") != self.shop.client_id or asked.get("client_secret") not in known:
            raise TokenRefused("application_cannot_be_found", "no app has this id and secret")
        kinds = {
            None: self._by_code,
            "refresh_token": self._by_refresh_token,
            "client_credentials": self._by_own_credentials,
            _EXCHANGE: self._by_session_token,
        }
        kind = kinds.get(asked.get("grant_type"))
        if kind is None:
            raise TokenRefused("unsupported_grant_type", "no such grant")
        return kind(asked)

    def _by_code(self, asked: Mapping[str, str]) -> Json:
        if self.codes.pop(asked.get("code", ""), None) is None:
            raise TokenRefused("invalid_request", "The code was not found or was already used")
        return self._pair(asked)

    def _by_session_token(self, asked: Mapping[str, str]) -> Json:
        try:
            jwt.decode(
                asked["subject_token"],
                self.shop.client_secret,
                algorithms=["HS256"],
                audience=self.shop.client_id,
            )
        except (KeyError, jwt.PyJWTError) as error:
            raise TokenRefused("invalid_subject_token", "The session token is not good") from error
        if not self.is_installed:
            raise TokenRefused("invalid_subject_token", "The app is not installed")
        return self._pair(asked)

    def _by_refresh_token(self, asked: Mapping[str, str]) -> Json:
        with self.shop.lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            time.sleep(self.renewal_takes_s)
            with self.shop.lock:
                return self._renewed(asked.get("refresh_token", ""))
        finally:
            with self.shop.lock:
                self._at_once -= 1

    def _renewed(self, token: str) -> Json:
        found = self.refresh_tokens.get(token)
        if found is None or found.until <= self.shop.clock():
            raise TokenRefused("invalid_grant", "This refresh token is not valid (any more)")
        self.refresh_tokens.pop(found.replaces or "", None)
        self.renewals += 1
        return self._pair({"expiring": "1"}, replaces=token)

    def _by_own_credentials(self, _: Mapping[str, str]) -> Json:
        if not self.is_own_app:
            raise TokenRefused("shop_not_permitted", "The app and the shop have different owners")
        token, life_s = f"shpat_{secrets.token_hex(16)}", 24 * 3600
        self.tokens[token] = self.shop.clock() + timedelta(seconds=life_s)
        return {"access_token": token, "scope": ",".join(self.shop.scopes), "expires_in": life_s - 1}

    def _pair(self, asked: Mapping[str, str], *, replaces: str | None = None) -> Json:
        if str(asked.get("expiring")) != "1":
            raise TokenRefused("invalid_request", "Apps like this one must ask for expiring tokens")
        token, refresh = f"shpat_{secrets.token_hex(16)}", f"shprt_{secrets.token_hex(16)}"
        now = self.shop.clock()
        self.tokens[token] = now + timedelta(seconds=self.token_life_s)
        self.refresh_tokens[refresh] = RefreshToken(
            now + timedelta(seconds=self.refresh_life_s), replaces
        )
        return {
            "access_token": token,
            "scope": ",".join(self.shop.scopes),
            "expires_in": self.token_life_s,
            "refresh_token": refresh,
            "refresh_token_expires_in": self.refresh_life_s,
        }


# The pages


def make_blueprint(by_domain: "Mapping[str, SandboxShop]") -> Blueprint:
    """`/admin/apps`, `/admin/apps/backline`, `/admin/oauth/authorize` and `/admin/oauth/access_token`,
    under the shop's own host or below its domain."""
    blueprint = Blueprint("oauth", __name__)

    def find(domain: str | None) -> OAuth:
        shop = by_domain.get(domain or request.host)
        return shop.oauth if shop is not None else abort(404)

    @blueprint.route("/<domain>/admin/apps")
    @blueprint.route("/admin/apps")
    def apps(domain: str | None = None) -> str:
        return _list_of_apps(find(domain))

    @blueprint.route("/<domain>/admin/apps/backline", methods=["GET", "POST"])
    @blueprint.route("/admin/apps/backline", methods=["GET", "POST"])
    def app(domain: str | None = None) -> str:
        return _app_in_frame(find(domain))

    @blueprint.route("/<domain>/admin/oauth/authorize", methods=["GET", "POST"])
    @blueprint.route("/admin/oauth/authorize", methods=["GET", "POST"])
    def authorize(domain: str | None = None) -> str | AnyResponse:
        return _ask_for_consent(find(domain))

    @blueprint.route("/<domain>/admin/oauth/access_token", methods=["POST"])
    @blueprint.route("/admin/oauth/access_token", methods=["POST"])
    def access_token(domain: str | None = None) -> Response:
        return _give_token(find(domain))

    return blueprint


def _list_of_apps(oauth: OAuth) -> str:
    to = f"{oauth.app_url}/shopify/install?{oauth.signed()}"
    return _page(oauth, '<a href="{{ to }}">Install Backline</a>', to=to)


def _app_in_frame(oauth: OAuth) -> str:
    if request.method == "POST":
        oauth.install()
    if not oauth.is_installed:
        return _page(oauth, _CONSENT)
    query = oauth.signed(embedded="1", locale="en", id_token=oauth.session_token())
    return _page(oauth, _FRAME, to=f"{oauth.app_url}/shopify/app?{query}")


def _ask_for_consent(oauth: OAuth) -> str | AnyResponse:
    to = request.args.get("redirect_uri", "")
    is_known = request.args.get("client_id") == oauth.shop.client_id
    if not is_known or to != f"{oauth.app_url}/shopify/callback":
        abort(400, "The app or its redirect_uri is not known here.")
    if request.method == "GET" and not oauth.is_installed:
        return _page(oauth, _CONSENT)
    oauth.install()
    query = oauth.signed(code=oauth.new_code(to), state=request.args.get("state", ""))
    return redirect(f"{to}?{query}")


def _give_token(oauth: OAuth) -> Response:
    asked = request.get_json(silent=True) or request.form.to_dict()
    try:
        return jsonify(oauth.answer(asked))
    except TokenRefused as error:
        answer = jsonify(error=error.error, error_description=str(error))
        answer.status_code = 400
        return answer


_CONSENT = """<p>Backline asks for: {{ oauth.shop.scopes | join(", ") }}</p>
<form method="post"><button>Install</button></form>"""
_HEAD = """<!doctype html><title>Admin</title><link rel="icon" href="data:,">
<h1>{{ oauth.shop.name }}</h1>"""
_FRAME = '<iframe name="app" src="{{ to }}" width="1150" height="700"></iframe>'


def _page(oauth: OAuth, body: str, **values: str) -> str:
    return render_template_string(_HEAD + body, oauth=oauth, **values)
