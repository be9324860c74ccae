"""The cost budget, on a real Redis."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.platforms.shopify.budget import Budget, ThrottleStatus


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def status(available: float) -> ThrottleStatus:
    return ThrottleStatus(maximum_available=2000, currently_available=available, restore_rate=100)


def test_an_unknown_budget_allows_everything(redis: Redis) -> None:
    assert Budget(redis, "towels", clock=Clock()).reserve(1000) == 0


def test_points_are_taken_until_there_are_no_more(redis: Redis) -> None:
    budget = Budget(redis, "towels", clock=Clock())
    budget.learn(status(900))

    assert budget.reserve(800) == 0
    assert budget.reserve(150) == 0.5
    assert budget.reserve(100) == 0


def test_points_come_back_with_time(redis: Redis) -> None:
    clock = Clock()
    budget = Budget(redis, "towels", clock=clock)
    budget.learn(status(0))

    assert budget.reserve(300) == 3
    clock.now += 3
    assert budget.reserve(300) == 0
    assert budget.reserve(1) > 0


def test_no_more_points_come_back_than_the_bucket_holds(redis: Redis) -> None:
    clock = Clock()
    budget = Budget(redis, "towels", clock=clock)
    budget.learn(status(0))
    clock.now += 1000

    assert budget.reserve(2000) == 0
    assert budget.reserve(100) == 1


def test_a_request_dearer_than_the_bucket_waits_for_a_full_one(redis: Redis) -> None:
    budget = Budget(redis, "towels", clock=Clock())
    budget.learn(status(1900))

    assert budget.reserve(9999) == 1


def test_a_clock_that_runs_behind_neither_gives_nor_takes(redis: Redis) -> None:
    fast, slow = Clock(), Clock()
    slow.now -= 60
    Budget(redis, "towels", clock=fast).learn(status(100))

    assert Budget(redis, "towels", clock=slow).reserve(100) == 0
    assert Budget(redis, "towels", clock=fast).reserve(100) == 1


def test_workers_share_a_shops_budget_and_shops_do_not(redis: Redis) -> None:
    clock = Clock()
    Budget(redis, "towels", clock=clock).learn(status(100))

    assert Budget(redis, "towels", clock=clock).reserve(100) == 0
    assert Budget(redis, "towels", clock=clock).reserve(100) == 1
    assert Budget(redis, "mugs", clock=clock).reserve(100) == 0


def test_what_shopify_says_replaces_what_we_believed(redis: Redis) -> None:
    budget = Budget(redis, "towels", clock=Clock())
    budget.learn(status(0))
    budget.learn(status(500))

    assert budget.reserve(500) == 0


def test_a_lost_redis_allows_everything() -> None:
    budget = Budget(Redis(port=1, retry=Retry(NoBackoff(), 0)), "towels", clock=Clock())

    budget.learn(status(0))

    assert budget.reserve(1000) == 0


def test_a_budget_is_forgotten_in_the_end(redis: Redis) -> None:
    Budget(redis, "towels", clock=Clock()).learn(status(0))

    (key,) = redis.keys()
    assert 0 < redis.ttl(key) <= 3600
