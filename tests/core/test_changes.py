"""Desired − shown = changes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.changes import (
    StatusChange,
    is_worth_writing,
    shown_after,
    status_change,
    tag_changes,
)
from app.core.desired import OUR_TAGS, Desired, ItemState, Shown, ShownItem, Status, desired
from tests.builders import TODAY, day, item_state, order_state, shown, shown_item


def worth_writing(now: list[ItemState], was: list[ShownItem], *, quiet_days: int = 2) -> bool:
    """Whether a backordered order is written again."""
    want = desired(order_state(*now), Shown(), today=TODAY)
    return is_worth_writing(want, shown(*was), today=TODAY, quiet_days=quiet_days)


@pytest.mark.parametrize(
    ("said", "now", "is_rewritten"),
    [
        pytest.param("2026-12-05", "2026-12-05", False, id="the same day"),
        pytest.param("2026-12-05", "2026-12-06", False, id="a day later"),
        pytest.param("2026-12-05", "2026-12-04", False, id="a day sooner"),
        pytest.param("2026-12-05", "2026-12-07", True, id="two days later"),
        pytest.param("2026-12-05", "2026-12-03", True, id="two days sooner"),
        pytest.param(None, "2026-12-05", True, id="known at last"),
        pytest.param("2026-12-05", None, True, id="not known any more"),
        pytest.param(None, None, False, id="still unknown"),
        pytest.param("2026-11-24", "2026-11-25", True, id="the promise broke yesterday"),
        pytest.param("2026-11-25", "2026-11-26", False, id="today is not yet late"),
        pytest.param("2026-11-24", "2026-11-24", False, id="nothing better to say"),
    ],
)
def test_a_date_is_rewritten_only_if_it_moves_enough_or_breaks(
    said: str | None, now: str | None, is_rewritten: bool
) -> None:
    assert worth_writing([item_state(1, on=now)], [shown_item(1, on=said)]) is is_rewritten


@pytest.mark.parametrize(
    ("said", "now", "is_rewritten"),
    [
        pytest.param("2026-12-05", "2026-12-05", False, id="the same first day"),
        pytest.param("2026-12-05", "2026-12-06", False, id="a day later"),
        pytest.param("2026-12-05", "2026-12-03", True, id="two days sooner"),
        pytest.param(None, "2026-12-05", True, id="a range for the first time"),
        pytest.param("2026-12-05", None, True, id="no range any more"),
        pytest.param("2026-11-24", "2026-11-27", False, id="what has begun goes on"),
        pytest.param("2026-11-24", None, False, id="what has begun comes to its last day"),
    ],
)
def test_a_range_is_rewritten_only_if_its_first_day_moves_enough_and_is_still_to_come(
    said: str | None, now: str | None, is_rewritten: bool
) -> None:
    item = replace(item_state(1, on="2026-12-09"), early_on=day(now) if now else None)
    was = replace(shown_item(1, on="2026-12-09"), early_on=day(said) if said else None)

    assert worth_writing([item], [was]) is is_rewritten


@pytest.mark.parametrize(("quiet_days", "is_rewritten"), [(0, True), (4, True), (5, False)])
def test_how_far_is_a_setting_of_the_shop(quiet_days: int, is_rewritten: bool) -> None:
    now, was = [item_state(1, on="2026-12-09")], [shown_item(1, on="2026-12-05")]

    assert worth_writing(now, was, quiet_days=quiet_days) is is_rewritten


@pytest.mark.parametrize(
    ("now", "was"),
    [
        pytest.param([item_state(1, of=2)], [shown_item(2, of=2)], id="fewer short"),
        pytest.param([item_state(2, of=2)], [shown_item(1, of=2)], id="more short"),
        pytest.param([item_state(1, of=1)], [shown_item(1, of=2)], id="another total"),
        pytest.param([item_state(1), item_state(1, item=32)], [shown_item(1)], id="one more short item"),
        pytest.param(
            [item_state(1), item_state(0, item=32)],
            [shown_item(1), shown_item(1, item=32)],
            id="one less",
        ),
        pytest.param([item_state(1, item=32)], [shown_item(1)], id="another item"),
    ],
)
def test_another_quantity_is_always_said(now: list[ItemState], was: list[ShownItem]) -> None:
    assert worth_writing(now, was, quiet_days=99)


@pytest.mark.parametrize(
    ("towels", "is_rewritten"),
    [
        pytest.param([item_state(0, of=4, item=32)], False, id="as it was"),
        pytest.param([item_state(0, of=3, ordered=4, item=32)], True, id="one has shipped"),
        pytest.param([item_state(0, of=0, ordered=4, item=32)], True, id="all have"),
        pytest.param([], True, id="taken out"),
        pytest.param([item_state(0, of=4, item=33)], True, id="replaced by another item"),
        pytest.param([item_state(0, of=4, item=32, is_counted=False)], True, id="counted no more"),
    ],
)
def test_what_is_said_to_be_in_stock_is_rewritten_once_it_is_not_true(
    towels: list[ItemState], *, is_rewritten: bool
) -> None:
    """The quiet rule is for dates that move a little."""
    first = desired(order_state(item_state(1), item_state(0, of=4, item=32)), Shown(), today=TODAY)
    said = shown_after(first, first.tags, glue="", has_block=True)

    want = desired(order_state(item_state(1), *towels), said, today=TODAY)

    assert is_worth_writing(want, said, today=TODAY, quiet_days=99) is is_rewritten


def test_what_an_older_build_said_to_be_in_stock_is_not_known_and_no_reason_to_write() -> None:
    now = [item_state(1), item_state(0, of=7, item=32)]

    assert not worth_writing(now, [shown_item(1)])


@pytest.mark.parametrize("want", list(Status))
@pytest.mark.parametrize("was", list(Status))
def test_another_status_is_always_written(want: Status, was: Status) -> None:
    is_written = is_worth_writing(Desired(want), Shown(was), today=TODAY, quiet_days=99)

    assert is_written is (want is not was)


@pytest.mark.parametrize("said", [item_state(2, of=3, on="2026-12-05"), item_state(1), item_state(0)])
@pytest.mark.parametrize("was", [Shown(), shown(shown_item(3, of=3)), Shown(Status.RELEASED)])
def test_what_has_just_been_written_is_not_written_again(said: ItemState, was: Shown) -> None:
    order = order_state(said)
    want = desired(order, was, today=TODAY)
    after = shown_after(want, want.tags, glue="\n\n", has_block=True)

    again = desired(order, after, today=TODAY)

    assert not is_worth_writing(again, after, today=TODAY, quiet_days=0)


def test_the_record_keeps_what_was_said() -> None:
    want = desired(
        order_state(item_state(1, of=2, on="2026-12-05"), item_state(0, item=32)), Shown(), today=TODAY
    )

    after = shown_after(want, {"backordered"}, glue="\n\n", has_block=True)

    assert after == Shown(
        Status.BACKORDERED, (shown_item(1, of=2, on="2026-12-05"),), day("2026-12-05"), None,
        frozenset({"backordered"}), "\n\n", True, in_stock=((32, 1),),
    )  # fmt: skip


def test_a_missing_tag_is_added_and_is_ours() -> None:
    changes = tag_changes({"backordered"}, Shown(), ["vip"])

    assert (changes.add, changes.remove, changes.ours) == ({"backordered"}, set(), {"backordered"})


@pytest.mark.parametrize("theirs", ["backordered", "Backordered", "BACKORDERED"])
def test_a_tag_that_a_merchant_had_put_before_is_theirs(theirs: str) -> None:
    """Shopify adds without regard to case: ours would not appear, and is not ours to remove."""
    put = tag_changes({"backordered"}, Shown(), [theirs])
    taken = tag_changes(set(), shown(tags=put.ours), [theirs])

    assert (put.add, put.ours) == (set(), set())
    assert taken.remove == set()


def test_only_our_own_spelling_is_taken_off() -> None:
    """A person took our tag off and put theirs in its place."""
    changes = tag_changes(set(), shown(tags=["backordered"]), ["Backordered"])

    assert (changes.remove, changes.ours) == (set(), set())


def test_a_release_swaps_the_tags() -> None:
    changes = tag_changes({"backorder-released"}, shown(tags=["backordered"]), ["vip", "backordered"])

    assert (changes.add, changes.remove) == ({"backorder-released"}, {"backordered"})
    assert changes.ours == {"backorder-released"}


@pytest.mark.parametrize("name", ["on backorder", "Backordered"])
def test_a_tag_put_under_a_former_name_is_still_ours_to_take_off(name: str) -> None:
    renamed = tag_changes({name}, shown(tags=["backordered"]), ["vip", "backordered"])

    assert (renamed.add, renamed.remove, renamed.ours) == ({name}, {"backordered"}, {name})


def test_a_tag_of_ours_that_a_person_took_off_is_not_taken_off_again() -> None:
    assert tag_changes(set(), shown(tags=["backordered"]), ["vip"]).remove == set()


def test_a_tag_that_we_took_off_and_somebody_put_back_is_taken_off_again() -> None:
    released = tag_changes({"backorder-released"}, shown(tags=["backordered"]), ["backordered"])
    after = replace(Shown(), tags=released.ours, taken=released.taken)

    again = tag_changes({"backorder-released"}, after, ["backordered", "vip"])

    assert (again.add, again.remove) == ({"backorder-released"}, {"backordered"})
    assert tag_changes({"backorder-released"}, after, ["Backordered"]).remove == set()


def test_a_tag_that_was_put_back_is_ours_once_it_is_true_again() -> None:
    after = replace(Shown(), taken=frozenset({"backordered"}))

    changes = tag_changes({"backordered"}, after, ["backordered"])

    assert (changes.add, changes.ours, changes.taken) == (set(), {"backordered"}, set())


some_tags = st.sets(st.sampled_from(["backordered", "Backordered", "backorder-released", "vip", "VIP"]))


@given(
    st.sets(st.sampled_from(sorted(OUR_TAGS)), max_size=1),
    st.sets(st.sampled_from(sorted(OUR_TAGS))),
    some_tags,
)
def test_tags_of_other_people_survive(want: set[str], ours: set[str], present: set[str]) -> None:
    changes = tag_changes(want, replace(Shown(), tags=frozenset(ours)), present)

    assert changes.remove <= ours & present
    assert changes.ours <= want
    assert not changes.add & present
    there = (present | changes.add) - changes.remove
    assert {tag.casefold() for tag in want} <= {tag.casefold() for tag in there}


WAITS = Desired(Status.BACKORDERED)
DONE = Desired(Status.RELEASED)


def waiting_in(status_id: int | None, *, before: int | None = 11) -> Shown:
    """An order that shows that it waits, with a status of ours."""
    return replace(shown(), status=Status.BACKORDERED, status_id=status_id, status_id_before=before)


def test_an_order_that_begins_to_wait_gets_the_merchants_status_for_it() -> None:
    change = status_change(WAITS, Shown(), present=11, waiting=12)

    assert change == StatusChange(set_to=12, ours=12, before=11)


@pytest.mark.parametrize(
    ("present", "waiting"),
    [
        pytest.param(11, None, id="nobody wants it"),
        pytest.param(None, 12, id="a platform without statuses"),
        pytest.param(12, 12, id="it stands there already"),
    ],
)
def test_a_status_is_left_alone(present: int | None, waiting: int | None) -> None:
    assert status_change(WAITS, Shown(), present=present, waiting=waiting) == StatusChange()


@pytest.mark.parametrize("want", [DONE, Desired(Status.NONE)])
def test_the_status_before_comes_back_when_it_waits_no_more(want: Desired) -> None:
    assert status_change(want, waiting_in(12), present=12, waiting=12) == StatusChange(set_to=11)


def test_a_status_that_somebody_else_set_meanwhile_stays() -> None:
    still_waits = status_change(WAITS, waiting_in(12), present=9, waiting=12)
    done = status_change(DONE, waiting_in(12), present=9, waiting=12)

    assert still_waits == StatusChange(None, ours=12, before=11)
    assert done == StatusChange()


def test_the_status_is_remembered_with_what_is_shown() -> None:
    change = StatusChange(12, ours=12, before=11)

    after = shown_after(WAITS, set(), glue="", has_block=True, status=change)

    assert (after.status_id, after.status_id_before) == (12, 11)
