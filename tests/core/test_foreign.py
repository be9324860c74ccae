"""When what others did to what we wrote is put right."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.desired import Shown, Status
from app.core.foreign import Foreign, answer, may_put_right, sign_of
from tests.builders import NOW

OURS = Shown(Status.BACKORDERED, has_block=True, block="new", tags=frozenset({"backordered"}))
RELEASED = replace(OURS, status=Status.RELEASED, taken=frozenset({"backordered"}))


@pytest.mark.parametrize(
    ("blocks", "tags", "shown", "is_foreign"),
    [
        pytest.param("new", ["backordered"], OURS, False, id="as we wrote it"),
        pytest.param("", ["backordered"], OURS, False, id="the block was removed"),
        pytest.param("", [], OURS, False, id="all was removed"),
        pytest.param("old", ["backordered"], OURS, True, id="an old block"),
        pytest.param("old", [], Shown(), True, id="a block where none should be"),
        pytest.param("new", ["backordered"], RELEASED, True, id="a tag that we took off"),
        pytest.param("new", ["vip"], RELEASED, False, id="a merchant's tag"),
        pytest.param("old", [], replace(OURS, block=""), False, id="what we wrote is not known"),
    ],
)
def test_what_is_foreign(blocks: str, tags: list[str], shown: Shown, *, is_foreign: bool) -> None:
    assert bool(sign_of(blocks, tags, shown)) is is_foreign


def test_a_foreign_write_is_put_right_once() -> None:
    known = answer("a", Foreign(), now=NOW)

    assert may_put_right("a", (), now=NOW)
    assert not may_put_right("a", known.answered, now=NOW + timedelta(minutes=9))
    assert may_put_right("b", known.answered, now=NOW)
    assert may_put_right("a", known.answered, now=NOW + timedelta(minutes=11))
    assert not may_put_right("", (), now=NOW)


def test_what_stood_there_before_we_spoke_is_put_right_again_when_it_comes_back() -> None:
    known = answer("a", Foreign("a"), is_answer=False, now=NOW)

    assert known.told == ""
    assert may_put_right("a", known.answered, now=NOW + timedelta(minutes=1))


@pytest.mark.parametrize("every_s", [1, 60, 601, 3600])
@pytest.mark.parametrize("signs", ["a", "ab", "abcdefgh"])
def test_an_app_that_answers_each_write_of_ours_is_not_answered_for_ever(
    every_s: int, signs: str
) -> None:
    known, writes = Foreign(), 0
    for turn in range(24 * 3600 // every_s if every_s > 60 else 200):
        now, sign = NOW + timedelta(seconds=turn * every_s), signs[turn % len(signs)]
        if may_put_right(sign, known.answered, now=now):
            known, writes = answer(sign, known, now=now), writes + 1

    assert writes <= 5
    assert len(known.answered) <= 5
