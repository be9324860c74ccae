"""A worker killed at any instruction: nothing is lost, nothing is doubled.

A child process works on the shop and kills itself (SIGKILL) at its n-th statement to the database or
n-th request to the platform, before or after it was applied. Another worker comes a minute later.
"""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from app.pipeline.runtime import Runtime, build_runtime, utc_now, work_on_shop
from app.platforms.http import Http
from app.sandbox.records import JournalEntry
from app.services import EmbeddedRedis
from app.settings import load_settings
from tests.histories import truth
from tests.live import Live, connect, served_shop

STATEMENTS = range(3, 130, 14)
REQUESTS = range(1, 6)
BULK_STATEMENTS = range(60, 200, 35)
# Two files are uploaded, and two operations run over them: one takes tags off, one puts tags on.
BULK_REQUESTS = (
    ("StageUploads", 1),
    ("/staged-uploads", 1),
    ("/staged-uploads", 2),
    ("BulkWrite", 1),
    ("BulkWrite", 2),
    ("BulkState", 1),
    ("/bulk/", 1),
    ("/bulk/", 2),
)
SLICES = 10


def die() -> None:
    """As SIGKILL does: no clean-up of ours runs."""
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Dies when it is asked for the n-th time."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, *_: object, **__: object) -> None:
        """One less."""
        self.left -= 1
        if self.left == 0:
            die()


def at_statement(count: int) -> Callable[[Runtime], Runtime]:
    """Die before the n-th statement; every commit lies between two of them."""

    def arm(runtime: Runtime) -> Runtime:
        sa.event.listen(runtime.engine, "before_cursor_execute", Countdown(count))
        return runtime

    return arm


def at_request(count: int, *, applied: bool, named: str | None = None) -> Callable[[Runtime], Runtime]:
    """Die when the n-th request is about to be sent, or when its answer has come but is not yet read.
    Where a name is given, requests of that name alone count: how many others come before hangs on how
    fast the machine is."""

    class Session(requests.Session):
        def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
            counts = named is None or is_named(request, named)
            if counts and not applied:
                countdown()
            answer = super().send(request, **options)  # type: ignore[arg-type]
            if counts and applied:
                countdown()
            return answer

    countdown = Countdown(count)
    return lambda runtime: replace(runtime, http=Http(transport=Session))


def is_named(request: requests.PreparedRequest, name: str) -> bool:
    """Whether a request runs the GraphQL operation of that name, or is for that part of an address."""
    if name.startswith("/"):
        return name in str(request.url)
    body = request.body if isinstance(request.body, bytes) else b""
    return re.search(rb"(query|mutation) %s\b" % name.encode(), body) is not None


class Leaps:
    """The wall's clock, set forward by whatever is to be waited for."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """The moment it is."""
        return utc_now() + self.ahead

    def leap(self, seconds: float) -> None:
        """Be there at once."""
        self.ahead += timedelta(seconds=seconds)


def work_and_die(
    live: Live, arm: Callable[[Runtime], Runtime], *, comes_back_within_s: float = 0
) -> int:
    """Work on the shop in a child that kills itself; returns the signal that ended it, 0 if none did. On
    a slow machine a slice of work may end before, so the child takes another where more is due, by a
    clock that leaps to when it is. The shop goes on meanwhile."""
    child = os.fork()
    if child == 0:
        # Connections do not survive a fork: the child builds its own.
        try:
            work_in_slices(live.shop_id, arm, comes_back_within_s)
        finally:
            os._exit(0)
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        live.shop.tick()
        time.sleep(0.01)
    return os.WTERMSIG(ended[1]) if os.WIFSIGNALED(ended[1]) else 0


def work_in_slices(shop_id: int, arm: Callable[[Runtime], Runtime], comes_back_within_s: float) -> None:
    """Until nothing more is due soon."""
    clock = Leaps()
    runtime = arm(replace(build_runtime(load_settings()), clock=clock))
    for _ in range(SLICES):
        again_s = work_on_shop(runtime, shop_id)
        if again_s is None or again_s > comes_back_within_s:
            return
        time.sleep(0.05)
        clock.leap(again_s)


@pytest.fixture
def live(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clean_pg: sa.Engine, redis_server: EmbeddedRedis
) -> Iterator[Live]:
    """A shop with five orders of an item that has three, two of them short, and one of them edited."""
    options = {"bucket_size": (1e6, 1e6), "routing_delay_s": 0}
    with served_shop(monkeypatch, tmp_path / "home", clean_pg, redis_server, **options) as live:
        place = live.shop.add_location("Main")
        mug = live.shop.add_product("Blue Mug", sku="MUG", stock={place: 3})
        towel = live.shop.add_product("Tea Towel", sku="TOWEL", stock={place: 0})
        connect(live)
        for _ in range(5):
            live.shop.place_order([(mug.variant_id, 1)], note="Please wrap")
        live.shop.place_order([(mug.variant_id, 1), (towel.variant_id, 2)])
        live.shop.tick()
        # One of the short orders was tagged before; now a unit comes in, so that it is released.
        work_on_shop(live.runtime, live.shop_id)
        live.shop.adjust_stock(mug.item_id, place, 1)
        live.shop.place_order([(towel.variant_id, 1)])
        live.shop.tick()
        yield live


def marked_due(live: Live) -> None:
    """What the webhooks would have told; they are not the subject here."""
    with live.runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE shops SET reconcile_at = installed_at"))


def assert_right_and_not_doubled(live: Live) -> None:
    """Every order shows what it must, and no write was sent twice."""
    short = set(truth(live.shop))
    for order_id, order in live.shop.orders.items():
        assert ("backordered" in order.tags) is (order_id in short), order.name
        assert (order.note or "").count("[backorder]") <= 1
    writes = Counter(map(as_write, live.shop.journal))
    assert [write for write, times in writes.items() if times > 1 and write[0].startswith("tag")] == []
    notes = [entry for entry in live.shop.journal if entry.kind == "note written"]
    for before, after in pairwise(notes):
        assert (before.order_id, before.detail) != (after.order_id, after.detail)


def as_write(entry: JournalEntry) -> tuple[str, int | None, str]:
    """What was written, without when."""
    return entry.kind, entry.order_id, entry.detail


@pytest.mark.parametrize(
    "arm",
    [
        *(pytest.param(at_statement(count), id=f"statement-{count}") for count in STATEMENTS),
        *(
            pytest.param(at_request(count, applied=False), id=f"request-{count}-unsent")
            for count in REQUESTS
        ),
        *(
            pytest.param(at_request(count, applied=True), id=f"request-{count}-applied")
            for count in REQUESTS
        ),
    ],
)
def test_a_worker_killed_at_any_point_leaves_work_that_the_next_one_ends(
    live: Live, arm: Callable[[Runtime], Runtime]
) -> None:
    """Its lease runs out by itself; the minute is the clock's, not the test's."""
    marked_due(live)
    died_of = work_and_die(live, arm)

    later = replace(live.runtime, clock=lambda: utc_now() + timedelta(seconds=61))
    for _ in range(5):
        again_s = work_on_shop(later, live.shop_id)

    assert died_of == signal.SIGKILL
    assert again_s is None or again_s > 60
    assert_right_and_not_doubled(live)


def test_a_dead_workers_shop_is_left_alone_until_its_lease_ends(live: Live) -> None:
    """Else two workers could write at the same time."""
    marked_due(live)
    work_and_die(live, at_request(2, applied=False))
    requests_before = len(live.shop.requests)

    again_s = work_on_shop(live.runtime, live.shop_id)

    assert again_s == 5
    assert len(live.shop.requests) == requests_before


@pytest.fixture
def bulk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clean_pg: sa.Engine, redis_server: EmbeddedRedis
) -> Iterator[Live]:
    """A shop of six orders that wait for a mug each, and six mugs have come in: many enough for bulk
    operations. Until then they are not: on a slow machine all six would be tagged at once."""
    options = {
        "bucket_size": (1e6, 1e6),
        "routing_delay_s": 0,
        "bulk_delay_s": 0,
        "bulk_lines_per_s": 1e6,
    }
    with served_shop(monkeypatch, tmp_path / "home", clean_pg, redis_server, **options) as live:
        place = live.shop.add_location("Main")
        mug = live.shop.add_product("Blue Mug", sku="MUG", stock={place: 0})
        connect(live)
        for few in (3, 3):
            for _ in range(few):
                live.shop.place_order([(mug.variant_id, 1)], note="Please wrap")
            live.shop.tick()
            marked_due(live)
            work_on_shop(live.runtime, live.shop_id)
        live.wait_for(lambda: _are_all_tagged(live), at_most_s=60)
        live.shop.adjust_stock(mug.item_id, place, 6)
        live.runtime.engine.dispose()
        monkeypatch.setenv("SHOPIFY_BULK_FROM_ORDERS", "5")
        live.runtime = build_runtime(load_settings())
        yield live
        live.runtime.engine.dispose()


def _are_all_tagged(live: Live) -> bool:
    """Whether the work of the beginning is done; a slice of it more."""
    work_on_shop(live.runtime, live.shop_id)
    return all("backordered" in order.tags for order in live.shop.orders.values())


@pytest.mark.parametrize(
    "arm",
    [
        *(pytest.param(at_statement(count), id=f"statement-{count}") for count in BULK_STATEMENTS),
        *(
            pytest.param(
                at_request(count, applied=applied, named=name),
                id=f"{name.strip('/')}-{count}-{'applied' if applied else 'unsent'}",
            )
            for name, count in BULK_REQUESTS
            for applied in (False, True)
        ),
    ],
)
def test_a_worker_killed_around_a_bulk_operation_loses_and_doubles_nothing(
    bulk: Live, arm: Callable[[Runtime], Runtime]
) -> None:
    """Operations may have begun whose ids were never kept."""
    marked_due(bulk)
    died_of = work_and_die(bulk, arm, comes_back_within_s=5)

    for minutes in range(2, 12):
        bulk.shop.tick()
        later = replace(
            bulk.runtime, clock=lambda minutes=minutes: utc_now() + timedelta(minutes=minutes)
        )
        work_on_shop(later, bulk.shop_id)

    assert died_of == signal.SIGKILL
    assert [set(order.tags) for order in bulk.shop.orders.values()] == [{"backorder-released"}] * 6
    assert all("Released" in (order.note or "") for order in bulk.shop.orders.values())
    assert_right_and_not_doubled(bulk)
