"""The status pages in a real Chromium."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, sync_playwright
from redis import Redis
from werkzeug.serving import make_server

from app.settings import Settings
from tests.world import World, make_world

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture
def page() -> Iterator[Page]:
    """A tab of a browser that fails the test on any error in the page's console."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1200, "height": 800})
        tab.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        yield tab
        browser.close()
    assert complaints == []


@contextmanager
def served(world: World) -> Iterator[str]:
    """The world's web application on a port of this machine."""
    server = make_server("127.0.0.1", 0, world.web.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> World:
    """A shop in the middle of a sale that went wrong."""
    world = make_world(clean_pg, redis, settings, domain="northwind-mugs.myshopify.com")
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={place: 3})
    towel = world.shop.add_product("Tea Towel <b>", sku="TOWEL", stock={place: 0})
    world.connect()
    for units in (2, 2, 1):
        world.shop.place_order([(mug.variant_id, units)])
    world.shop.place_order([(mug.variant_id, 1), (towel.variant_id, 2)])
    world.quiet()
    world.expect(mug, 2, "2026-12-05")
    world.expect(mug, 10, "2026-12-19")
    world.quiet()
    return world


def test_who_is_short_since_when_until_when_and_why(world: World, page: Page, tmp_path: Path) -> None:
    """The page answers "where is my order?" in the words a person can say aloud."""
    with served(world) as address:
        page.goto(address)
        page.get_by_role("link", name="Northwind Mugs").click()
        rows = [row.inner_text() for row in page.locator("section").first.locator("tbody").all()]
        page.screenshot(path=tmp_path / "shop.png", full_page=True)

    assert [row.split()[0] for row in rows] == ["#1002", "#1003", "#1004"]
    assert "1 × Blue Mug" in rows[0]
    assert "Dec 5, 2026" in rows[0]
    assert "2 arrive Dec 5, yours is the 1st of them" in rows[0]
    assert "Dec 19, 2026" in rows[2]
    assert "2 × Tea Towel <b>" in rows[2]
    assert "no date known" in rows[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_runs_out_of_the_page(
    world: World, page: Page, width: int, scheme: str, tmp_path: Path
) -> None:
    """On a phone a wide table scrolls inside its card; the page itself does not."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    with served(world) as address:
        page.goto(f"{address}/shops/{world.shop_id}")
        page.screenshot(path=tmp_path / f"shop-{width}-{scheme}.png", full_page=True)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    assert overflow <= 0


def test_an_empty_backline_says_what_to_do_next(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, page: Page, tmp_path: Path
) -> None:
    """Before a shop is connected."""
    with served(make_world(clean_pg, redis, settings)) as address:
        page.goto(address)
        page.screenshot(path=tmp_path / "empty.png")
        text = page.inner_text("main")

    assert "backline shops connect shopify" in text


def test_a_shop_that_needs_its_merchant_says_why(world: World, page: Page, tmp_path: Path) -> None:
    """In the first lines of its page."""
    world.shop.faults.is_token_revoked = True
    world.shop.place_order([(next(iter(world.shop.books.variants)), 1)])
    world.deliver()
    world.work()
    with served(world) as address:
        page.goto(f"{address}/shops/{world.shop_id}")
        page.screenshot(path=tmp_path / "needs-merchant.png", full_page=True)
        notice = page.locator(".notice").first.inner_text()

    assert "connect the shop again" in notice
