"""The part of a store's control panel in which apps are installed and opened, and the endpoint that
gives tokens.

https://docs.bigcommerce.com/developer/docs/integrations/apps/guide/callbacks. A code works once; a new
token replaces the one before.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import jwt
from flask import Blueprint, Response, abort, jsonify, render_template_string, request

_VISIT_LIFE_S = 24 * 3600


class Store(Protocol):
    """What must be known of a store."""

    store_hash: str
    access_token: str
    client_id: str
    client_secret: str
    scopes: Any
    faults: Any

    @property
    def name(self) -> str:
        """What it is called."""


@dataclass
class OAuth:
    """What a store's control panel knows of one app, which lives at `app_url`."""

    store: Store
    app_url: str = ""
    user: Mapping[str, Any] = field(
        default_factory=lambda: {"id": 7, "email": "ann@store.example", "username": "ann"}
    )
    is_installed: bool = False
    codes: set[str] = field(default_factory=set)

    @property
    def context(self) -> str:
        """How the store is named."""
        return f"stores/{self.store.store_hash}"

    def install_query(self) -> str:
        """What the app's address for installs is called with."""
        code = secrets.token_hex(16)
        self.codes.add(code)
        scope = " ".join(self.store.scopes)
        query = {"code": code, "scope": scope, "context": self.context, "account_uuid": "a-uuid"}
        return urlencode(query)

    def install(self) -> None:
        """The merchant agreed: there is a new token."""
        self.is_installed, self.store.faults.is_token_revoked = True, False
        self.store.access_token = secrets.token_hex(16)

    def token(self, asked: Mapping[str, str]) -> dict[str, Any] | None:
        """The answer to an exchange; None for one that is refused."""
        mine = (self.store.client_id, self.store.client_secret)
        given = (asked.get("client_id"), asked.get("client_secret"))
        is_right = asked.get("redirect_uri") == f"{self.app_url}/bigcommerce/auth"
        if given != mine or not is_right or asked.get("code") not in self.codes:
            return None
        self.codes.discard(asked["code"])
        self.install()
        return {
            "access_token": self.store.access_token,
            "scope": asked.get("scope", ""),
            "user": dict(self.user),
            "owner": dict(self.user),
            "context": self.context,
            "account_uuid": "a-uuid",
        }

    def visit(self, **changed: Any) -> str:
        """The `signed_payload_jwt` of a visit, for the real time."""
        now = int(time.time())
        claims = {
            "aud": self.store.client_id,
            "iss": "bc",
            "sub": self.context,
            "iat": now,
            "nbf": now,
            "exp": now + _VISIT_LIFE_S,
            "jti": secrets.token_hex(8),
            "user": {"id": self.user["id"], "email": self.user["email"], "locale": "en-US"},
            "owner": {"id": self.user["id"], "email": self.user["email"]},
            "url": "/",
            "channel_id": None,
        }
        return jwt.encode(claims | changed, self.store.client_secret, algorithm="HS256")


def make_blueprint(by_hash: Mapping[str, OAuth]) -> Blueprint:
    """`/panel/<hash>` with the app in a frame, and `/oauth2/token`."""
    blueprint = Blueprint("oauth", __name__)

    @blueprint.route("/panel/<store_hash>", methods=["GET", "POST"])
    def panel(store_hash: str) -> str:
        oauth = by_hash.get(store_hash) or abort(404)
        if request.method == "POST":
            return _page(oauth, to=f"{oauth.app_url}/bigcommerce/auth?{oauth.install_query()}")
        if oauth.is_installed:
            query = urlencode({"signed_payload_jwt": oauth.visit()})
            return _page(oauth, to=f"{oauth.app_url}/bigcommerce/load?{query}")
        return _page(oauth, to="")

    @blueprint.post("/oauth2/token")
    def token() -> Response:
        asked = request.get_json(silent=True) or {}
        oauth = by_hash.get(str(asked.get("context", "")).removeprefix("stores/"))
        answer = oauth.token(asked) if oauth is not None else None
        if answer is None:
            refusal = jsonify(error="invalid_grant")
            refusal.status_code = 400
            return refusal
        return jsonify(answer)

    return blueprint


_PANEL = """<!doctype html><title>Control panel</title><link rel="icon" href="data:,">
<h1>{{ name }}</h1>
{% if to %}<iframe name="app" src="{{ to }}" width="1150" height="700"></iframe>
{% else %}<form method="post"><button>Install</button></form>{% endif %}"""


def _page(oauth: OAuth, *, to: str) -> str:
    return render_template_string(_PANEL, name=oauth.store.name, to=to)
