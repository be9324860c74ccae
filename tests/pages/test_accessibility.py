"""axe-core finds nothing on any page in any state, by WCAG 2.2 AA and its own best practice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from app.db.models import ArrivalRow, Shop
from tests.pages.browser import axe_violations, served
from tests.pages.conftest import Sale
from tests.world import World

pytestmark = pytest.mark.own_timers

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The narrow ones first: our script brings the tab we are on into sight as a page loads, and a row that
# has come to fit into its page is at its start again, as if it had been loaded there.
LOOKS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]


def violations(page: Page) -> Iterator[str]:
    """What axe-core finds, in a line each."""
    for violation in axe_violations(page, runOnly={"type": "tag", "values": TAGS}):
        for node in violation["nodes"]:
            yield f"{violation['id']} at {node['target']}: {node['failureSummary']}"


def look(page: Page, address: str, picture: Path) -> list[str]:
    """What is wrong with the page of an address, all of it unfolded, in every look."""
    width, _ = LOOKS[0]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    return looks(page, picture)


def looks(page: Page, picture: Path) -> list[str]:
    """What is wrong with a page that was loaded in the first look, in every look, with a picture of each
    in which something is. It is not loaded anew: what differs between looks is its style."""
    found = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        wrong = [f"{width} {scheme}: {line}" for line in violations(page)]
        if wrong:
            page.screenshot(path=f"{picture}-{width}-{scheme}.png", full_page=True)
        found += wrong
    return found


FULL = [
    *("", "/orders", "/orders?q=towel", "/orders?tag=vip&over=1", "/orders/#1003", "/orders/pick-list"),
    *("/incoming", "/activity", "/late-orders", "/deliveries", "/setup", "/alerts"),
]


@pytest.mark.parametrize("path", FULL)
def test_nobody_is_shut_out_of_a_page_with_trouble(
    troubled: Sale, page: Page, path: str, tmp_path: Path
) -> None:
    address = troubled.shop + path.replace("#1003", str(troubled.ids["#1003"]))

    assert look(page, address, tmp_path / "troubled") == []


@pytest.mark.parametrize(
    "path",
    [
        *("/orders?list=held", "/orders?q=zebra", "/orders?q=sue%40example.com", "/activity?q=zebra"),
        *("/late-orders", "/deliveries", "/incoming?show=late", "/orders/pick-list?day=2026-01-01"),
    ],
)
def test_nobody_is_shut_out_of_an_empty_page(sale: Sale, page: Page, path: str, tmp_path: Path) -> None:
    assert look(page, sale.shop + path, tmp_path / "empty") == []


@pytest.mark.parametrize(
    "path", ["/suppliers?name=Acme", "/incoming/{late}", "/incoming/{late}/receive"]
)
def test_nobody_is_shut_out_of_a_supplier_and_a_late_delivery(
    sale: Sale, page: Page, path: str, tmp_path: Path
) -> None:
    with sale.world.runtime.sessions.begin() as session:
        late, came = session.scalars(sa.select(ArrivalRow).order_by(ArrivalRow.id)).all()
        late.supplier = came.supplier = "Acme"
        late.reference, came.reference = "PO-17", "PO-12"
        late.expected_on = sale.world.clock().date() - timedelta(days=2)
        came.state, came.received, came.received_at = "received", came.quantity, sale.world.clock()
        address = sale.shop + path.format(late=late.id)

    assert look(page, address, tmp_path / "supplier") == []


def test_nobody_is_shut_out_before_anything_happened(
    empty_world: World, page: Page, tmp_path: Path
) -> None:
    with served(empty_world.web.application) as site:
        assert look(page, site, tmp_path / "no-shops") == []
        empty_world.connect()
        shop = f"{site}/shops/{empty_world.shop_id}"
        assert look(page, shop, tmp_path / "new-shop") == []
        assert look(page, f"{shop}/orders", tmp_path / "new-orders") == []


def test_nobody_is_shut_out_of_a_shop_that_needs_its_merchant_while_it_imports(
    sale: Sale, page: Page, tmp_path: Path
) -> None:
    with sale.world.runtime.sessions.begin() as session:
        shop = session.get_one(Shop, sale.world.shop_id)
        shop.status, shop.problem = "needs_merchant", "Grant `read_orders` and connect again."
        shop.import_state, shop.import_done, shop.import_total = "running", 20, 80

    assert look(page, sale.shop, tmp_path / "needs-merchant") == []


def test_nobody_is_shut_out_of_what_an_action_answers(sale: Sale, page: Page) -> None:
    page.goto(sale.order("#1003"))
    page.get_by_role("button", name="Pause updates").click()

    assert list(violations(page)) == []


def test_whoever_asks_for_less_motion_gets_none(sale: Sale, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{sale.shop}/orders")

    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(element => {"
        " const style = getComputedStyle(element);"
        " return parseFloat(style.transitionDuration) > 0 || parseFloat(style.animationDuration) > 0;"
        "}).length"
    )
    assert moving == 0
