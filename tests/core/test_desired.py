"""What an order should show."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.changes import shown_after
from app.core.desired import (
    Desired,
    ItemState,
    OrderState,
    Shown,
    ShownItem,
    Status,
    desired,
    endings_of,
    rename_tags,
    says_what_is_unsure,
    still_to_ship,
)
from app.core.endings import SERVED, Ending
from tests.builders import ITEM, TODAY, day, item_state, order_state, shown, shown_item


def test_an_order_with_a_short_line_is_backordered_until_its_last_unit_comes() -> None:
    mug = item_state(2, of=3, on="2026-12-05")
    towel = item_state(1, item=32, on="2026-12-09")
    covered = item_state(0, item=33)

    want = desired(order_state(mug, towel, covered), Shown(), today=TODAY)

    assert (want.status, want.eta) == (Status.BACKORDERED, day("2026-12-09"))
    assert want.items == (mug, towel, covered)
    assert want.tags == {"backordered"}


def test_one_unknown_date_makes_the_order_s_date_unknown() -> None:
    want = desired(
        order_state(item_state(1, on="2026-12-05"), item_state(1, item=32)), Shown(), today=TODAY
    )

    assert (want.status, want.eta) == (Status.BACKORDERED, None)


def test_an_order_that_was_never_short_shows_nothing() -> None:
    assert desired(order_state(item_state(0)), Shown(), today=TODAY) == Desired(Status.NONE)


def test_an_order_is_released_when_stock_has_come_for_it() -> None:
    want = desired(order_state(item_state(0, of=2)), shown(shown_item(2, of=2)), today=TODAY)

    assert (want.status, want.released_on, want.tags) == (Status.RELEASED, TODAY, {"backorder-released"})


def test_a_released_order_stays_released_on_the_day_it_was() -> None:
    released = Shown(Status.RELEASED, released_on=day("2026-11-20"))

    want = desired(order_state(item_state(0)), released, today=TODAY)

    assert (want.status, want.released_on) == (Status.RELEASED, day("2026-11-20"))


def test_a_released_order_can_become_short_again() -> None:
    released = Shown(Status.RELEASED, released_on=day("2026-11-20"))

    want = desired(order_state(item_state(1)), released, today=TODAY)

    assert (want.status, want.released_on, want.tags) == (Status.BACKORDERED, None, {"backordered"})


def test_an_order_is_backordered_until_its_last_short_line_is_covered() -> None:
    was = shown(shown_item(1), shown_item(1, item=32))

    want = desired(order_state(item_state(0), item_state(1, item=32)), was, today=TODAY)

    assert want.status is Status.BACKORDERED


@pytest.mark.parametrize(
    ("was", "now"),
    [
        pytest.param(shown_item(1, of=2), item_state(0, of=1), id="pain 1: 2 -> 1 while 1 was short"),
        pytest.param(shown_item(2, of=2), item_state(0, of=0), id="all of it taken out"),
        pytest.param(
            shown_item(2, of=3), item_state(0, of=0, ordered=1), id="the rest of it has shipped"
        ),
        pytest.param(shown_item(1, of=3), item_state(0, of=1), id="more taken out than was short"),
        pytest.param(shown_item(2, of=2), None, id="the line itself is gone"),
    ],
)
def test_taking_the_short_units_out_of_an_order_is_no_release(
    was: ShownItem, now: ItemState | None
) -> None:
    items = [now] if now else []

    assert desired(order_state(*items), shown(was), today=TODAY) == Desired(Status.NONE)


@pytest.mark.parametrize(
    ("was", "now", "ending"),
    [
        pytest.param(
            shown_item(2, of=2), item_state(0, of=0, ordered=2), Ending.SHIPPED, id="all of it"
        ),
        pytest.param(
            shown_item(1, of=3), item_state(0, of=0, ordered=3), Ending.SHIPPED, id="with what it had"
        ),
        pytest.param(
            shown_item(2, of=2), item_state(0, of=2, is_counted=False), Ending.UNCOUNTED, id="untracked"
        ),
        pytest.param(
            shown_item(2, of=2),
            item_state(0, of=0, ordered=1),
            Ending.SHIPPED,
            id="one out, one shipped",
        ),
        pytest.param(
            shown_item(1, of=3), item_state(0, of=1, ordered=3), Ending.FREED, id="its rest is there"
        ),
        pytest.param(
            shown_item(2, of=3),
            item_state(1, of=2, ordered=3),
            Ending.FREED,
            id="one is, one shipped",
        ),
        pytest.param(
            shown_item(1, of=2, ordered=3),
            item_state(0, of=2, ordered=2),
            Ending.FREED,
            id="a shipped one came back",
        ),
        pytest.param(
            shown_item(1), item_state(0, ended=Ending.STOCK), Ending.STOCK, id="the readings say it came"
        ),
        pytest.param(
            shown_item(2, of=2),
            item_state(0, of=1, ended=Ending.LEFT),
            Ending.LEFT,
            id="the readings say that it wants less",
        ),
    ],
)
def test_why_an_item_is_short_no_more_decides_whether_its_order_is_released(
    was: ShownItem, now: ItemState, ending: Ending
) -> None:
    want = desired(order_state(now), shown(was), today=TODAY)

    assert endings_of(order_state(now), shown(was)) == {ending}
    assert (want.status is Status.RELEASED) is (ending in SERVED and not now.short)


def test_stock_for_one_item_releases_an_order_whose_other_item_was_shipped() -> None:
    was = shown(shown_item(1), shown_item(1, item=32))

    want = desired(order_state(item_state(0), item_state(0, of=0, ordered=1, item=32)), was, today=TODAY)

    assert want.status is Status.RELEASED


@pytest.mark.parametrize(
    ("endings", "has_arrived"),
    [
        ([Ending.STOCK, Ending.STOCK], True),
        ([Ending.STOCK, Ending.FREED], False),
        ([Ending.STOCK, Ending.LEFT], True),
        ([Ending.FREED, None], False),
    ],
)
def test_stock_has_arrived_only_if_it_has_for_every_item_that_was_served(
    endings: list[Ending | None], has_arrived: bool
) -> None:
    was = shown(shown_item(1), shown_item(1, item=32))
    items = [item_state(0, item=item, ended=how) for item, how in zip((ITEM, 32), endings, strict=True)]

    want = desired(order_state(*items), was, today=TODAY)

    assert (want.status, want.has_arrived) == (Status.RELEASED, has_arrived)
    assert desired(order_state(*items), after(want), today=TODAY) == want


def after(want: Desired) -> Shown:
    """What an order shows once that has been written."""
    return shown_after(want, want.tags, glue="", has_block=True)


@given(
    st.tuples(st.integers(1, 4), st.integers(0, 3)),
    st.lists(st.sampled_from(["ship", "take out"]), min_size=1, max_size=7),
)
def test_without_stock_nothing_that_happens_to_an_order_releases_it(
    units: tuple[int, int], acts: list[str]
) -> None:
    """Units of an order leave it or are shipped one after the other until nothing of it is short."""
    short, covered = units
    ordered = outstanding = short + covered
    was = shown(shown_item(short, of=outstanding))
    for act in acts:
        if not outstanding:
            break
        outstanding -= 1
        ordered -= act == "take out"
        still = still_to_ship(was.items[0], ordered=ordered, outstanding=outstanding)

        now = order_state(item_state(still, of=outstanding, ordered=ordered))

        assert desired(now, was, today=TODAY).status is not Status.RELEASED


def test_taking_fewer_units_out_than_were_short_leaves_a_release_for_the_rest() -> None:
    want = desired(order_state(item_state(0, of=2)), shown(shown_item(2, of=3)), today=TODAY)

    assert want.status is Status.RELEASED


def test_one_line_edited_away_and_another_served_is_a_release() -> None:
    was = shown(shown_item(1), shown_item(1, item=32))

    want = desired(order_state(item_state(0, item=32)), was, today=TODAY)

    assert want.status is Status.RELEASED


def test_units_taken_out_of_another_line_do_not_hide_a_release() -> None:
    was = shown(shown_item(1, of=1))

    want = desired(order_state(item_state(0), item_state(0, item=32, of=1)), was, today=TODAY)

    assert want.status is Status.RELEASED


def test_a_larger_order_waits_for_more() -> None:
    """Pain 8: staff edit 4 to 6, and "backordered" stays 4."""
    want = desired(order_state(item_state(6, of=6)), shown(shown_item(4, of=4)), today=TODAY)

    assert (want.status, want.items[0].short) == (Status.BACKORDERED, 6)


def test_a_second_buyer_is_told_too() -> None:
    """Pain 6: that another order waits already changes nothing for this one."""
    first = desired(order_state(item_state(1), order=1), shown(shown_item(1)), today=TODAY)
    second = desired(order_state(item_state(3, of=3), order=2), Shown(), today=TODAY)

    assert first.status is second.status is Status.BACKORDERED
    assert second.items[0].short == 3


@pytest.mark.parametrize(
    "was", [Shown(), shown(shown_item(1)), Shown(Status.RELEASED, released_on=TODAY)]
)
@pytest.mark.parametrize("items", [[], [item_state(1)], [item_state(0)]])
def test_a_cancelled_order_shows_nothing(was: Shown, items: list[ItemState]) -> None:
    assert desired(order_state(*items, is_cancelled=True), was, today=TODAY) == Desired(Status.NONE)


quantities = st.integers(0, 4)


@given(st.tuples(quantities, quantities, quantities), st.booleans(), st.dates())
def test_judging_what_has_just_been_written_finds_nothing_new(
    units: tuple[int, int, int], is_cancelled: bool, today: date
) -> None:
    short, covered, _shipped = units
    order = OrderState(1, is_cancelled, [item_state(short, of=short + covered, ordered=sum(units))])
    was = shown(shown_item(2, of=4))
    once = desired(order, was, today=today)

    again = desired(order, shown_after(once, once.tags, glue="", has_block=True), today=today)

    assert (again.status, again.eta, again.tags) == (once.status, once.eta, once.tags)
    assert again.released_on == once.released_on


def test_a_merchant_may_call_our_tags_otherwise() -> None:
    tags = rename_tags({"backordered": "on backorder"})

    want = desired(order_state(item_state(1)), Shown(), today=TODAY, tags=tags)

    assert want.tags == {"on backorder"}
    assert tags[Status.RELEASED] == {"backorder-released"}


@pytest.mark.parametrize(
    ("kinds", "status", "tag"),
    [
        (["backorder"], Status.BACKORDERED, "backordered"),
        (["preorder"], Status.PREORDER, "preorder"),
        (["discontinued"], Status.REVIEW, "backorder-review"),
        (["preorder", "backorder"], Status.BACKORDERED, "backordered"),
        (["preorder", "discontinued"], Status.REVIEW, "backorder-review"),
        (["preorder", "backorder", "discontinued"], Status.REVIEW, "backorder-review"),
    ],
)
def test_the_kinds_of_what_is_short_say_what_an_order_waits_for(
    kinds: list[str], status: Status, tag: str
) -> None:
    items = [item_state(1, item=number, kind=kind) for number, kind in enumerate(kinds)]

    want = desired(order_state(*items), Shown(), today=TODAY)

    assert (want.status, want.tags) == (status, {tag})


def test_a_discontinued_item_of_which_units_are_still_coming_is_a_backorder() -> None:
    want = desired(
        order_state(item_state(1, on="2026-12-05", kind="discontinued")), Shown(), today=TODAY
    )

    assert want.status is Status.BACKORDERED


def test_kinds_of_what_is_covered_do_not_matter() -> None:
    items = [item_state(0, item=1, kind="discontinued"), item_state(1, item=2)]

    assert desired(order_state(*items), Shown(), today=TODAY).status is Status.BACKORDERED


@pytest.mark.parametrize("status", [Status.PREORDER, Status.REVIEW])
def test_whatever_it_waited_for_stock_that_has_come_releases_it(status: Status) -> None:
    was = shown(shown_item(1), status=status)

    assert desired(order_state(item_state(0)), was, today=TODAY).status is Status.RELEASED


@pytest.mark.parametrize(
    ("now", "was", "is_unsure"),
    [
        pytest.param([item_state(1)], shown(shown_item(2, of=3)), True, id="fewer than it shows"),
        pytest.param([item_state(2, of=2)], shown(shown_item(2, of=3)), True, id="of fewer units"),
        pytest.param([item_state(1)], Shown(), True, id="nothing is shown yet"),
        pytest.param([item_state(0)], shown(shown_item(1)), True, id="released"),
        pytest.param(
            [item_state(0), item_state(0, item=32)],
            shown(shown_item(1, item=32)),
            True,
            id="released for the other item",
        ),
        pytest.param([item_state(1)], shown(shown_item(1)), False, id="as it shows"),
        pytest.param([item_state(0)], Shown(), False, id="nothing shown and nothing short"),
        pytest.param(
            [item_state(0), item_state(1, item=32)],
            Shown(),
            False,
            id="the other item is short for sure",
        ),
        pytest.param([], shown(shown_item(1)), False, id="the item is out of the order"),
    ],
)
def test_what_figures_can_not_tell_yet_is_not_said(
    now: list[ItemState], was: Shown, is_unsure: bool
) -> None:
    assert says_what_is_unsure(order_state(*now), was, {ITEM}) is is_unsure


def test_a_cancelled_order_is_never_in_doubt() -> None:
    order = order_state(item_state(1), is_cancelled=True)

    assert not says_what_is_unsure(order, shown(shown_item(2)), {ITEM})
