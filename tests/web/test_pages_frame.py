"""The status pages: where is my order, and why?"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from redis import Redis

from app.db import shops
from app.db.models import Event, LineItemRow, Order, PoolRow, PromiseRow, StockItem
from app.pipeline.runtime import Runtime
from app.settings import Settings
from app.web.application import create_app
from tests.pipeline.stage import Stage, open_shop
from tests.web.posting import ADDRESS, post

HOSTILE = """<script>alert('&')</script><img src=x onerror="alert(1)">"""


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with one mug and two orders for it, of three units in all."""
    place = {"locale": "de", "time_zone": "Asia/Tokyo"}
    return open_shop(clean_pg, redis, settings, stock=1, then=order_twice, **place)


def order_twice(stage: Stage) -> None:
    """Both are seen and written."""
    stage.order(), stage.order(2)
    stage.settle_down()


@dataclass
class Elements(HTMLParser):
    """The elements of a page, and whether any of them could run something."""

    def __post_init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.handlers: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element begins."""
        self.names.append(tag)
        self.sources += [value or "" for name, value in attrs if name == "src"]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


def elements(page: str) -> Elements:
    """The page's elements."""
    found = Elements()
    found.feed(page)
    return found


def test_without_shops_the_page_says_how_to_connect_one(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)

    assert "No shop is connected yet." in page
    assert "backline shops connect shopify SHOP --access-token T" in page


def test_the_first_page_counts_what_waits_in_each_shop(stage: Stage) -> None:
    page = stage.page("/")

    assert f'<a href="/shops/{stage.world.shop_id}">Sandbox</a>' in page
    assert '<span class="badge good">Active</span>' in page
    assert re.search(r'<td class="number">1</td>\s*<td class="number">2</td>', page)


def test_a_shops_pages_speak_its_language_and_time(stage: Stage) -> None:
    """9:00 UTC is 18:00 in Tokyo; a German date is written 05.12.2026."""
    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    page = stage.page(f"/shops/{stage.world.shop_id}/orders")

    assert "05.12.2026" in page
    assert "18:00" in page
    assert "9:00" not in page
    assert "Times are in Asia/Tokyo." in page


@pytest.mark.parametrize(("locale", "zone"), [("tlh-QO", "Mars/Olympus"), ("", "")])
def test_a_language_and_zone_that_nobody_knows_read_as_english_and_utc(
    stage: Stage, locale: str, zone: str
) -> None:
    with stage.world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, stage.world.shop_id)
        shop.locale, shop.time_zone = locale, zone

    assert "Nov 25, 9:00\u202fAM" in stage.page(f"/shops/{stage.world.shop_id}/orders")


PATHS = ["", "/orders", "/orders?list=all&q=script", "/orders/{order}", "/activity", "/deliveries"]


def test_words_from_outside_never_become_markup(stage: Stage) -> None:
    """Titles, codes, order names, locations, problems, events and searches are other people's text."""
    post(stage.world.web, b"{")
    with stage.world.runtime.sessions.begin() as session:
        order_id = session.scalars(sa.select(Order.order_id)).first()
        session.execute(sa.update(StockItem).values(title=HOSTILE, sku=HOSTILE, problem=HOSTILE))
        session.execute(sa.update(StockItem).values(stock_due_at=stage.world.clock()))
        session.execute(sa.update(Order).values(name=HOSTILE, problem=HOSTILE))
        session.execute(sa.update(LineItemRow).values(title=HOSTILE, sku=HOSTILE))
        session.execute(sa.update(PromiseRow).values(words=HOSTILE))
        session.execute(sa.update(PoolRow).values(location_name=HOSTILE, drift=1))
        session.execute(
            sa.update(Event).values(before=HOSTILE, after=HOSTILE, why=HOSTILE, cause=HOSTILE)
        )
        shop = shops.get_shop(session, stage.world.shop_id)
        shop.name, shop.problem, shop.status = HOSTILE, HOSTILE, "needs_merchant"

    base = f"/shops/{stage.world.shop_id}"
    pages = [stage.page("/"), *(stage.page(base + path.format(order=order_id)) for path in PATHS)]

    for page in pages:
        assert HOSTILE not in page
        assert "alert" not in "".join(elements(page).sources)
        assert elements(page).handlers == []
        assert page.count("&lt;script&gt;alert(") >= 1
    assert sum(page.count("&lt;script&gt;alert(") for page in pages) >= 40


def test_our_pages_run_no_foreign_scripts_and_stand_in_no_frame(client: FlaskClient) -> None:
    answer = client.get("/")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("backline.css", "text/css"),
        ("backline.js", "text/javascript"),
        ("vendor/htmx.min.js", "text/javascript"),
        ("vendor/htmx.LICENSE.txt", "text/plain"),
    ],
)
def test_all_that_a_page_loads_is_our_own(client: FlaskClient, name: str, kind: str) -> None:
    answer = client.get(f"/static/{name}")

    assert (answer.status_code, answer.mimetype) == (200, kind)
    answer.close()


@pytest.mark.parametrize("path", ["/shops/999", "/shops/0", "/shops/abc", "/shops/-1", "/nothing"])
def test_what_is_not_there_is_not_found(path: str, client: FlaskClient) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "Content-Security-Policy" in answer.headers


def test_a_number_no_database_holds_is_not_found(client: FlaskClient) -> None:
    assert client.get(f"/shops/{10**30}").status_code == 404


def test_in_production_nobody_reads_the_pages_without_signing_in(
    runtime: Runtime, shop_id: int, client: FlaskClient
) -> None:
    """They name orders and their items; only the local commands serve them to whoever asks."""
    production = create_app(runtime).test_client()

    assert [production.get(path).status_code for path in ("/", f"/shops/{shop_id}")] == [401, 401]
    assert client.get(f"/shops/{shop_id}").status_code == 200
    assert post(production, b"{}", "made/up").status_code == 200
    assert production.get("/healthz").status_code == 200
    assert production.post(ADDRESS, data=b"{}").status_code == 401


def test_a_page_changes_nothing(stage: Stage, clean_pg: sa.Engine) -> None:
    """Reading twice shows the same, and no request goes to the platform."""
    asked = len(stage.world.shop.requests)

    for path in ("", "/orders", "/activity", "/deliveries"):
        address = f"/shops/{stage.world.shop_id}{path}"
        assert stage.page(address) == stage.page(address)
    assert len(stage.world.shop.requests) == asked
