"""Which priority an order's tags earn it."""

import pytest

from app.core.priority import PriorityRule, priority_of

VIP, LATER = PriorityRule("vip", 10), PriorityRule("wholesale", -1)


@pytest.mark.parametrize(
    ("tags", "priority"),
    [
        ([], 0),
        (["gift"], 0),
        (["gift", "vip"], 10),
        (["VIP"], 10),
        (["wholesale"], -1),
        (["wholesale", "vip"], 10),
        (["vip-club"], 0),
    ],
)
def test_the_first_rule_whose_tag_the_order_carries_counts(tags: list[str], priority: int) -> None:
    assert priority_of(tags, [VIP, LATER]) == priority


def test_rules_stand_in_the_merchants_order() -> None:
    assert priority_of(["vip", "wholesale"], [LATER, VIP]) == -1
