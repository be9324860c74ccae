"""How far an item may be sold on: by what is to come, and by how long a buyer may wait."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.core.selling import (
    Coming,
    Outlook,
    Reason,
    SellingPoint,
    SellingPolicy,
    SellingRule,
    SettingName,
    decide_selling,
    reserve_of,
    wanted_value,
)
from app.core.takeback import Wanted

TODAY = date(2026, 11, 29)
DATED = SellingRule(SellingPolicy.DATED)

days = st.integers(0, 60).map(lambda ahead: TODAY + timedelta(days=ahead))
comings = st.lists(st.builds(Coming, days, st.integers(0, 30)), max_size=5)
outlooks = st.builds(Outlook, st.integers(-40, 10), comings, st.one_of(st.none(), days), st.booleans())
limits = st.one_of(st.none(), st.integers(0, 50))
rules = st.builds(
    SellingRule, st.sampled_from([SellingPolicy.DATED, SellingPolicy.WAIT]), limits, limits
)


def wish(outlook: Outlook, rule: SellingRule = DATED) -> tuple[int | None, str]:
    made = decide_selling(outlook, rule, today=TODAY)
    return made.more, made.words


def test_what_a_delivery_leaves_over_may_be_sold() -> None:
    outlook = Outlook(-8, [Coming(date(2026, 12, 9), 10)])

    assert wish(outlook) == (2, "8 units are backordered, the delivery of Dec 9 covers 10")


def test_nothing_more_is_sold_than_deliveries_cover() -> None:
    outlook = Outlook(-12, [Coming(date(2026, 12, 9), 10)])

    assert wish(outlook) == (0, "12 units are backordered, the delivery of Dec 9 covers 10")


def test_without_a_delivery_nothing_is_sold_on() -> None:
    assert wish(Outlook(-1)) == (0, "1 unit is backordered, and no delivery is scheduled")
    assert wish(Outlook(0)) == (0, "none is in stock, and no delivery is scheduled")


def test_what_is_in_stock_is_always_sold() -> None:
    made = decide_selling(Outlook(2), DATED, today=TODAY)

    assert (made.stops, made.reason) == (False, Reason.IN_STOCK)


def test_a_delivery_after_the_longest_wait_is_for_nobody_new() -> None:
    outlook = Outlook(-1, [Coming(date(2027, 1, 20), 50)])

    said = wish(outlook, DATED._replace(longest_wait_days=30))

    assert said == (0, "one more buyer would wait until Jan 20, longer than 30 days")


def test_by_the_wait_alone_the_lead_time_counts_as_supply() -> None:
    rule = SellingRule(SellingPolicy.WAIT, longest_wait_days=14)

    within = decide_selling(Outlook(-5, lead_time_on=date(2026, 12, 10)), rule, today=TODAY)
    beyond = decide_selling(Outlook(-5, lead_time_on=date(2026, 12, 20)), rule, today=TODAY)

    assert (within.more, beyond.more) == (None, 0)
    assert beyond.words == "one more buyer would wait until Dec 20, longer than 14 days"


def test_no_more_units_wait_than_the_item_may_have_waiting() -> None:
    outlook = Outlook(-8, [Coming(date(2026, 12, 9), 100)])

    assert wish(outlook, DATED._replace(most_ahead=8)) == (
        0,
        "8 units are backordered, and no more than 8 may be",
    )


def test_what_will_not_be_restocked_is_not_sold_on() -> None:
    rule = SellingRule(SellingPolicy.WAIT, longest_wait_days=90)
    outlook = Outlook(-3, lead_time_on=date(2026, 12, 1), is_over=True)

    assert wish(outlook, rule) == (0, "3 units are backordered, and it will not be restocked")


@given(outlooks, rules)
def test_whatever_is_sold_on_is_covered_in_time_and_within_the_limit(
    outlook: Outlook, rule: SellingRule
) -> None:
    more = decide_selling(outlook, rule, today=TODAY).more

    last = None if rule.longest_wait_days is None else TODAY + timedelta(rule.longest_wait_days)
    if more is None:
        assert rule.policy is SellingPolicy.WAIT
        assert outlook.lead_time_on is not None
        assert last is None or outlook.lead_time_on <= last
        return
    if rule.most_ahead is not None:
        assert more == 0 or outlook.waiting + more <= rule.most_ahead
    if rule.policy is SellingPolicy.DATED:
        in_time = sum(one.units for one in outlook.coming if last is None or one.on <= last)
        assert more == 0 or outlook.waiting + more <= in_time


@given(outlooks, rules, days, st.integers(1, 20))
def test_more_supply_never_makes_less_be_sold(
    outlook: Outlook, rule: SellingRule, on: date, units: int
) -> None:
    richer = Outlook(
        outlook.free, [*outlook.coming, Coming(on, units)], outlook.lead_time_on, outlook.is_over
    )

    before, after = (decide_selling(one, rule, today=TODAY).more for one in (outlook, richer))

    assert after is None or (before is not None and after >= before)


@given(outlooks, rules, st.integers(1, 20))
def test_more_who_wait_never_make_more_be_sold(outlook: Outlook, rule: SellingRule, units: int) -> None:
    longer = Outlook(outlook.free - units, outlook.coming, outlook.lead_time_on, outlook.is_over)

    before, after = (decide_selling(one, rule, today=TODAY).more for one in (outlook, longer))

    assert before is None or (after is not None and after <= before)


@given(outlooks, rules)
def test_a_reason_is_always_said(outlook: Outlook, rule: SellingRule) -> None:
    said = decide_selling(outlook, rule, today=TODAY)

    assert said.words
    assert "None" not in said.words


def test_a_policy_that_denies_already_is_not_changed() -> None:
    stop = decide_selling(Outlook(-1), DATED, today=TODAY)

    assert wanted_value(SettingName.POLICY, SellingPoint(stop), "CONTINUE") == Wanted("DENY")
    assert wanted_value(SettingName.POLICY, SellingPoint(stop), "DENY") is None


counts = st.integers(0, 40)


@given(outlooks, rules, counts, st.one_of(st.none(), counts))
def test_a_limit_is_never_raised_and_never_lets_more_be_sold_than_the_wish(
    outlook: Outlook, rule: SellingRule, backordered: int, own: int | None
) -> None:
    wish = decide_selling(outlook, rule, today=TODAY)
    wanted = wanted_value(SettingName.BACKORDER_LIMIT, SellingPoint(wish, backordered), own)

    if wanted is None:
        return
    assert isinstance(wanted.value, int)
    assert own is None or wanted.value < own
    assert wish.more is not None
    assert wanted.value - backordered <= wish.more


@given(st.integers(-20, 60), st.integers(-40, 60), counts)
def test_what_is_kept_on_hand_is_on_hand_owed_and_not_the_next_buyers(
    on_hand: int, free: int, owed: int
) -> None:
    kept = reserve_of(on_hand=on_hand, free=free, owed=owed)

    assert 0 <= kept <= owed
    assert kept == 0 or kept <= on_hand - max(0, free)


def test_the_merchants_safety_stock_is_kept_beside_ours() -> None:
    wish = decide_selling(Outlook(-4), DATED, today=TODAY)

    assert wanted_value(SettingName.SAFETY_STOCK, SellingPoint(wish, 8, reserve=4), 2) == Wanted(6)
    assert wanted_value(SettingName.SAFETY_STOCK, SellingPoint(wish, 8), 2) is None
