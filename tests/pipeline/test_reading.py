"""From where the list of changed orders is read."""

from datetime import UTC, datetime, timedelta

from app.db.models import Shop
from app.pipeline.reading import begin_of_list

LAST = datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)


def begins_before_last_s(now_s: float, read_s: float | None) -> float:
    """How far a list that is read now reaches back over what the last one, read then, told."""
    at = None if read_s is None else LAST + timedelta(seconds=read_s)
    shop = Shop(changed_since=LAST, changes_read_at=at)
    return (LAST - begin_of_list(shop, LAST + timedelta(seconds=now_s))).total_seconds()


def test_a_list_soon_after_another_begins_where_that_ended() -> None:
    assert begins_before_last_s(4.9, read_s=0.1) == 0


def test_one_list_in_five_seconds_reaches_back_over_what_the_search_may_have_shown_late() -> None:
    assert begins_before_last_s(5.0, read_s=4.9) == 10
    assert begins_before_last_s(3600, read_s=None) == 10
