"""The status pages in a real Chromium: what staff do there, by hand and by keyboard."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.db.models import Order, Shop
from tests.pages.browser import overflow, served
from tests.pages.conftest import Sale
from tests.pages.test_signing_in import embedded
from tests.world import World

LIVE_MS = 10_000


def rows(page: Page) -> list[str]:
    """The numbers of the orders that are listed."""
    return page.locator("tbody th a").all_inner_texts()


# Orders


@pytest.mark.own_timers
def test_who_is_short_since_when_until_when_and_for_what(sale: Sale, page: Page) -> None:
    page.goto(sale.site)
    page.get_by_role("link", name="Northwind Mugs").click()
    page.get_by_role("link", name="Orders", exact=True).click()

    assert rows(page) == ["#1002", "#1003", "#1004"]
    first = page.get_by_role("row", name="#1002").inner_text()
    for word in ("Backordered", "1 × Blue Mug", "1 of 2", "Dec 5, 2026", "Nov 23"):
        assert word in first
    assert "Needs a decision" in page.get_by_role("row", name="#1004").inner_text()


@pytest.mark.own_timers
def test_the_overview_says_what_the_units_short_sell_for(sale: Sale, page: Page) -> None:
    page.goto(sale.shop)

    figure = page.locator(".figures > div", has_text="Value at risk")
    expect(figure).to_contain_text("€50.00")
    expect(figure).to_contain_text("selling price of backordered units")


def test_orders_are_found_as_one_types_and_the_address_keeps_up(sale: Sale, page: Page) -> None:
    """A link to what was found shows everybody the same; going back shows the list again."""
    page.goto(f"{sale.shop}/orders")
    page.get_by_label("Order, item, SKU, PO, supplier, or tag").press_sequentially("1004")
    page.clock.run_for(300)
    expect(page.locator("tbody th a")).to_have_text(["#1004"])
    expect(page.get_by_role("status")).to_have_text("1 order shown")
    assert "q=1004" in page.url
    expect(page.get_by_label("Order, item, SKU, PO, supplier, or tag")).to_be_focused()

    shared = page.url
    page.get_by_label("Order, item, SKU, PO, supplier, or tag").fill("towel")
    page.clock.run_for(300)
    expect(page.locator("tbody th a")).to_have_text(["#1004"])
    page.goto(shared)
    assert rows(page) == ["#1004"]
    assert page.get_by_label("Order, item, SKU, PO, supplier, or tag").input_value() == "1004"


@pytest.mark.own_timers
def test_a_sort_and_a_list_stand_in_the_address(sale: Sale, page: Page) -> None:
    page.goto(f"{sale.shop}/orders")
    page.get_by_label("Sort").select_option("Newest order first")
    expect(page.locator("tbody th a").first).to_have_text("#1004")
    assert "sort=newest" in page.url

    page.get_by_role("link", name=re.compile("^Released today")).click()
    assert rows(page) == ["#1005"]
    assert "list=released" in page.url


def test_everything_can_be_read_and_done_without_script(sale: Sale, browser_at_large: Browser) -> None:
    context = browser_at_large.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sale.shop}/orders")
    page.get_by_label("Order, item, SKU, PO, supplier, or tag").fill("1003")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=1003**")
    assert rows(page) == ["#1003"]

    page.get_by_role("link", name="#1003").click()
    page.get_by_label("Priority").fill("7")
    page.get_by_role("button", name="Set priority").click()
    assert "Priority saved." in page.inner_text("main")
    assert page.get_by_label("Priority").input_value() == "7"
    context.close()


# An order


@pytest.mark.own_timers
def test_an_order_tells_why_until_when_and_what_happened(sale: Sale, page: Page) -> None:
    page.goto(sale.order("#1003"))
    text = page.inner_text("main")

    assert (
        "3 in stock, but 4 units are owed to earlier orders. 2 arrive Dec 5; this order gets the 2nd."
        in text
    )
    assert "Shown now\nBackordered, Dec 5, 2026; tag backordered" in text
    page.get_by_text("How this date was set").click()
    assert "1 backordered, no date known" in page.inner_text("main")
    link = page.get_by_role("link", name="Open in Shopify")
    assert link.get_attribute("href") == (
        f"https://admin.shopify.com/store/northwind-mugs/orders/{sale.ids['#1003']}"
    )


@pytest.mark.own_timers
def test_a_manager_holds_an_order_back_and_lets_it_go(sale: Sale, page: Page) -> None:
    page.goto(sale.order("#1003"))
    page.get_by_role("button", name="Pause updates").click()
    expect(page.get_by_role("status").first).to_contain_text("Updates paused")
    expect(page.locator(".badge").first).to_have_text("Paused")

    page.get_by_role("button", name="Resume updates").click()
    expect(page.get_by_role("status").first).to_contain_text("Updates resumed")
    page.get_by_role("button", name="Retry now").click()
    expect(page.get_by_role("status").first).to_contain_text("Checking the order again now")


@pytest.mark.own_timers
def test_a_wrong_priority_is_said_in_red_where_it_was_typed(sale: Sale, page: Page) -> None:
    """The browser refuses it first; a server that believed the browser would be no server."""
    page.goto(sale.order("#1003"))
    page.get_by_label("Priority").evaluate("field => field.form.noValidate = true")
    page.get_by_label("Priority").fill("5000")
    page.get_by_role("button", name="Set priority").click()

    error = page.locator("#priority-error")
    expect(error).to_have_text("Enter a whole number from −100 to 100.")
    expect(page.get_by_label("Priority")).to_have_attribute("aria-invalid", "true")
    assert page.get_by_label("Priority").input_value() == "5000"
    red, green, blue = map(int, re.findall(r"\d+", error.evaluate("e => getComputedStyle(e).color"))[:3])
    assert red > 2 * max(green, blue)


# Activity and failed deliveries


def test_activity_is_filtered_and_exported(sale: Sale, page: Page) -> None:
    page.goto(f"{sale.shop}/activity")
    page.get_by_label("Event", exact=True).select_option("Order updated")
    page.clock.run_for(300)
    expect(page.locator("#live")).to_have_attribute("hx-get", re.compile("kind=shown"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()

    written = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert written[0] == "when,what,order,item,sku,before,after,why,cause"
    assert {line.split(",")[1] for line in written[1:]} == {"Order updated"}


@pytest.mark.own_timers
def test_a_failed_delivery_says_why_and_is_tried_again(troubled: Sale, page: Page) -> None:
    page.goto(troubled.shop)
    page.get_by_role("navigation").get_by_role("link", name="Failed webhooks").click()
    assert "the body of orders/create can not be read" in page.inner_text("tbody")
    page.get_by_role("button", name=re.compile("Retry|Check the shop instead")).click()

    expect(page.get_by_role("status")).to_contain_text("Trying the webhook again")
    assert "No failed webhooks." in page.inner_text("main")


# Live


def test_figures_refresh_without_a_reload(sale: Sale, page: Page) -> None:
    page.goto(sale.shop)
    page.evaluate("window.isTheSamePage = true")
    units = page.locator(".figures dd").first
    expect(units).to_have_text("5")

    sale.place((sale.mug, 3))
    page.clock.run_for(LIVE_MS)

    expect(units).to_have_text("8")
    assert page.evaluate("window.isTheSamePage")


def test_a_hidden_page_asks_for_nothing(sale: Sale, page: Page) -> None:
    page.goto(sale.shop)
    page.clock.run_for(LIVE_MS)
    page.wait_for_load_state("networkidle")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.clock.run_for(6 * LIVE_MS)
    assert asked == []

    with page.expect_request(sale.shop):
        page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    assert asked == [sale.shop]


def test_a_refresh_that_brings_nothing_new_moves_nothing(sale: Sale, page: Page) -> None:
    """Whoever tabbed to an order is still there."""
    page.goto(f"{sale.shop}/orders")
    page.clock.run_for(LIVE_MS)
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="#1003").focus()
    page.get_by_role("link", name="#1003").evaluate("link => link.isTheSame = true")

    with page.expect_response("**/orders**"):
        page.clock.run_for(LIVE_MS)
    page.wait_for_load_state("networkidle")

    expect(page.get_by_role("link", name="#1003")).to_be_focused()
    assert page.get_by_role("link", name="#1003").evaluate("link => link.isTheSame")


def test_long_work_shows_its_progress(sale: Sale, page: Page) -> None:
    with sale.world.runtime.sessions.begin() as session:
        shop = session.get_one(Shop, sale.world.shop_id)
        shop.import_state, shop.import_done, shop.import_total = "running", 20, 80
    page.goto(sale.shop)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "20")

    with sale.world.runtime.sessions.begin() as session:
        session.get_one(Shop, sale.world.shop_id).import_done = 60
    page.clock.run_for(LIVE_MS)

    expect(bar).to_have_attribute("value", "60")


# In the frame of a shop's admin


@pytest.mark.parametrize("keeps_cookies", [True, False])
def test_main_work_never_leaves_the_frame(sale: Sale, plain_page: Page, *, keeps_cookies: bool) -> None:
    """Searching, opening, deciding; App Bridge is asked for there, and nowhere else."""
    world = sale.world
    settings = world.runtime.settings.model_copy(update={"app_url": "http://127.0.0.1"})
    runtime = replace(world.runtime, settings=settings)
    page = plain_page
    asked: list[str] = []
    page.route("https://cdn.shopify.com/**", lambda route: _answer_nothing(route, asked))

    with embedded(runtime, world.shop_id, keeps_cookies=keeps_cookies) as (admin_site, _):
        page.goto(admin_site)
        frame = page.frame("app")
        assert frame is not None
        frame.get_by_role("link", name="Northwind Mugs").click()
        frame.get_by_role("link", name="Orders", exact=True).click()
        frame.get_by_label("Order, item, SKU, PO, supplier, or tag").fill("1003")
        frame.get_by_role("link", name="#1003").click()
        frame.get_by_role("button", name="Pause updates").click()
        expect(frame.get_by_role("status").first).to_contain_text("Updates paused")
        assert frame.url.startswith("http://127.0.0.1")
        assert page.url == f"{admin_site}/"

    assert set(asked) == {"https://cdn.shopify.com/shopifycloud/app-bridge.js"}


def _answer_nothing(route: Route, asked: list[str]) -> None:
    asked.append(route.request.url)
    route.fulfill(body="", content_type="text/javascript")


# By keyboard


@pytest.mark.own_timers
def test_the_first_tab_skips_to_the_content(sale: Sale, page: Page) -> None:
    page.goto(f"{sale.shop}/orders")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)  # it slides there

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Order, item, SKU, PO, supplier, or tag")).to_be_focused()


@pytest.mark.own_timers
def test_whatever_has_the_focus_shows_it(sale: Sale, page: Page) -> None:
    page.goto(sale.order("#1003"))
    seen = set()
    while True:
        page.keyboard.press("Tab")
        tag, name, outline = page.evaluate(
            "[document.activeElement.tagName, document.activeElement.innerText"
            " || document.activeElement.name || '',"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if tag == "BODY":
            break
        assert outline != "none", name
        seen.add(name)
    assert {"Pause updates", "Retry now", "priority"} <= seen


# What stands nowhere in the way


@pytest.mark.parametrize("path", ["", "/orders", "/orders/#1003", "/activity", "/deliveries"])
@pytest.mark.own_timers
def test_nothing_runs_out_of_the_page(troubled: Sale, page: Page, path: str) -> None:
    """320 pixels are a page of 1,280 at 400 % zoom (WCAG 1.4.10)."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(troubled.shop + path.replace("#1003", str(troubled.ids["#1003"])))
    too_wide = {}
    for width, scheme in product([320, 390, 768, 1280, 1920], ["light", "dark"]):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        too_wide[width, scheme] = overflow(page)

    assert {look: pixels for look, pixels in too_wide.items() if pixels > 0} == {}


def test_an_empty_backline_says_what_to_do_next(empty_world: World, page: Page) -> None:
    with served(empty_world.web.application) as site:
        page.goto(site)
        assert "backline shops connect shopify" in page.inner_text("main")


@pytest.mark.own_timers
def test_an_order_that_failed_says_so_first(troubled: Sale, page: Page) -> None:
    page.goto(troubled.order("#1003"))

    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("This order could not be updated.")
    expect(notice).to_contain_text("the order is archived")
    with troubled.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (troubled.world.shop_id, troubled.ids["#1003"]))
        assert order.problem is not None
