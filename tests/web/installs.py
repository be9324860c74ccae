"""Shops and stores that can be installed from: sandboxes reached without a socket, and the production
application."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests
import sqlalchemy as sa
from flask import Flask
from redis import Redis
from requests.adapters import BaseAdapter
from werkzeug.test import TestResponse

from app.db import shops
from app.db.models import Base, Shop
from app.pipeline.runtime import Runtime, work_on_shop
from app.platforms.http import Http
from app.sandbox.bigcommerce.server import SandboxAdapter as StoreAdapter
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.shopify.server import SandboxAdapter
from app.sandbox.shopify.shop import SandboxShop
from app.settings import Settings
from app.web.application import create_app
from tests.web.visitors import SITE, Browser, stranger
from tests.world import Clock

MUGS, TOWELS = "mugs.myshopify.com", "towels.myshopify.com"
STORE = "abc123"


@dataclass
class Stage:
    """Two Shopify shops, a BigCommerce store, and nobody who has installed yet."""

    mugs: SandboxShop
    towels: SandboxShop
    store: SandboxStore
    runtime: Runtime
    app: Flask
    clock: Clock

    def browser(self) -> Browser:
        """Somebody who was never here."""
        return stranger(self.app)

    def shop(self, domain: str = MUGS) -> Shop | None:
        """The shop's row, as it is now."""
        with self.runtime.sessions.begin() as session:
            platform = "shopify" if "." in domain else "bigcommerce"
            return shops.find_shop(session, platform, domain)

    def work(self, domain: str = MUGS) -> None:
        """A worker does what is due."""
        shop = self.shop(domain)
        assert shop is not None
        while work_on_shop(self.runtime, shop.id) == 0:
            pass

    def begin(self, browser: Browser, shop: SandboxShop | None = None) -> str:
        """Set out from the admin's list of apps; returns the address that Shopify asks at."""
        shop = shop or self.mugs
        answer = browser.get(f"/shopify/install?{shop.oauth.signed()}")
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return str(answer.location)

    def agreed(self, asked_at: str, shop: SandboxShop | None = None, **changed: str) -> str:
        """The merchant agrees; returns the path of our callback as Shopify signs it."""
        shop = shop or self.mugs
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked_at).query).items()}
        shop.oauth.install()
        given = {"code": shop.oauth.new_code(query["redirect_uri"]), "state": query["state"]}
        return f"/shopify/callback?{shop.oauth.signed(**given | changed)}"

    def install_mugs(self) -> Browser:
        """The whole way, for the first shop."""
        browser = self.browser()
        answer = browser.get(self.agreed(self.begin(browser)))
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return browser

    def enter(self, browser: Browser, token: str, shop: str = MUGS) -> TestResponse:
        """The admin shows the embedded page."""
        query = urlencode({"embedded": "1", "shop": shop, "id_token": token})
        return browser.get(f"/shopify/app?{query}")

    def install_store(self, browser: Browser | None = None) -> TestResponse:
        """A merchant installs from the control panel."""
        query = self.store.oauth.install_query()
        return (browser or self.browser()).get(f"/bigcommerce/auth?{query}")

    def load(self, token: str, browser: Browser | None = None) -> TestResponse:
        """The control panel shows the app."""
        return (browser or self.browser()).get(f"/bigcommerce/load?signed_payload_jwt={token}")


def open_stage(engine: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """Nothing is installed. Secrets are as long as the platforms make them."""
    clock = Clock()
    secrets = {
        "shopify_client_secret": "shpss-of-the-tests-0123456789abcdef",
        "bigcommerce_client_secret": "bigcommerce-secret-of-the-tests-0123456789abcdef",
    }
    settings = settings.model_copy(update=secrets)
    ids = {"client_id": settings.shopify_client_id, "client_secret": settings.shopify_client_secret}
    mugs, towels = (SandboxShop(domain, clock=clock, **ids) for domain in (MUGS, TOWELS))
    store = SandboxStore(
        STORE,
        clock=clock,
        client_id=settings.bigcommerce_client_id,
        client_secret=settings.bigcommerce_client_secret,
    )
    place = store.add_location("Main")
    towel = store.add_product("Tea Towel", sku="TOWEL", stock={place: 0})
    store.place_order([(towel.variant_id, 1)])
    for one in (mugs, towels, store):
        one.oauth.app_url = settings.app_url
    mounted: dict[str, BaseAdapter] = {
        f"https://{MUGS}": SandboxAdapter([mugs]),
        f"https://{TOWELS}": SandboxAdapter([towels]),
        "https://api.bigcommerce.com": StoreAdapter([store]),
        "https://login.bigcommerce.com": StoreAdapter([store]),
    }

    def session() -> requests.Session:
        made = requests.Session()
        for address, adapter in mounted.items():
            made.mount(address, adapter)
        return made

    runtime = Runtime(settings, engine, redis, Http(transport=session), clock=clock, sleep=clock.sleep)
    assert settings.app_url == SITE
    return Stage(mugs, towels, store, runtime, create_app(runtime), clock)


def shops_stored(engine: sa.Engine) -> list[str]:
    """The domains of every shop there is."""
    with engine.connect() as connection:
        return sorted(connection.scalars(sa.select(Shop.domain)))


def everything(engine: sa.Engine) -> dict[str, int]:
    """How many rows each table has; empty ones are left out."""
    with engine.connect() as connection:
        counts = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def forged(claims: dict[str, Any], secret: str = "x" * 40, algorithm: str = "HS256") -> str:
    """A token that nobody but us has signed."""
    return jwt.encode(claims, secret, algorithm=algorithm)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def seconds_ago(seconds: int) -> int:
    """A moment as tokens write it, by the real clock."""
    return int(time.time()) - seconds
