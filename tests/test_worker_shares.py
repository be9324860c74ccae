"""How a worker divides its time between quick jobs and long ones."""

from workers.pool import Shares


def test_a_worker_that_begins_takes_long_jobs_first() -> None:
    """Where quick jobs never end, long ones would never begin."""
    assert not Shares().is_quick_first(now_s=1000)


def test_quick_jobs_come_first_for_as_long_as_the_long_one_took() -> None:
    shares = Shares()
    shares.begin(is_long=True, now_s=10)

    found = []
    for moment in (13, 14, 15.9, 16, 60):
        found.append(shares.is_quick_first(now_s=moment))
        shares.begin(is_long=False, now_s=moment)

    assert found == [True, True, True, False, False]
