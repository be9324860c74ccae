"""The doorbell: no wake-up is lost, and none piles up. On a real Redis and RQ's own queue."""

import importlib
import json
import time
import zlib

import pytest
import sqlalchemy as sa
from redis import Redis
from rq import Queue, SimpleWorker
from rq.registry import FailedJobRegistry, ScheduledJobRegistry

from app.pipeline import doorbell, runtime
from app.pipeline.runtime import advance_shop, continue_shop, ring_shops_with_work
from app.services import EmbeddedRedis, open_redis
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop

SHOP = 7


@pytest.fixture
def queue(redis: Redis) -> Queue:
    """The queue that our workers listen to."""
    return doorbell.quick_queue(redis)


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop at rest, and nothing in the queue."""
    stage = open_shop(clean_pg, redis, settings)
    redis.flushall()
    return stage


def test_a_ring_is_one_job_that_carries_the_shops_number(redis: Redis, queue: Queue) -> None:
    assert doorbell.ring(redis, SHOP)

    (job,) = queue.jobs
    assert (job.func_name, job.args, job.kwargs) == ("workers.jobs.advance_shop", [SHOP], {})


def test_a_job_is_kept_as_json_so_that_redis_holds_no_code(redis: Redis, queue: Queue) -> None:
    doorbell.ring(redis, SHOP)

    kept = zlib.decompress(redis.hget(queue.jobs[0].key, "data"))
    assert json.loads(kept)[0] == doorbell.JOB


@pytest.mark.parametrize("job", [doorbell.JOB, doorbell.LONG_JOB])
def test_the_job_exists_under_the_name_it_is_rung_by(job: str) -> None:
    module, name = job.rsplit(".", 1)

    assert callable(getattr(importlib.import_module(module), name))


def test_rings_do_not_pile_up(redis: Redis, queue: Queue) -> None:
    for _ in range(1000):
        doorbell.ring(redis, SHOP)

    assert queue.count == 1


def test_many_shops_are_rung_by_one_call_where_all_have_rung(redis: Redis, queue: Queue) -> None:
    doorbell.ring_all(redis, [SHOP, SHOP + 1])
    before = redis.info("stats")["total_commands_processed"]

    doorbell.ring_all(redis, [SHOP, SHOP + 1])

    sent = redis.info("stats")["total_commands_processed"] - before
    assert [job.args for job in queue.jobs] == [[SHOP], [SHOP + 1]]
    assert sent == 2 + 1  # two flags, and the question itself


def test_every_shop_has_a_bell_of_its_own(redis: Redis, queue: Queue) -> None:
    doorbell.ring(redis, SHOP)
    doorbell.ring(redis, SHOP + 1)

    assert [job.args for job in queue.jobs] == [[SHOP], [SHOP + 1]]


def test_a_ring_that_comes_while_a_job_works_is_another_job(redis: Redis, queue: Queue) -> None:
    """The job clears the flag before it looks: what is told after that needs a new look."""
    doorbell.ring(redis, SHOP)
    queue.empty()
    doorbell.answer(redis, SHOP)

    doorbell.ring(redis, SHOP)
    doorbell.ring(redis, SHOP)

    assert queue.count == 1


def test_a_lost_job_silences_its_shop_for_a_minute_at_most(redis: Redis) -> None:
    """A worker died between taking the job and answering the bell: the flag goes by itself."""
    doorbell.ring(redis, SHOP)

    (flag,) = redis.keys("backline:rung:*")
    assert 0 < redis.ttl(flag) <= 60


def test_a_wish_for_later_is_put_off_and_made_once(redis: Redis, queue: Queue) -> None:
    now = int(time.time())
    for _ in range(50):
        doorbell.ring(redis, SHOP, after_s=10)

    later = ScheduledJobRegistry(queue=queue)
    assert queue.count == 0
    assert 1 <= later.count <= 2  # a second may have begun meanwhile
    assert all(
        now + 9 <= later.get_scheduled_time(one).timestamp() <= now + 12 for one in later.get_job_ids()
    )


def test_a_ring_for_now_is_not_held_back_by_one_for_later(redis: Redis, queue: Queue) -> None:
    doorbell.ring(redis, SHOP, after_s=10)
    doorbell.ring(redis, SHOP)

    assert queue.count == 1


def test_without_redis_a_ring_says_so_and_soon() -> None:
    started = time.monotonic()

    assert not doorbell.ring(open_redis("redis://127.0.0.1:1/0"), SHOP)
    assert time.monotonic() - started < 3


def test_losing_redis_with_everything_in_it_loses_no_work(
    stage: Stage, redis: Redis, queue: Queue
) -> None:
    stage.order()
    stage.world.deliver()
    redis.flushall()

    swept = ring_shops_with_work(stage.world.runtime)

    assert (swept, queue.count) == (1, 1)


def test_the_sweep_rings_nobody_who_has_nothing_to_do(stage: Stage, queue: Queue) -> None:
    assert ring_shops_with_work(stage.world.runtime) == 0
    assert queue.count == 0


def test_the_sweep_does_not_ring_twice_for_one_piece_of_work(stage: Stage, queue: Queue) -> None:
    stage.order()
    stage.world.deliver()

    for _ in range(5):
        ring_shops_with_work(stage.world.runtime)

    assert queue.count == 1


def test_a_shop_with_nothing_left_to_do_rings_no_more(stage: Stage, queue: Queue) -> None:
    stage.order()
    stage.settle_down()
    queue.empty()

    advance_shop(stage.world.runtime, stage.world.shop_id)

    assert queue.count == 0
    assert ScheduledJobRegistry(queue=queue).count == 0


def test_a_shop_that_is_no_more_rings_no_more(stage: Stage, queue: Queue) -> None:
    """A job that comes after shop/redact finds no row, and must not come back for ever."""
    advance_shop(stage.world.runtime, 987654)

    assert queue.count == 0
    assert ScheduledJobRegistry(queue=queue).count == 0


def test_a_shop_whose_slice_took_long_goes_on_where_it_holds_nobody_up(
    stage: Stage, redis: Redis, queue: Queue
) -> None:
    """It has more to do: that stands in the long queue, and rings are dropped until it has its turn."""
    world = stage.world
    stage.order()
    world.deliver()
    queue.empty()
    world.shop.before_request = lambda: world.clock.sleep(8)

    advance_shop(world.runtime, world.shop_id)
    doorbell.ring(redis, world.shop_id)

    assert [job.func_name for job in doorbell.long_queue(redis).jobs] == [doorbell.LONG_JOB]
    assert queue.count == 0


def test_a_step_that_a_slow_platform_holds_up_goes_on_in_the_long_queue(
    stage: Stage, redis: Redis, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if each answer took longer than a turn: what is left of the step is not waited for here."""
    monkeypatch.setattr(runtime, "_QUICK_TURN_S", 0)
    order_id = stage.order()
    stage.world.deliver()
    before = len(stage.world.shop.requests)

    advance_shop(stage.world.runtime, stage.world.shop_id)
    made = len(stage.world.shop.requests) - before
    waiting = [job.args for job in doorbell.long_queue(redis).jobs]
    continue_shop(stage.world.runtime, stage.world.shop_id)
    stage.settle_down()

    assert made == 0
    assert waiting == [[stage.world.shop_id]]
    assert stage.world.tags(order_id) == {"backordered"}


def test_a_shop_whose_platform_answers_slowly_is_known_as_slow(
    stage: Stage, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "_SLOW_ANSWER_S", 0)
    stage.order()
    stage.world.deliver()

    advance_shop(stage.world.runtime, stage.world.shop_id)

    assert doorbell.answer(redis, stage.world.shop_id)


def test_a_ring_of_a_shop_whose_slices_are_long_holds_no_quick_worker(
    stage: Stage, redis: Redis, queue: Queue
) -> None:
    doorbell.note_pace(redis, stage.world.shop_id, is_long=True)
    stage.order()
    stage.world.deliver()
    queue.empty()
    before = len(stage.world.shop.requests)

    advance_shop(stage.world.runtime, stage.world.shop_id)

    assert len(stage.world.shop.requests) == before
    assert [job.args for job in doorbell.long_queue(redis).jobs] == [[stage.world.shop_id]]


def test_a_shop_that_has_become_quick_again_is_rung_as_all_others(
    stage: Stage, redis: Redis, queue: Queue
) -> None:
    doorbell.note_pace(redis, stage.world.shop_id, is_long=True)

    continue_shop(stage.world.runtime, stage.world.shop_id)
    advance_shop(stage.world.runtime, stage.world.shop_id)

    assert doorbell.long_queue(redis).count == 0


def test_a_shop_in_the_long_queue_stands_there_once(redis: Redis) -> None:
    for _ in range(5):
        doorbell.ring_long(redis, SHOP)

    assert doorbell.long_queue(redis).count == 1


def test_a_real_worker_answers_the_bell(  # noqa: PLR0917 -- fixtures
    stage: Stage,
    redis_server: EmbeddedRedis,
    queue: Queue,
    settings: Settings,
    clean_pg: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RQ's own worker runs the job by its name, as in production; the shop's token is gone by then,
    so that no platform is called."""
    stage.world.shop.uninstall()
    stage.world.deliver()
    for name, value in {
        "DATABASE_URL": clean_pg.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_server.url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "BACKLINE_HOME": str(settings.home),
    }.items():
        monkeypatch.setenv(name, value)

    SimpleWorker([queue], connection=queue.connection, serializer=doorbell.SERIALIZER).work(
        burst=True, logging_level="ERROR"
    )

    assert FailedJobRegistry(queue=queue).count == 0
    assert queue.count == 0
    assert stage.status() == "removed"


def rq_knows(redis: Redis, *workers: str) -> None:
    """The workers that are running."""
    redis.sadd("rq:workers", *workers)


def test_never_more_than_half_of_the_workers_look_at_the_long_queue(redis: Redis) -> None:
    """Whichever processes they are in: two processes of one thread each leave one for quick jobs."""
    rq_knows(redis, "a", "b", "c", "d", "e")

    assert [doorbell.take_long_place(redis, worker) for worker in "abcd"] == [True, True, False, False]
    assert doorbell.take_long_place(redis, "a")

    doorbell.leave_long_place(redis, "a")
    assert [doorbell.take_long_place(redis, worker) for worker in "cd"] == [True, False]


def test_a_worker_alone_looks_at_both_queues(redis: Redis) -> None:
    rq_knows(redis, "a")

    assert doorbell.take_long_place(redis, "a")


def test_the_place_of_a_killed_worker_is_free_after_a_minute(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    rq_knows(redis, "a", "b")
    monkeypatch.setattr(doorbell, "_PLACE_S", -1)
    assert doorbell.take_long_place(redis, "a")

    assert doorbell.take_long_place(redis, "b")


def test_a_place_that_was_taken_by_a_clock_that_was_ahead_is_nobodys(redis: Redis) -> None:
    """Its worker was killed: with two workers nobody would look at the long queue for hours."""
    rq_knows(redis, "a", "b")
    redis.zadd("backline:long-places", {"a": time.time() + 5 * 3600})

    assert doorbell.take_long_place(redis, "b")
