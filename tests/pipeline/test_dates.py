"""Dates that can be trusted: learned from the shop's own deliveries, on its working days, by kind."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import arrivals, items, shops, variants
from app.db.items import ItemTerms
from app.db.models import ArrivalRow, Event, Order, PromiseRow
from app.db.pages.orders import count_lists, states_of
from app.settings import Settings
from tests.pipeline.stage import Stage, block, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, on Wednesday, November 25, 2026."""
    return open_shop(clean_pg, redis, settings)


def say_kind(stage: Stage, kind: str, release_on: str | None = None) -> None:
    """The merchant says what kind of item the mug is."""
    day = date.fromisoformat(release_on) if release_on else None
    with stage.world.runtime.sessions.begin() as session:
        mug = variants.find_items(session, stage.world.shop_id, stage.mug.sku)[0]
        items.change_terms(session, mug, ItemTerms(kind, day, None), by="ann", now=stage.world.clock())
    stage.settle_down()


def delivered(stage: Stage, *late: int, shop_id: int | None = None) -> None:
    """Acme has delivered mugs once a week, each time so many days late, ten days after the order."""
    now = stage.world.clock()
    with stage.world.runtime.sessions.begin() as session:
        for number, days in enumerate(late, start=1):
            came = now - timedelta(days=7 * number)
            expected = came.date() - timedelta(days=days)
            session.add(
                ArrivalRow(
                    shop_id=shop_id or stage.world.shop_id,
                    item_id=stage.mug.item_id,
                    location_id=stage.main,
                    quantity=5,
                    received=5,
                    state="received",
                    supplier="Acme",
                    ordered_on=came.date() - timedelta(days=10),
                    expected_on=expected,
                    first_expected_on=expected,
                    received_at=came,
                    created_at=came,
                    updated_at=came,
                )
            )


def said(stage: Stage) -> list[tuple[date | None, str]]:
    """What is promised, and why."""
    with stage.world.runtime.sessions.begin() as session:
        where = PromiseRow.shop_id == stage.world.shop_id
        rows = session.scalars(sa.select(PromiseRow).where(where).order_by(PromiseRow.order_id))
        return [(row.expected_on, row.words) for row in rows]


def events(stage: Stage, kind: str) -> list[tuple[int | None, str, str]]:
    """What the audit tells of this kind."""
    with stage.world.runtime.sessions.begin() as session:
        where = (Event.shop_id == stage.world.shop_id, Event.kind.startswith(kind))
        rows = session.scalars(sa.select(Event).where(*where).order_by(Event.id))
        return [(row.order_id, row.kind, row.why) for row in rows]


def risk(stage: Stage, order_id: int) -> tuple[int | None, bool]:
    """How likely the order is to be late, in percent, and whether the list of those at risk names it."""
    with stage.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (stage.world.shop_id, order_id))
        today = stage.world.clock().date()
        counts = count_lists(session, stage.world.shop_id, today=today)
        assert bool(counts["risk"]) is ("risk" in states_of(order, today=today))
        return order.late_percent, "risk" in states_of(order, today=today)


def test_a_supplier_that_is_late_is_promised_late(stage: Stage) -> None:
    delivered(stage, 2, 6, 1, 3, 6, 2, 4, 1, 5)
    order_id = stage.ordered()

    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    assert "Dec 11, 2026" in stage.world.note(order_id)
    ((_, words),) = said(stage)
    assert "this item is up to 6 days late in 9 of 10 cases, " in words
    assert "going by how things arrive now (9 cases): Dec 11." in words


def test_what_another_shop_learned_teaches_this_one_nothing(stage: Stage) -> None:
    with stage.world.runtime.sessions.begin() as session:
        other = shops.install_shop(
            session, platform="shopify", domain="b.myshopify.com", now=stage.world.clock()
        )
        session.flush()
        other_id = other.id
        other.status = "removed"
    delivered(stage, *[30] * 9, shop_id=other_id)
    order_id = stage.ordered()

    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    assert "Dec 5, 2026" in stage.world.note(order_id)


def test_where_nothing_is_coming_the_lead_time_is_that_of_past_orders(stage: Stage) -> None:
    delivered(stage, *[0] * 9)

    stage.ordered()

    ((day, words),) = said(stage)
    assert day == date(2026, 12, 5)
    assert words.endswith("(9 cases)): backordered since Nov 25; plus 10 days: Dec 5.")


def test_what_is_late_is_expected_again_instead_of_forgotten(stage: Stage) -> None:
    delivered(stage, 2, 6, 1, 3, 6, 2, 4, 1, 5)
    stage.ordered()

    stage.world.expect(stage.mug, 5, "2026-11-23")
    stage.settle_down()

    ((day, words),) = said(stage)
    assert day == date(2026, 11, 29)
    assert "overdue, so a later date is used" in words


@pytest.mark.parametrize(
    ("country", "handling", "ready"),
    [
        ("", 0, "Dec 5, 2026"),
        ("", 2, "Dec 7, 2026"),
        ("US", 0, "Dec 7, 2026"),  # December 5 is a Saturday
        ("US", 2, "Dec 9, 2026"),
        ("AT", 2, "Dec 10, 2026"),  # December 8 is a holiday there
    ],
)
def test_goods_are_handled_on_the_working_days_of_the_shop(
    stage: Stage, country: str, handling: int, ready: str
) -> None:
    order_id = stage.first_order()
    stage.world.expect(stage.mug, 5, "2026-12-05")

    stage.choose(country=country, handling_days=handling)

    assert stage.world.note(order_id) == block(
        f"Expected to ship by {ready}", f"1 × Blue Mug (MUG-BLUE): {ready}"
    )


def test_nothing_goes_out_on_a_closing_day(stage: Stage) -> None:
    order_id = stage.first_order()
    stage.world.expect(stage.mug, 5, "2026-12-05")

    stage.choose(country="US", closing_days="2026-12-07 to 2026-12-09", handling_days=1)

    assert "Dec 11, 2026" in stage.world.note(order_id)
    ((_, words),) = said(stage)
    assert words.endswith("Then closed until Dec 10; plus 1 business day of handling: Dec 11.")


def test_a_preorder_is_expected_on_its_release_at_the_earliest(stage: Stage) -> None:
    order_id = stage.first_order()

    say_kind(stage, "preorder", "2027-01-15")
    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    assert stage.world.tags(order_id) == {"preorder"}
    assert "Jan 15, 2027" in stage.world.note(order_id)
    assert "Preorder" in stage.page(f"/shops/{stage.world.shop_id}/orders?list=preorder")
    assert f"/orders/{order_id}" in stage.page(f"/shops/{stage.world.shop_id}/orders?list=preorder")
    assert "Preorder, Jan 15, 2027" in stage.order_page(order_id)

    say_kind(stage, "backorder")
    assert f"/orders/{order_id}" not in stage.page(f"/shops/{stage.world.shop_id}/orders?list=preorder")


def test_what_never_comes_again_waits_for_a_person(stage: Stage) -> None:
    stage.choose(lead_time_days=10)
    order_id = stage.ordered()
    assert stage.world.tags(order_id) == {"backordered"}

    say_kind(stage, "discontinued")

    assert stage.world.tags(order_id) == {"backorder-review"}
    note = stage.world.note(order_id)
    assert "Needs a decision: not all of it will come\n" in note
    assert "1 × Blue Mug (MUG-BLUE): will not come again\n" in note

    say_kind(stage, "backorder")

    assert stage.world.tags(order_id) == {"backordered"}


def test_a_kind_alone_is_worth_writing(stage: Stage) -> None:
    """No date was known before, and none is now."""
    order_id = stage.first_order()

    say_kind(stage, "discontinued")

    assert stage.world.tags(order_id) == {"backorder-review"}


@pytest.mark.parametrize(
    ("promised", "verdict"),
    [("2026-11-25", "promise kept"), ("2026-12-05", "promise kept")],
)
def test_a_promise_that_was_kept_is_noted(stage: Stage, promised: str, verdict: str) -> None:
    first, second = stage.ordered(), stage.ordered()
    stage.world.expect(stage.mug, 5, promised)
    stage.settle_down()

    stage.restock(1)
    stage.settle_down()

    assert [
        (order_id, kind) for order_id, kind, _ in events(stage, "promise ") if order_id == first
    ] == [(first, verdict)]
    assert not [order_id for order_id, _, _ in events(stage, "promise ") if order_id == second]


def test_a_promise_that_was_broken_is_noted_by_its_first_day(stage: Stage) -> None:
    order_id = stage.first_order()
    arrival = stage.world.expect(stage.mug, 5, "2026-11-27")
    stage.settle_down()
    stage.expect_instead(arrival, 5, "2026-12-05")
    stage.settle_down()

    stage.pass_hours(24 * 4)
    stage.restock(1)
    stage.settle_down()

    assert events(stage, "promise ") == [(order_id, "promise broken", "2 days late")]


def test_an_order_that_was_cancelled_kept_no_promise(stage: Stage) -> None:
    order_id = stage.first_order()
    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    stage.world.shop.cancel_order(order_id)
    stage.settle_down()

    assert events(stage, "promise ") == []


def test_a_bundle_is_short_when_one_of_its_components_is(stage: Stage) -> None:
    """Shopify puts a bundle's components on the order as lines of their own, each with its item; the
    mug is in the bundle and bought beside it too, and counts once."""
    plate = stage.world.shop.add_product("Plate", sku="PLATE", stock={stage.main: 5})
    bundle = [(stage.mug.variant_id, 1), (plate.variant_id, 1)]

    whole = stage.world.shop.place_order([*bundle, (stage.mug.variant_id, 1)])
    plates = stage.world.shop.place_order([(plate.variant_id, 1)])
    stage.settle_down()
    stage.world.expect(stage.mug, 1, "2026-12-05")
    stage.world.expect(stage.mug, 1, "2026-12-12")
    stage.settle_down()

    assert stage.world.tags(whole) == {"backordered"}
    assert stage.world.note(whole) == block(
        "Expected to ship by Dec 12, 2026",
        "2 × Blue Mug (MUG-BLUE): Dec 12, 2026",
        "1 × Plate (PLATE): in stock",
    )
    assert stage.world.tags(plates) == set()

    stage.restock(2)
    stage.settle_down()

    assert stage.world.tags(whole) == {"backorder-released"}


def test_an_order_is_expected_on_the_day_of_its_latest_component(stage: Stage) -> None:
    plate = stage.world.shop.add_product("Plate", sku="PLATE", stock={stage.main: 0})

    whole = stage.world.shop.place_order([(stage.mug.variant_id, 1), (plate.variant_id, 1)])
    stage.settle_down()
    stage.world.expect(stage.mug, 1, "2026-12-05")
    stage.world.expect(plate, 1, "2026-12-20")
    stage.settle_down()

    assert "Expected to ship by Dec 20, 2026" in stage.world.note(whole)


def test_goods_told_by_their_code_before_anybody_ordered_them_stay_theirs_when_the_code_changes(
    stage: Stage,
) -> None:
    now, day = stage.world.clock(), date(2026, 12, 5)
    with stage.world.runtime.sessions.begin() as session:
        session.add(
            ArrivalRow(
                shop_id=stage.world.shop_id,
                sku=stage.mug.sku.lower(),
                location_id=stage.main,
                quantity=2,
                expected_on=day,
                first_expected_on=day,
                created_at=now,
                updated_at=now,
            )
        )
    stage.ordered()
    stage.mug.sku = stage.world.shop.books.items[stage.mug.item_id].sku = "MUG-NAVY"
    stage.world.shop.set_policy(stage.mug.variant_id, "CONTINUE")  # tells of the product

    stage.pass_hours(1)

    assert [on for on, _ in said(stage)] == [day]


def test_an_order_is_at_risk_once_it_is_likelier_to_be_late_than_promised(stage: Stage) -> None:
    delivered(stage, 2, 6, 1, 3, 6, 2, 4, 1, 5)
    stage.ordered()
    stage.world.expect(stage.mug, 5, "2026-11-30")
    order_id = stage.ordered()
    stage.settle_down()
    before = risk(stage, order_id)

    # First promised for December 6; on the 7th nothing has come.
    stage.pass_hours(24 * 12)

    assert before[0] is not None
    assert before[0] <= 10
    assert (before[1], risk(stage, order_id)) == (False, (100, True))


def test_an_order_whose_delivery_was_moved_beyond_its_day_is_at_risk(stage: Stage) -> None:
    order_id = stage.first_order()
    arrival_id = stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()
    assert risk(stage, order_id) == (None, False)

    stage.expect_instead(arrival_id, 5, "2026-12-20")
    stage.settle_down()

    assert risk(stage, order_id) == (100, True)


def test_what_comes_after_the_cut_off_goes_out_on_the_next_working_day(stage: Stage) -> None:
    """It is nine o'clock: a cut-off at eight has passed, one at ten has not."""
    order_id = stage.first_order()
    stage.world.expect(stage.mug, 5, "2026-11-25")

    stage.choose(country="US", cut_off="10:00")
    before = stage.world.note(order_id)
    stage.choose(cut_off="08:00")

    assert "by Nov 25, 2026" in before
    assert "by Nov 27, 2026" in stage.world.note(order_id)  # Thanksgiving is between


def test_a_lead_time_counts_from_the_next_working_day_for_an_order_after_the_cut_off(
    stage: Stage,
) -> None:
    stage.choose(country="US", cut_off="08:00")
    stage.ordered()

    stage.set_lead_time(7)
    stage.settle_down()

    ((day, words),) = said(stage)
    assert day == date(2026, 12, 4)
    assert words.endswith(
        "backordered since Nov 25; after the cut-off, moved to Nov 27; plus 7 days: Dec 4."
    )


def test_a_supplier_and_a_carrier_have_calendars_of_their_own(stage: Stage) -> None:
    """Sunday, December 6: the supplier delivers on Monday, which the shop takes in. Malaysia's Kedah
    rests on Friday, so what is ready on a Friday leaves on Sunday."""
    order_id = stage.first_order()
    with stage.world.runtime.sessions.begin() as session:
        mug = variants.find_items(session, stage.world.shop_id, stage.mug.sku)[0]
        arrivals.add_arrival(
            session,
            mug,
            quantity=5,
            expected_on=date(2026, 12, 6),
            location_id=stage.main,
            reference="PO-1",
            supplier="ACME",
            now=stage.world.clock(),
        )

    stage.choose(supplier_countries="Acme = DE-BE; Beta = US")
    by_supplier = stage.world.note(order_id)
    stage.choose(carrier_country="MY-02", handling_days=4)

    assert "by Dec 7, 2026" in by_supplier
    assert "by Dec 13, 2026" in stage.world.note(order_id)
    ((_, words),) = said(stage)
    assert words.endswith("plus 4 business days of handling: Dec 11; next carrier pickup: Dec 13.")


def test_days_are_told_as_a_range_where_the_merchant_wants_it(stage: Stage) -> None:
    delivered(stage, 2, 6, 1, 3, 6, 2, 4, 1, 5)
    stage.choose(says_range=True)
    order_id = stage.ordered()

    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    assert stage.world.note(order_id) == block(
        "Expected to ship Dec 8 – 11, 2026", "1 × Blue Mug (MUG-BLUE): Dec 8 – 11, 2026"
    )


def test_notes_are_told_anew_when_the_merchant_wants_ranges_and_when_not_any_more(stage: Stage) -> None:
    delivered(stage, 2, 6, 1, 3, 6, 2, 4, 1, 5)
    order_id = stage.ordered()
    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    stage.choose(says_range=True)
    as_range = stage.world.note(order_id)
    stage.choose(says_range=False)

    assert "Dec 8 – 11, 2026" in as_range
    assert "by Dec 11, 2026" in stage.world.note(order_id)
