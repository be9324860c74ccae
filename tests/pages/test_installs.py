"""From "Install" to the first backordered order on the page, in a real Chromium, on both platforms."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from redis import Redis

from app.db import due_work
from app.pipeline.runtime import Runtime, work_on_shop
from app.platforms.http import Http
from app.sandbox.bigcommerce import server as stores
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.deliveries import WebhookSender
from app.sandbox.shopify import server as shopify_shops
from app.sandbox.shopify.shop import SandboxShop
from app.services import free_port
from app.settings import Settings
from app.web.application import create_app
from tests.pages.browser import complaints_of, served

SECRET = "the-client-secret-of-the-journeys-0123456789"
AT_MOST_MS = 60_000


@contextmanager
def backline(settings: Settings, engine: sa.Engine, redis: Redis) -> Iterator[str]:
    """The production application at a port of this machine, and a worker beside it."""
    runtime = Runtime(settings, engine, redis, Http())
    stopping = threading.Event()
    worker = threading.Thread(target=_work, args=(runtime, stopping))
    with served(create_app(runtime), port=settings.port) as site:
        worker.start()
        try:
            yield site
        finally:
            stopping.set()
            worker.join()


def _work(runtime: Runtime, stopping: threading.Event) -> None:
    while not stopping.wait(0.2):
        with runtime.sessions.begin() as session:
            due = due_work.shops_with_work(session, now=runtime.clock())
        for shop_id in due:
            work_on_shop(runtime, shop_id)


def settings_with(settings: Settings, **values: object) -> Settings:
    """On a port of this machine, reached by http."""
    port = free_port()
    here = {
        "port": port,
        "app_url": f"http://127.0.0.1:{port}",
        "shopify_client_secret": SECRET,
        "bigcommerce_client_secret": SECRET,
        "bigcommerce_quiet_seconds": 0,
    }
    return settings.model_copy(update=here | values)


@pytest.fixture
def shop(settings: Settings) -> SandboxShop:
    """A shop with one unit of a mug, and two orders for it."""
    shop = SandboxShop(
        "mugs.myshopify.com",
        client_id=settings.shopify_client_id,
        client_secret=SECRET,
        routing_delay_s=0,
    )
    place = shop.add_location("Main")
    mug = shop.add_product("Blue Mug", sku="MUG-BLUE", stock={place: 1})
    for _ in range(2):
        shop.place_order([(mug.variant_id, 1)])
    shop.tick()
    return shop


@pytest.fixture
def admin(shop: SandboxShop, settings: Settings, clean_pg: sa.Engine, redis: Redis) -> Iterator[str]:
    """The shop's admin, and Backline, which know each other; yields the admin's address."""
    running = shopify_shops.serve([shop], port=0)
    told = settings_with(settings, shopify_base_url=f"{running.base_url}/{{shop}}")
    shop.oauth.app_url = told.app_url
    sender = WebhookSender(shop.webhooks, pause_s=0.05)
    try:
        with backline(told, clean_pg, redis):
            sender.start()
            yield f"{running.base_url}/{shop.domain}/admin/apps"
            sender.stop()
    finally:
        running.stop()


def test_a_merchant_installs_on_shopify_and_sees_the_order_that_waits(
    plain_page: Page, shop: SandboxShop, admin: str, tmp_path: Path
) -> None:
    page = plain_page
    complaints = complaints_of(page)

    page.goto(admin)
    page.get_by_role("link", name="Install Backline").click()
    page.get_by_role("button", name="Install").click()
    page.wait_for_url("**/shops/*")
    page.screenshot(path=tmp_path / "landed.png")
    _wait_for(page, "1002")
    page.screenshot(path=tmp_path / "shopify.png")
    page.get_by_role("link", name="Orders", exact=True).first.click()
    expect(page.get_by_text("#1002").first).to_be_visible()

    order = next(order for order in shop.orders.values() if order.name == "#1002")
    assert "backordered" in order.tags
    assert complaints == []


def test_a_merchant_installs_from_the_admin_and_works_inside_it(
    plain_page: Page, admin: str, tmp_path: Path
) -> None:
    """Embedded: Shopify has installed the app itself, and its frame brings a session token."""
    page = plain_page
    page.route("https://cdn.shopify.com/**", lambda route: route.fulfill(body="window.shopify = {};"))

    page.goto(f"{admin}/backline")
    page.get_by_role("button", name="Install").click()
    frame = page.frame_locator("iframe")
    _wait_in_frame(page, "1002")
    page.screenshot(path=tmp_path / "embedded.png")
    frame.get_by_role("link", name="Orders", exact=True).first.click()
    expect(frame.get_by_text("#1002").first).to_be_visible(timeout=AT_MOST_MS)


# App Bridge, as far as we use it, by its pages of the app nav and the save bar: it hands the links of
# `s-app-nav` to the admin, which leads the frame to them, and has the admin show a bar while a form
# with `data-save-bar` differs from what it was; Save submits that form, Discard resets it.
STAND_IN = """
window.shopify = {config: {}};
document.addEventListener("DOMContentLoaded", () => {
  const tell = (what) => window.parent.postMessage(what, "*");
  const links = [...document.querySelectorAll("s-app-nav s-link")];
  const read = (one) => [one.textContent, one.getAttribute("href"), one.getAttribute("rel")];
  tell({links: links.map(read)});
  let changed = null;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-save-bar]");
    if (form) { changed = form; tell({bar: true}); }
  });
  document.addEventListener("reset", () => tell({bar: false}));
  document.addEventListener("submit", () => tell({bar: false}));
  window.addEventListener("message", ({data}) => {
    if (data.follow) window.open(data.follow, "_self");
    if (data.press === "save") changed.requestSubmit();
    if (data.press === "discard") changed.reset();
  });
});
"""
_LISTEN = """
window.told = {};
window.addEventListener("message", ({data}) => Object.assign(window.told, data));
"""


@pytest.fixture
def inside(plain_page: Page, admin: str) -> Page:
    """The admin with Backline in its frame, and App Bridge at work."""
    page = plain_page
    page.add_init_script(_LISTEN)
    page.route("https://cdn.shopify.com/**", lambda route: route.fulfill(body=STAND_IN))
    page.goto(f"{admin}/backline")
    page.get_by_role("button", name="Install").click()
    _wait_in_frame(page, "1002")
    return page


def tell(page: Page, said: dict[str, str]) -> None:
    """What the admin tells the frame."""
    page.evaluate("said => window.frames[0].postMessage(said, '*')", said)


def test_the_admin_has_our_navigation_and_ours_gives_way(inside: Page, tmp_path: Path) -> None:
    frame = inside.frame_locator("iframe")
    inside.wait_for_function("told.links?.length > 5")
    links = {name: (href, rel) for name, href, rel in inside.evaluate("told.links")}

    expect(frame.get_by_role("navigation", name="Pages of this shop")).to_be_hidden()
    assert [name for name, (_, rel) in links.items() if rel == "home"] == ["Overview"]
    assert {"Orders", "Items", "Incoming", "Settings"} <= links.keys()
    assert not any("pass=" in href for href, _ in links.values())
    tell(inside, {"follow": links["Orders"][0]})
    expect(frame.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    inside.screenshot(path=tmp_path / "in-admin.png")


def test_the_admins_save_bar_saves_and_discards(inside: Page) -> None:
    frame = inside.frame_locator("iframe")
    inside.wait_for_function("told.links?.length > 5")
    links = {name: href for name, href, _ in inside.evaluate("told.links")}
    tell(inside, {"follow": links["Settings"]})
    handling = frame.get_by_label("Handling time (business days)")

    handling.fill("4")
    inside.wait_for_function("told.bar === true")
    tell(inside, {"press": "discard"})
    inside.wait_for_function("told.bar === false")
    expect(handling).not_to_have_value("4")

    handling.fill("3")
    tell(inside, {"press": "save"})
    expect(frame.get_by_role("status").first).to_contain_text("Saved. Recalculating dates.")
    expect(handling).to_have_value("3")


def test_a_frame_whose_token_ran_out_asks_app_bridge_for_a_fresh_one(
    plain_page: Page, shop: SandboxShop, admin: str
) -> None:
    """As when the merchant goes back in the browser's history."""
    page = plain_page
    fresh = shop.oauth.session_token()
    bridge = f"window.shopify = {{ idToken: async () => '{fresh}' }};"
    page.route("https://cdn.shopify.com/**", lambda route: route.fulfill(body=bridge))
    shop.oauth.session_token = lambda **_: "ran-out"  # type: ignore[method-assign]
    shop.oauth.install()

    page.goto(f"{admin}/backline")
    _wait_in_frame(page, "1002")


@pytest.mark.parametrize("bridge", ["", "window.shopify = { idToken: async () => 'forged' };"])
def test_whom_shopify_does_not_vouch_for_is_told_what_to_do(
    plain_page: Page, shop: SandboxShop, admin: str, bridge: str
) -> None:
    """Its script did not come, or gave what is no token of this shop."""
    page = plain_page
    page.route("https://cdn.shopify.com/**", lambda route: route.fulfill(body=bridge))
    shop.oauth.session_token = lambda **_: "ran-out"  # type: ignore[method-assign]
    shop.oauth.install()

    page.goto(f"{admin}/backline")

    alert = page.frame_locator("iframe").get_by_role("alert")
    expect(alert).to_have_text("That did not work: open Backline from your shop's admin again.")
    expect(page.frame_locator("iframe").get_by_text("Asking Shopify")).to_be_hidden()


def test_a_merchant_installs_on_bigcommerce_and_sees_the_order_that_waits(
    plain_page: Page, settings: Settings, clean_pg: sa.Engine, redis: Redis, tmp_path: Path
) -> None:
    store = SandboxStore("abc123", client_id=settings.bigcommerce_client_id, client_secret=SECRET)
    place = store.add_location("Main")
    mug = store.add_product("Blue Mug", sku="MUG-BLUE", stock={place: 1}, backorder_limit=10)
    placed = [store.place_order([(mug.variant_id, 1)]) for _ in range(2)]
    running = stores.serve([store], port=0)
    told = settings_with(
        settings, bigcommerce_api_url=running.base_url, bigcommerce_login_url=running.base_url
    )
    store.oauth.app_url = told.app_url
    page = plain_page

    try:
        with backline(told, clean_pg, redis):
            page.goto(f"{running.base_url}/panel/abc123")
            page.get_by_role("button", name="Install").click()
            _wait_in_frame(page, str(placed[1]))
            page.screenshot(path=tmp_path / "bigcommerce.png")
            page.goto(f"{running.base_url}/panel/abc123")
            frame = page.frame_locator("iframe")
            frame.get_by_role("link", name="Orders", exact=True).first.click()
            expect(frame.get_by_text(str(placed[1])).first).to_be_visible(timeout=AT_MOST_MS)
    finally:
        running.stop()

    assert "backordered" in str(store.orders[placed[1]].staff_notes)


def _wait_for(page: Page, name: str) -> None:
    """Until the page names the order; whoever is impatient reloads it."""
    give_up_at = time.monotonic() + AT_MOST_MS / 1000
    while name not in page.inner_text("main"):
        assert time.monotonic() < give_up_at, page.inner_text("main")
        time.sleep(0.5)
        page.reload()


def _wait_in_frame(page: Page, name: str) -> None:
    """The same for the page in the admin's frame, which the admin's own reload brings anew."""
    give_up_at = time.monotonic() + AT_MOST_MS / 1000
    main = page.frame_locator("iframe").locator("main")
    while name not in main.inner_text():
        assert time.monotonic() < give_up_at, main.inner_text()
        time.sleep(0.5)
        frame = page.frame("app")
        assert frame is not None
        if "/shops/" in frame.url:
            # Not before it has begun: the page that is left looks loaded until then.
            with page.expect_event("framenavigated", lambda one, frame=frame: one == frame):
                frame.evaluate("location.reload()")
            frame.wait_for_load_state()
