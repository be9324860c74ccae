"""Which units of an order have lowered the platform's figures."""

from app.core.taken import NOTHING, Took, Units, follow, together


def test_a_new_order_takes_all_it_wants() -> None:
    took = follow(NOTHING, 3, 1, lowers=True)

    assert (took.taken, took.units, took.short) == (3, 3, 1)


def test_an_order_that_lowers_nothing_until_it_is_shipped_takes_nothing_yet() -> None:
    took = follow(NOTHING, 3, 0, lowers=False)

    assert (took.taken, took.units, took.is_change) == (0, 0, True)


def test_an_order_that_was_called_short_took_its_units_whatever_the_settings_say_now() -> None:
    assert follow(NOTHING, 3, 1, lowers=False).taken == 3


def test_units_that_staff_add_without_adjusting_stock_are_not_taken() -> None:
    took = follow(Units(3, 1, 3), 5, 1, lowers=False)

    assert (took.taken, took.units, took.is_change) == (3, 0, True)


def test_taken_units_are_shipped_first() -> None:
    took = follow(Units(5, 0, 3), 3, 0, lowers=True)

    assert (took.taken, took.units, took.is_change) == (1, 0, False)


def test_units_that_were_added_hide_none_that_were_shipped() -> None:
    took = follow(Units(3, 0, 3), 4, 0, lowers=False, come=2)

    assert (took.taken, took.units, took.is_change) == (2, 0, True)


def test_what_the_line_items_of_an_item_take_adds_up() -> None:
    one, other = follow(NOTHING, 3, 1, lowers=True), follow(Units(2, 0, 2), 1, 0, lowers=True, gone=1)

    assert together([one, other]) == Took(taken=4, units=2, short=1, is_change=True)


def test_units_that_were_short_and_left_the_house_are_told() -> None:
    sent = follow(Units(3, 2, 3), 1, 1, lowers=True)
    taken_out = follow(Units(3, 2, 3), 1, 0, lowers=True, gone=2)

    assert (sent.sent_short, sent.is_change) == (1, False)
    assert taken_out.sent_short == 0


def test_units_that_lower_stock_as_they_are_shipped_do_so_then() -> None:
    sent = follow(Units(3, 0, 0), 1, 0, lowers=False, lowers_when_sent=True)
    added = follow(Units(3, 0, 0), 1, 0, lowers=False)

    assert (sent.taken, sent.units, sent.is_change) == (0, 2, True)
    assert (added.units, added.is_change) == (0, False)


def test_units_that_were_never_taken_are_taken_out_first() -> None:
    assert follow(Units(5, 0, 3), 2, 0, lowers=True, gone=3)[:2] == (2, -1)


def test_a_line_that_is_no_more_gives_back_what_it_took() -> None:
    assert follow(Units(3, 0, 3), 0, 0, lowers=False, gone=3)[:2] == (0, -3)
