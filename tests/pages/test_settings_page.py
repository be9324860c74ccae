"""The settings of a shop in a real Chromium: what is saved shows on the orders."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from app.db import shops, staff
from app.db.models import Event, Shop
from app.settings import Settings
from tests.pages.browser import in_both_schemes, served_shop, tab, what_axe_finds
from tests.pipeline.stage import Stage, block, open_shop
from tests.world import make_store_world

pytestmark = pytest.mark.own_timers


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs."""
    return open_shop(clean_pg, redis, settings, domain="northwind-mugs.myshopify.com")


def shop_of(stage: Stage) -> Shop:
    """The shop as the database has it."""
    with stage.world.runtime.sessions.begin() as session:
        return shops.get_shop(session, stage.world.shop_id)


def changes(stage: Stage) -> list[tuple[str, str, str]]:
    """What the audit says of settings."""
    with stage.world.runtime.sessions.begin() as session:
        rows = session.scalars(
            sa.select(Event).where(Event.kind == "setting changed").order_by(Event.id)
        )
        return [(row.before, row.after, row.why) for row in rows]


def test_dates_are_saved_and_the_audit_says_from_what_to_what(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Ignore date changes smaller than (days)").fill("5")
        page.get_by_label("Lead time (days)").fill("14")
        page.get_by_label("Time zone").fill("Asia/Tokyo")
        page.get_by_label("Language of notes").fill("de-AT")
        page.get_by_role("button", name="Save dates").click()
        said = page.get_by_role("status").first.inner_text()
    note = stage.world.note(stage.ordered())

    assert said == "Saved. Recalculating dates."
    assert [after for _, after, _ in changes(stage)] == [
        "days a date may move quietly: 5",
        "lead time: 14",
        "time zone: Asia/Tokyo",
        "language: de-AT",
    ]
    assert {why for _, _, why in changes(stage)} == {"set by this machine"}
    assert note.splitlines()[1] == "Voraussichtlicher Versand bis 09.12.2026"


def test_wrong_dates_are_marked_and_nothing_is_saved(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Ignore date changes smaller than (days)").fill("0")
        page.get_by_label("Lead time (days)").fill("99999")
        page.get_by_label("Time zone").fill("Middle/Earth")
        page.get_by_label("Language of notes").fill("elvish")
        page.get_by_role("button", name="Save dates").click()
        errors = page.locator("#dates .error").all_inner_texts()
        alert = page.get_by_role("alert").inner_text()
        kept = page.get_by_label("Time zone").input_value()

    assert errors == [
        "Enter a whole number from 1 to 60.",
        "Enter a whole number from 0 to 3,650.",
        "Unknown time zone. Choose one from the list, such as Europe/Rome.",
        "Unknown language. Enter a code such as en, de-AT, or pt-BR.",
    ]
    assert alert.startswith("Nothing was saved.")
    assert kept == "Middle/Earth"
    assert changes(stage) == []


def test_a_tag_gets_another_name(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("backordered", exact=True).fill("On backorder")
        page.get_by_role("button", name="Save names").click()
        kept = page.get_by_label("backordered", exact=True).input_value()

    assert kept == "On backorder"
    assert stage.world.tags(stage.ordered()) == {"On backorder"}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a, b", "Tags can't contain a comma."),
        ("Backorder-Released", "is already used for another tag"),
        ("x" * 41, "This has 41 characters; the limit is 40."),
    ],
)
def test_a_name_that_would_confuse_tags_is_refused(
    stage: Stage, page: Page, name: str, problem: str
) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("backordered", exact=True).fill(name)
        page.get_by_role("button", name="Save names").click()
        error = page.locator("#tags .error").inner_text()

    assert problem in error
    assert shop_of(stage).tag_names == {}


def test_the_preview_follows_what_is_typed(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        heading = page.get_by_label("Heading, when all dates are known")
        heading.fill("On its way by {date}")
        expect(page.locator("#preview pre").first).to_contain_text("On its way by Dec 19, 2026")
        heading.fill("On its way by {when}")
        expect(page.locator("#preview .error")).to_contain_text(
            "Unknown placeholder {when}. Available: {date}."
        )

    assert shop_of(stage).wording == {}


def test_the_preview_needs_no_script(stage: Stage, browser_at_large: Browser) -> None:
    with served_shop(stage.world) as address, tab(browser_at_large, runs_scripts=False) as page:
        page.goto(f"{address}/settings?language=fr")
        page.get_by_label("Heading, when all dates are known").fill("Partira le {date}")
        page.get_by_role("button", name="Preview").click()
        note = page.locator("#preview pre").first.inner_text()
        kept = page.get_by_label("Heading, when all dates are known").input_value()
        alerts = page.get_by_role("alert").count()

    assert note.splitlines()[1:3] == [
        "Partira le 19 déc. 2026",
        "2 sur 3 × Blue Mug (MUG-BLUE) : 5 déc. 2026",
    ]
    assert (kept, alerts) == ("Partira le {date}", 0)
    assert shop_of(stage).wording == {}


def test_saved_sentences_stand_in_the_next_note_and_empty_ones_are_ours(
    stage: Stage, page: Page
) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Heading, when a date is not known").fill("We wait with you")
        page.get_by_label("Instead of a date, when none is known").fill("no date known yet")
        page.get_by_role("button", name="Save wording").click()
        page.get_by_label("Heading, when a date is not known").wait_for()

    assert shop_of(stage).wording == {"en": {"unknown": "We wait with you"}}
    assert stage.world.note(stage.ordered()) == block(
        "We wait with you", "1 × Blue Mug (MUG-BLUE): no date known yet"
    )


def test_another_language_is_worded_without_touching_the_shops_own(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Language", exact=True).select_option("de")
        page.get_by_role("button", name="Show").click()
        ours = page.get_by_label("Instead of a date, when none is known").get_attribute("placeholder")
        page.get_by_label("Instead of a date, when none is known").fill("Termin folgt")
        page.get_by_role("button", name="Save wording").click()
        kept = page.get_by_label("Instead of a date, when none is known").input_value()

    assert (ours, kept) == ("noch kein Termin bekannt", "Termin folgt")
    assert shop_of(stage).wording == {"de": {"no_date": "Termin folgt"}}


def test_a_sentence_that_could_not_be_filled_is_refused(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Heading, when a date is not known").fill("Maybe {date}")
        page.get_by_role("button", name="Save wording").click()
        error = page.locator("form .error").inner_text()

    assert error == "Unknown placeholder {date}. This sentence takes no placeholders."
    assert shop_of(stage).wording == {}


def test_orders_with_the_merchants_tag_come_first(stage: Stage, page: Page) -> None:
    first, vip = stage.ordered(), stage.ordered(tags=["vip"])
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.locator("#priorities").get_by_label("Tag").first.fill("vip")
        page.locator("#priorities").get_by_label("Priority").first.fill("10")
        page.get_by_role("button", name="Save priorities").click()
        rows = page.locator("#priorities").get_by_label("Tag").count()
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()

    assert rows == 4
    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(vip) == {"vip", "backorder-released"}


def test_a_rule_names_a_tag_of_the_merchants_and_a_number(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.locator("#priorities").get_by_label("Tag").first.fill("Backordered")
        page.get_by_role("button", name="Save priorities").click()
        errors = page.locator("#priorities .error").all_inner_texts()

    assert errors == [
        "This is one of Backline's own tags: use one of yours.",
        "Enter a whole number from -100 to 100.",
    ]
    assert shop_of(stage).priority_rules == []


def test_somebody_is_invited_once_and_revoked(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Email", exact=True).fill("Sue@Example.com")
        page.get_by_label("Role", exact=True).select_option("manage")
        page.get_by_role("button", name="Invite").click()
        link = page.locator("#staff .notice code").inner_text()
        page.goto(f"{address}/settings")
        row = page.locator("#staff tbody tr").inner_text().split("\t")[:2]
        is_shown_again = link in page.content()
        page.get_by_role("link", name="Revoke access").click()
        page.get_by_role("button", name="Revoke access").click()
        page.wait_for_url("**/settings**")
        left = page.locator("#staff tbody tr").count()

    assert "/invitations/" in link
    assert row == ["sue@example.com", "Manager"]
    assert (is_shown_again, left) == (False, 0)
    with stage.world.runtime.sessions.begin() as session:
        assert staff.list_staff(session, stage.world.shop_id) == []


def test_loading_the_answer_to_an_invitation_anew_invites_nobody_again(stage: Stage, page: Page) -> None:
    """The browser sends the form once more: the link that was shown must go on working."""
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Email", exact=True).fill("sue@example.com")
        page.get_by_role("button", name="Invite").click()
        link = page.locator("#staff .notice code").inner_text()
        page.reload()
        expect(page.locator("#staff .notice")).to_contain_text("sue@example.com was already invited.")
        is_good = is_link(stage, link)
        page.get_by_label("Email", exact=True).fill("sue@example.com")
        page.get_by_role("button", name="Invite").click()
        second = page.locator("#staff .notice code").inner_text()

    assert is_good
    assert (is_link(stage, link), is_link(stage, second)) == (False, True)


def test_loading_it_anew_gives_nobody_back_what_was_revoked_meanwhile(stage: Stage, page: Page) -> None:
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        page.get_by_label("Email", exact=True).fill("sue@example.com")
        page.get_by_role("button", name="Invite").click()
        page.wait_for_url("**/settings/staff#staff")
        with stage.world.runtime.sessions.begin() as session:
            staff.revoke(session, stage.world.shop_id, "sue@example.com")
        page.reload()
        expect(page.locator("#staff .notice")).to_contain_text("No new link was made.")

    with stage.world.runtime.sessions.begin() as session:
        assert staff.list_staff(session, stage.world.shop_id) == []


def is_link(stage: Stage, link: str) -> bool:
    """Whether somebody can choose a password by this link."""
    with stage.world.runtime.sessions.begin() as session:
        token = link.rsplit("/", 1)[-1]
        return staff.find_invited(session, token, now=stage.world.clock()) is not None


def test_a_platform_without_tags_ranks_orders_by_words_in_their_staff_notes(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, page: Page
) -> None:
    world = make_store_world(clean_pg, redis, settings)
    world.shop.add_location("Depot")
    world.connect()
    with served_shop(world) as address:
        page.goto(f"{address}/settings")
        text = page.locator("#priorities").inner_text()
        note = page.locator("#preview pre").first.inner_text()
        problems = what_axe_finds(page)

    assert "with one of your words in their staff notes" in text
    assert note.splitlines()[1] == "backordered"
    assert problems == []


@pytest.mark.parametrize("width", [390, 1200])
def test_every_state_is_accessible_and_nothing_runs_out_of_the_page(
    stage: Stage, page: Page, width: int, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    found = {}
    with served_shop(stage.world) as address:
        page.goto(f"{address}/settings")
        found["as it is"] = in_both_schemes(page, tmp_path / f"settings-{width}")
        page.get_by_label("Email", exact=True).fill("sue@example.com")
        page.get_by_role("button", name="Invite").click()
        found["invited"] = in_both_schemes(page, tmp_path / f"invited-{width}")
        page.get_by_label("Time zone").fill("Middle/Earth")
        page.get_by_role("button", name="Save dates").click()
        found["wrong"] = in_both_schemes(page, tmp_path / f"wrong-{width}")

    assert {name: problems for name, problems in found.items() if problems} == {}
