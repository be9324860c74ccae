"""Shared commits: who shares one, who is answered when, and whom nothing holds up."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from app.db.inbox import Incoming
from app.pipeline.intake import Outcome, Recorded
from app.platforms.base import ShopGone
from app.web.commits import MOST_WAITING, SharedCommits
from tests.builders import delivery

SHOP = 7


class Inbox:
    """Keeps batches; a commit lasts until the test lets it go on."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.is_free = threading.Event()
        self.is_held = threading.Event()

    def record(self, batch: Sequence[Incoming]) -> Recorded:
        """All of them are new."""
        ids = [one.delivery.delivery_id for one in batch]
        if "d-slow" in ids:
            self.is_held.set()
            assert self.is_free.wait(30)
        self.batches.append(ids)
        return Recorded([Outcome.NEW] * len(batch), {SHOP})


def told(number: str) -> Incoming:
    """A delivery that is believed."""
    return Incoming("shopify", delivery(number))


async def hold(commits: SharedCommits, inbox: Inbox, slow: Incoming) -> "asyncio.Task[Outcome]":
    """Begin a commit that does not end."""
    kept = asyncio.get_running_loop().create_task(commits.keep(slow))
    while not inbox.is_held.is_set():
        await asyncio.sleep(0)
    return kept


def test_what_arrives_while_a_commit_is_made_shares_the_next() -> None:
    inbox = Inbox()

    async def story() -> None:
        commits = SharedCommits(inbox.record, lambda _: None)
        first = await hold(commits, inbox, told("d-slow"))
        others = [asyncio.ensure_future(commits.keep(told(f"d-{number}"))) for number in range(3)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in others)
        inbox.is_free.set()
        assert await asyncio.gather(first, *others) == [Outcome.NEW] * 4

    asyncio.run(story())
    assert inbox.batches == [["d-slow"], ["d-0", "d-1", "d-2"]]


def test_nobody_is_answered_before_the_commit_of_their_own_delivery() -> None:
    inbox = Inbox()

    async def story() -> tuple[bool, list[list[str]]]:
        commits = SharedCommits(inbox.record, lambda _: None)
        kept = await hold(commits, inbox, told("d-slow"))
        seen = kept.done(), list(inbox.batches)
        inbox.is_free.set()
        await kept
        return seen

    assert asyncio.run(story()) == (False, [])


def test_a_farewell_that_waits_for_its_shops_worker_holds_nobody_up() -> None:
    inbox = Inbox()
    farewell = Incoming("shopify", delivery("d-slow", ShopGone()))

    async def story() -> tuple[Outcome, bool]:
        commits = SharedCommits(inbox.record, lambda _: None)
        leaving = await hold(commits, inbox, farewell)
        seen = await commits.keep(told("d-1")), leaving.done()
        inbox.is_free.set()
        await leaving
        return seen

    assert asyncio.run(story()) == (Outcome.NEW, False)


def test_a_redis_that_hangs_delays_no_answer() -> None:
    inbox, is_over = Inbox(), threading.Event()

    async def story() -> list[Outcome]:
        commits = SharedCommits(inbox.record, lambda _: is_over.wait(30) and None)
        kept = [await commits.keep(told(f"d-{number}")) for number in range(3)]
        is_over.set()
        return kept

    assert asyncio.run(story()) == [Outcome.NEW] * 3


def test_every_shop_is_rung_after_its_last_commit() -> None:
    """Not for each commit: a ring that comes soon after another waits a little, and is not lost."""
    inbox, rung = Inbox(), []

    async def story() -> None:
        commits = SharedCommits(inbox.record, ring)
        for number in range(5):
            await commits.keep(told(f"d-{number}"))
        await until(lambda: bool(rung) and rung[-1] == 5)

    def ring(shop_ids: Sequence[int]) -> None:
        assert shop_ids == [SHOP]
        rung.append(len(inbox.batches))

    asyncio.run(story())
    assert len(rung) <= 5


async def until(is_so: Callable[[], bool]) -> None:
    """Lets the loop run meanwhile."""
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.001)


def test_while_the_database_hangs_only_so_many_wait() -> None:
    inbox = Inbox()

    async def story() -> Outcome:
        commits = SharedCommits(inbox.record, lambda _: None)
        first = await hold(commits, inbox, told("d-slow"))
        waiting = [asyncio.ensure_future(commits.keep(told(f"d-{n}"))) for n in range(MOST_WAITING)]
        await asyncio.sleep(0)
        one_more = await commits.keep(told("d-more"))
        inbox.is_free.set()
        await asyncio.gather(first, *waiting)
        return one_more

    assert asyncio.run(story()) is Outcome.NOT_KEPT


def test_the_connection_is_given_back_when_it_is_quiet_by_the_thread_that_commits() -> None:
    inbox, threads = Inbox(), []

    async def story() -> None:
        commits = SharedCommits(record, lambda _: None, let_go)
        await asyncio.gather(*(commits.keep(told(f"d-{number}")) for number in range(3)))
        await until(lambda: len(threads) > len(inbox.batches))

    def record(batch: Sequence[Incoming]) -> Recorded:
        threads.append(threading.current_thread())
        return inbox.record(batch)

    def let_go() -> None:
        threads.append(threading.current_thread())

    asyncio.run(story())
    assert len(set(threads)) == 1
