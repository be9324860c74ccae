"""What our script does in a real Chromium: when a page keeps itself fresh, and what only scripts do."""

from playwright.sync_api import Page, expect

from app.db.models import Order, Shop
from tests.pages.conftest import Sale
from tests.pages.test_status_pages import LIVE_MS


def set_priority(sale: Sale, name: str, priority: int) -> None:
    """Somebody else gives the order a priority."""
    with sale.world.runtime.sessions.begin() as session:
        session.get_one(Order, (sale.world.shop_id, sale.ids[name])).priority = priority


def test_an_order_in_stock_keeps_itself_fresh(sale: Sale, page: Page) -> None:
    """Its list of what is in stock comes open: nobody is busy in it."""
    page.goto(sale.order("#1001"))
    expect(page.locator("#in-stock")).to_have_attribute("open", "")

    set_priority(sale, "#1001", 7)
    page.clock.run_for(LIVE_MS)

    expect(page.get_by_text("Priority 7")).to_be_visible()


def test_what_came_open_and_was_folded_stays_folded(sale: Sale, page: Page) -> None:
    page.goto(sale.order("#1001"))
    page.locator("#in-stock summary").click()
    page.evaluate("document.activeElement.blur()")

    set_priority(sale, "#1001", 7)
    page.clock.run_for(LIVE_MS)

    expect(page.get_by_text("Priority 7")).to_be_visible()
    expect(page.locator("#in-stock")).not_to_have_attribute("open", "")


def test_a_choice_of_columns_that_was_left_does_not_stop_the_list(sale: Sale, page: Page) -> None:
    page.goto(f"{sale.shop}/orders")
    columns = page.locator("#columns")
    columns.locator("summary").click()
    columns.get_by_label("Priority").check()
    columns.locator("summary").click()
    page.evaluate("document.activeElement.blur()")

    set_priority(sale, "#1003", 7)
    page.clock.run_for(LIVE_MS)

    expect(page.get_by_text("priority 7")).to_be_visible()


def test_orders_that_are_being_chosen_stay(sale: Sale, page: Page) -> None:
    page.goto(f"{sale.shop}/orders")
    page.get_by_label("Select #1003").check()
    page.evaluate("document.activeElement.blur()")

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(3 * LIVE_MS)

    assert asked == []


def test_tabs_stay_where_they_were_scrolled_to(sale: Sale, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{sale.shop}/orders")
    tabs = page.get_by_role("navigation", name="Pages of this shop").locator("ul")
    tabs.evaluate("row => { row.scrollLeft = row.scrollWidth }")
    scrolled = tabs.evaluate("row => row.scrollLeft")
    assert scrolled > 0

    set_priority(sale, "#1003", 7)
    page.clock.run_for(LIVE_MS)

    expect(page.get_by_text("priority 7")).to_be_visible()
    assert tabs.evaluate("row => row.scrollLeft") == scrolled


def test_where_nothing_can_be_copied_no_button_offers_it(sale: Sale, page: Page) -> None:
    """Browsers have a clipboard for pages by https alone."""
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto(sale.order("#1003"))

    expect(page.locator("#reply")).to_be_visible()
    expect(page.locator("[data-copy=reply]")).to_be_hidden()


# A permission that is asked for later

BRIDGE = """
const request = async () => { if (window.name === "away") throw new Error("away"); };
window.shopify = {scopes: {request}};
"""


def without_permission(sale: Sale) -> None:
    """The merchant has not granted the permission to change how items are sold."""
    with sale.world.runtime.sessions.begin() as session:
        shop = session.get_one(Shop, sale.world.shop_id)
        shop.scopes = [scope for scope in shop.scopes if scope != "write_products"]


def test_outside_the_admin_no_permission_is_asked_for(sale: Sale, page: Page) -> None:
    without_permission(sale)
    page.goto(f"{sale.shop}/selling")

    expect(page.locator("[data-grant]")).to_be_hidden()
    expect(page.locator(".notice.warn").first).not_to_contain_text("here or")


def test_a_granted_permission_shows_the_page_and_sends_no_form_again(sale: Sale, page: Page) -> None:
    without_permission(sale)
    page.add_init_script(BRIDGE)
    page.goto(f"{sale.shop}/selling")
    page.get_by_role("button", name="Preview changes").click()
    page.wait_for_url("**/selling/preview*")

    with page.expect_navigation(url=f"{sale.shop}/selling") as led:
        page.get_by_role("button", name="Grant write_products").click()

    assert led.value.request.method == "GET"


def test_a_permission_that_could_not_be_asked_for_can_be_asked_for_again(sale: Sale, page: Page) -> None:
    without_permission(sale)
    page.add_init_script(BRIDGE)
    page.goto(f"{sale.shop}/selling")
    page.evaluate("window.name = 'away'")

    page.get_by_role("button", name="Grant write_products").click()

    expect(page.get_by_role("button", name="Not granted. Try again")).to_be_enabled()
