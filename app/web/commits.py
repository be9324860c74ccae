"""One commit for all webhooks that arrived while the one before was made.

A process has one thread that commits. When it is quiet a webhook goes there at once; the busier it is,
the more of them share a commit.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.db.inbox import Incoming
from app.pipeline.intake import Outcome, Recorded, is_uninstall

# What waits for a commit while the database hangs. Beyond, the platform must send again.
MOST_WAITING = 2000

# Where the commit before was shared, the next one waits a moment for those who were just answered and
# send again. A transaction costs as much as several webhooks.
_GATHER_S = 0.001

# After so long without a commit the connection is given back.
_QUIET_S = 0.5

# Under load a shop is rung so often, not at each commit.
_BETWEEN_RINGS_S = 0.02


class SharedCommits:
    """Takes deliveries one by one, has them kept many at a time, and rings for them after.

    `record` and `ring` run in threads of their own: a Redis that hangs delays no answer, and a
    farewell, which may wait for its shop's worker, delays nobody else's. `let_go` runs in the thread
    that commits when that is quiet.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Incoming]], Recorded],
        ring: Callable[[Sequence[int]], None],
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        self._record = record
        self._ring = ring
        self._let_go = let_go
        self._quiet: asyncio.TimerHandle | None = None
        self._commits, self._farewells, self._rings = (
            ThreadPoolExecutor(1, thread_name_prefix=name) for name in ("commit", "farewell", "ring")
        )
        self._waiting: list[tuple[Incoming, asyncio.Future[Outcome]]] = []
        self._is_busy = False
        self._to_ring: set[int] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def keep(self, incoming: Incoming) -> Outcome:
        """Returns once the delivery's transaction is over."""
        if is_uninstall(incoming):
            (outcome,) = await self._in_thread(self._farewells, [incoming])
            return outcome
        if len(self._waiting) >= MOST_WAITING:
            return Outcome.NOT_KEPT
        kept: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((incoming, kept))
        self._begin("commit", self._commit_all)
        return await kept

    def _begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Unless it is under way: then it finds what is new by itself."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.get_running_loop().create_task(self._until_done(name, work))

    async def _until_done(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Over in the same step in which it found nothing new: what comes a moment later begins anew."""
        try:
            await work()
        finally:
            del self._tasks[name]

    async def _commit_all(self) -> None:
        while self._waiting:
            if self._is_busy:
                await asyncio.sleep(_GATHER_S)
            batch, self._waiting = self._waiting, []
            self._is_busy = len(batch) > 1
            outcomes = await self._in_thread(self._commits, [one for one, _ in batch])
            for (_, kept), outcome in zip(batch, outcomes, strict=True):
                if not kept.done():  # whoever sent it may be gone
                    kept.set_result(outcome)
        self._let_go_later()

    def _let_go_later(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        loop = asyncio.get_running_loop()
        self._quiet = loop.call_later(_QUIET_S, self._commits.submit, self._let_go)

    async def _in_thread(self, thread: ThreadPoolExecutor, batch: Sequence[Incoming]) -> list[Outcome]:
        recorded = await asyncio.get_running_loop().run_in_executor(thread, self._record, batch)
        if recorded.to_ring:
            self._to_ring |= recorded.to_ring
            self._begin("ring", self._ring_all)
        return recorded.outcomes

    async def _ring_all(self) -> None:
        while self._to_ring:
            shop_ids, self._to_ring = sorted(self._to_ring), set()
            await asyncio.get_running_loop().run_in_executor(self._rings, self._ring, shop_ids)
            await asyncio.sleep(_BETWEEN_RINGS_S)
