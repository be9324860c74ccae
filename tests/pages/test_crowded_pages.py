"""Pages of a shop with five hundred of everything and long names: nothing is cut, nothing scrolls
sideways on a phone."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import FloatRect, Page

from app.db import undo
from app.db.models import ArrivalRow
from app.web.pages.order_columns import COLUMNS
from tests.builders import ITEM
from tests.pages.browser import overflow
from tests.pages.conftest import Sale

pytestmark = pytest.mark.own_timers

PATHS = {
    "overview": "",
    "orders": "/orders",
    "orders-all-columns": f"/orders?columns={','.join(COLUMNS)}",
    "order": "/orders/9000007",
    "items": "/items",
    "item": f"/items/{ITEM}",
    "incoming": "/incoming",
    "late-deliveries": "/incoming?show=late",
    "supplier": "/suppliers?name=Acme",
    "late-orders": "/late-orders",
    "activity": "/activity",
    "settings": "/settings",
}

WIDTHS = [390, 1280]

# Text that is wider than the box it is drawn in, where that box hides or cuts what is too wide.
_CUT = """
() => [...document.querySelectorAll("main *")].filter((one) => {
  const style = getComputedStyle(one);
  const cuts = ["hidden", "clip"].includes(style.overflowX) || style.textOverflow === "ellipsis";
  const seen = one.offsetWidth > 1 && !one.closest(".visually-hidden") && one.children.length === 0
    && one.tagName !== "INPUT";
  return cuts && seen && one.scrollWidth > one.clientWidth + 1;
}).map((one) => one.outerHTML.slice(0, 120))
"""


def _top(width: int) -> FloatRect:
    """What is looked at of a page that may be very long."""
    return {"x": 0, "y": 0, "width": width, "height": 1_500}


def test_nothing_is_cut_and_no_page_is_wider_than_its_window(
    crowded: Sale, page: Page, tmp_path: Path
) -> None:
    with crowded.world.runtime.sessions.begin() as session:
        late = session.scalars(sa.select(ArrivalRow).where(ArrivalRow.supplier == "Acme")).all()
        undo.change_for_now(session, late[1], is_cancelled=True, now=crowded.world.clock())
    paths = {**PATHS, "delivery": f"/incoming/{late[2].id}", "ask": f"/incoming/{late[2].id}/cancel"}
    wrong = {}

    for name, path in paths.items():
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        page.goto(crowded.shop + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            too_wide, cut = overflow(page), page.evaluate(_CUT)
            if too_wide > 0 or cut:
                wrong[name, width] = (too_wide, cut)
                page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True, clip=_top(width))

    assert wrong == {}


def test_what_stays_in_sight_covers_no_more_than_a_third_of_the_list(crowded: Sale, page: Page) -> None:
    page.goto(f"{crowded.shop}/late-orders")
    shares = {}
    for height in (320, 400, 720):
        page.set_viewport_size({"width": 1280, "height": height})
        top = page.locator(".card.record").evaluate("card => card.getBoundingClientRect().top")
        shares[height] = top / height

    assert min(shares.values()) >= 2 / 3, shares
