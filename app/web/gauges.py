"""What is measured when `/metrics` is asked: how much waits, and who is at work."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app.db.inbox import read_queue
from app.pipeline import outages
from app.pipeline.machines import look_at_machines
from app.pipeline.runtime import Runtime


def gauges(runtime: Runtime) -> CollectorRegistry:
    """A registry that looks whenever it is read."""
    registry = CollectorRegistry()
    registry.register(_Gauges(runtime))
    return registry


class _Gauges(Collector):
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> list[Metric]:
        """Nothing is asked before somebody reads."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Of a server that is away nothing is told but that."""
        yield from self._database()
        yield from self._redis()

    def _database(self) -> Iterator[Metric]:
        try:
            with self._runtime.sessions.begin() as session:
                queue = read_queue(session)
        except sa.exc.SQLAlchemyError:
            yield _gauge("backline_database_up", "Whether the database answers", 0)
            return
        yield _gauge("backline_database_up", "Whether the database answers", 1)
        yield _gauge("backline_webhooks_waiting", "Webhooks not yet worked on", queue.due)
        waits = self._runtime.clock() - queue.oldest_at if queue.oldest_at else None
        seconds = max(0.0, waits.total_seconds()) if waits else 0.0
        yield _gauge("backline_oldest_webhook_seconds", "How long the oldest of them waits", seconds)

    def _redis(self) -> Iterator[Metric]:
        machines = look_at_machines(self._runtime.redis)
        is_well = not machines.redis_problem
        yield _gauge("backline_redis_up", "Whether Redis answers and can be written", is_well)
        if machines.workers is None:
            return
        yield _gauge("backline_workers_alive", "Worker processes", machines.workers)
        yield _gauge("backline_clock_alive", "Whether a clock runs", machines.has_clock)
        jobs = CounterMetricFamily(
            "backline_jobs_put_off", "Jobs that found the database or Redis away", labels=["away"]
        )
        try:
            for away, times in outages.put_off(self._runtime.redis).items():
                jobs.add_metric([away], times)
        except RedisError:
            return
        yield jobs


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=float(value))
