"""The page of late orders in a real Chromium: what the law asks for, what to send, what was told."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from redis import Redis

from app.db.models import NoticeRow, Shop
from app.settings import Settings
from tests.pages.browser import overflow, served_shop, what_axe_finds
from tests.pipeline.stage import Stage, open_shop

TAG = "backorder-delay-notice-due"


pytestmark = pytest.mark.own_timers


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, of which one is ordered."""
    stage = open_shop(clean_pg, redis, settings, domain="northwind-mugs.myshopify.com")
    stage.order(1)
    stage.settle_down()
    return stage


def log_of(stage: Stage) -> list[tuple[str, str | None]]:
    """What stands in the log: kind and the day that was named."""
    with stage.world.runtime.sessions.begin() as session:
        rows = session.scalars(sa.select(NoticeRow).order_by(NoticeRow.id))
        return [(row.kind, row.revised_on and row.revised_on.isoformat()) for row in rows]


def test_from_the_setting_to_the_words_and_the_log(stage: Stage, page: Page, tmp_path: Path) -> None:
    (order_id,) = stage.world.shop.orders
    with served_shop(stage.world) as address:
        page.goto(address)
        expect(page.get_by_role("link", name="Late orders")).to_have_count(0)

        page.goto(f"{address}/settings#law")
        page.get_by_label("Rules", exact=True).select_option(label="United States: 16 CFR part 435")
        page.get_by_label("Tag orders whose buyers").check()
        page.locator("#law").get_by_role("button", name="Save").click()
        expect(page.get_by_text("Checking waiting orders.")).to_be_visible()
        stage.settle_down()
        assert TAG in stage.world.tags(order_id)

        page.get_by_role("link", name="Late orders").click()
        expect(page.locator("tbody tr")).to_contain_text("Send delay notice, ask for consent")
        page.get_by_text("Show the text").click()
        expect(page.locator("pre")).to_contain_text("You may cancel now for a full and prompt refund")
        page.screenshot(path=tmp_path / "late-orders.png", full_page=True)
        assert what_axe_finds(page) == []
        assert overflow(page) == 0

        page.get_by_label("Select #1001").check()
        page.get_by_label("New date in the notice").fill("2026-12-20")
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_text("Recorded.")).to_be_visible()

    assert log_of(stage) == [("delay notice", "2026-12-20")]
    stage.settle_down()
    assert TAG not in stage.world.tags(order_id)


def test_a_day_that_has_passed_is_refused_and_nothing_is_recorded(stage: Stage, page: Page) -> None:
    with stage.world.runtime.sessions.begin() as session:
        session.get_one(Shop, stage.world.shop_id).regime = "eu"
    with served_shop(stage.world) as address:
        page.goto(f"{address}/late-orders")
        page.get_by_label("Select #1001").check()
        page.get_by_label("New date in the notice").fill("2026-11-01")
        page.get_by_role("button", name="Record").click()

        expect(page.get_by_text("This day has passed")).to_be_visible()
        expect(page.get_by_label("New date in the notice")).to_have_value("2026-11-01")
    assert log_of(stage) == []


@pytest.mark.parametrize("kind", ["consent", "refusal", "refund"])
def test_an_answer_names_no_day(stage: Stage, page: Page, kind: str) -> None:
    with stage.world.runtime.sessions.begin() as session:
        session.get_one(Shop, stage.world.shop_id).regime = "us-mitor"
    stage.world.expect(stage.mug, 1, "2027-01-10")
    stage.settle_down()
    with served_shop(stage.world) as address:
        page.goto(f"{address}/late-orders")
        page.get_by_label("Select #1001").check()
        page.get_by_label("What happened").select_option(value=kind)
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_text("Recorded.")).to_be_visible()

    assert log_of(stage) == [(kind, None)]
