"""Slow, failing and throttling platforms, a lost Redis, two workers at once."""

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from redis import Redis

from app.pipeline import doorbell
from app.pipeline.runtime import ring_shops_with_work, work_on_shop
from app.services import open_redis
from app.settings import Settings
from tests.histories import History, truth
from tests.world import World, make_world


@pytest.fixture
def world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> World:
    """A connected shop with a mug of which there is one."""
    world = make_world(clean_pg, redis, settings)
    place = world.shop.add_location("Main")
    world.shop.add_product("Blue Mug", sku="MUG", stock={place: 1})
    world.connect()
    world.quiet()
    return world


def sell_mugs(world: World, count: int) -> list[int]:
    """Orders of one mug each."""
    mug = next(iter(world.shop.books.variants))
    return [world.shop.place_order([(mug, 1)]) for _ in range(count)]


def writes(world: World) -> list[tuple[str, int | None, str]]:
    """What was written through the API, in order."""
    return [(entry.kind, entry.order_id, entry.detail) for entry in world.shop.journal]


@pytest.mark.parametrize("seed", range(8))
def test_a_failing_platform_delays_but_changes_nothing(
    seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """A third of all requests fail: 5xx, resets, lost answers, 429, HTML, torn stock. In the end every
    order shows what the oracle says, and no tag was ever wrong."""
    world = make_world(clean_pg, redis, settings, seed=seed, domain=f"bad-day-{seed}.myshopify.com")
    history = History(world, seed)
    faults = world.shop.faults

    def break_things() -> None:
        faults.server_error_rate = faults.reset_rate = faults.lose_answer_rate = 0.08
        faults.rate_limited_rate = faults.html_error_rate = 0.04
        faults.torn_snapshot_rate = 0.05

    history.before_playing = break_things
    history.play(steps=30)

    assert faults.happened.total() > 0
    assert history.verdict() == []


def test_an_answer_lost_after_the_write_is_not_written_again(world: World) -> None:
    """The next pass reads what is shown and finds nothing to do."""
    _, late = sell_mugs(world, 2)
    world.deliver()
    world.shop.before_request = lambda: _lose_the_answer_to_writes(world)
    world.work()
    world.shop.before_request = None

    world.quiet()

    assert world.tags(late) == {"backordered"}
    assert writes(world).count(("tag added", late, "backordered")) == 1
    assert [kind for kind, _, _ in writes(world)].count("note written") == 1


def _lose_the_answer_to_writes(world: World) -> None:
    """Arm the fault for the request that follows the look."""
    requests = world.shop.requests
    if requests and requests[-1].operation.startswith(("Glance", "Look")):
        world.shop.faults.once("lose_answer")


def test_a_tag_whose_answer_was_lost_is_still_ours_to_take_off(world: World) -> None:
    """It stands on the order when we look again, but no merchant put it there."""
    _, late = sell_mugs(world, 2)
    world.deliver()
    world.shop.before_request = lambda: _lose_the_answer_to_writes(world)
    world.work()
    world.shop.before_request = None
    (item_id, place), *_ = world.shop.pools
    world.shop.adjust_stock(item_id, place, 1)

    world.quiet()

    assert world.tags(late) == {"backorder-released"}


def test_a_throttled_shop_holds_no_worker(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> None:
    """Nothing waits inside a worker for more than a few seconds: the job ends and asks to come back."""
    world = make_world(clean_pg, redis, settings, bucket_size=(1000, 10))
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG", stock={place: 0})
    world.connect()
    world.quiet()
    placed = [world.shop.place_order([(mug.variant_id, 1)]) for _ in range(40)]
    world.deliver()

    longest_s = 0.0
    for _ in range(200):
        began = world.clock()
        again_s = work_on_shop(world.runtime, world.shop_id)
        longest_s = max(longest_s, (world.clock() - began).total_seconds())
        if again_s is None or again_s > 900:
            break
        world.clock.sleep(max(again_s, 0.5))
        world.deliver()

    assert all(world.tags(order_id) == {"backordered"} for order_id in placed)
    assert [request.status for request in world.shop.requests].count("THROTTLED") == 0
    assert longest_s < 60


def test_a_revoked_token_pauses_the_shop_until_it_is_connected_again(world: World) -> None:
    """And says so; what came in meanwhile is not lost."""
    world.shop.faults.is_token_revoked = True
    _, late = sell_mugs(world, 2)
    world.deliver()
    world.work()
    page = world.web.get(f"/shops/{world.shop_id}").text
    assert "connect the shop again" in page

    world.shop.faults.is_token_revoked = False
    world.connect()
    world.quiet()

    assert world.tags(late) == {"backordered"}


def test_losing_redis_with_everything_in_it_loses_nothing(world: World, redis: Redis) -> None:
    """The sweep rings each shop that has something due."""
    sell_mugs(world, 2)
    world.deliver()
    redis.flushall()

    rung = ring_shops_with_work(world.runtime)

    assert rung == 1
    assert [job.args for job in doorbell.quick_queue(redis).jobs] == [[world.shop_id]]


def test_webhooks_are_taken_while_redis_is_down(world: World, settings: Settings) -> None:
    """They are answered 200, and worked on when the sweep finds them."""
    dead = open_redis("redis://127.0.0.1:1")
    _, late = sell_mugs(world, 2)
    no_redis = replace(world.runtime, redis=dead)
    from app.web.application import create_app  # noqa: PLC0415 -- another application beside the world's

    world.web = create_app(no_redis).test_client()

    world.quiet()

    assert set(world.answers) == {200}
    assert world.tags(late) == {"backordered"}


def test_two_workers_on_one_shop_write_nothing_twice(world: World) -> None:
    """One works, the other comes back later."""
    placed = sell_mugs(world, 12)
    world.deliver()
    wishes: list[float | None] = []
    workers = [
        threading.Thread(target=lambda: wishes.append(work_on_shop(world.runtime, world.shop_id)))
        for _ in range(4)
    ]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    world.quiet()

    assert {order_id for order_id in placed if "backordered" in world.tags(order_id)} == set(
        truth(world.shop)
    )
    tags_put = [write for write in writes(world) if write[0] == "tag added"]
    assert len(tags_put) == len(set(tags_put)) == 11
    assert 5 in wishes
