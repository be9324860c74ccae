"""What other people type, made fit to be stored."""

import pytest

from app.platforms.text import ten_thousandths


@pytest.mark.parametrize(
    ("told", "amount"),
    [("12.90", 129_000), ("0", 0), ("1000", 10_000_000), (3.5, 35_000), ("0.00004", 0)],
)
def test_money_is_counted_in_ten_thousandths(told: str | float, amount: int) -> None:
    assert ten_thousandths(told) == amount


@pytest.mark.parametrize("told", [None, "", "free", "-1", "NaN", "1e99"])
def test_what_is_no_price_is_unknown(told: str | None) -> None:
    assert ten_thousandths(told) is None
