"""Which SKU was probably meant."""

import pytest

from app.pipeline.nearest import Nearest

CODES = ("mug-blue", "mug-red", "towel-large-white", "tee-black-xl", "123", "a-1", "a1")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("00123", "123"),
        ("MUG BLUE", "mug-blue"),
        ("MUG-BLEU", "mug-blue"),
        ("TOWL-LARGE-WHITE", "towel-large-white"),
        ("TEE-BLACK-XXL", "tee-black-xl"),
    ],
)
def test_a_code_that_is_alike_was_probably_meant(told: str, meant: str) -> None:
    assert Nearest(CODES).to(told) == meant


@pytest.mark.parametrize("told", ["CHAIR", "MUG", "A_1"])
def test_nothing_is_suggested_where_nothing_is_alike_or_two_codes_are_the_same(told: str) -> None:
    assert Nearest(CODES).to(told) is None


def test_each_of_many_unknown_codes_is_compared() -> None:
    nearest = Nearest([f"tee-black-{number:04}" for number in range(5000)])

    told = [f"TEE-BLACK-{number:04}X" for number in range(400)]

    assert [nearest.to(one) for one in told] == [one[:-1].lower() for one in told]
