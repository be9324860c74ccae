"""What the work costs, in one build: run by its own interpreter, against a database and a Redis of its
own (DATABASE_URL, REDIS_URL). Uses only what the builds that are compared have in common; prints JSON.

    python workbench.py absorb 20000 | backlog 100000 | empty-jobs 300 | sweep 10000 | hourly 300
    python workbench.py shops 1000
"""

import importlib
import importlib.util
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa

from app.db import migrate, shops
from app.db.models import Base, DeliveryRow, Shop
from app.pipeline import doorbell
from app.pipeline.absorb import absorb
from app.pipeline.runtime import Runtime, build_runtime, ring_shops_with_work, work_on_shop
from app.settings import load_settings

# What a pass over a shop works with has another name in the build before.
_IS_RENAMED = importlib.util.find_spec("app.pipeline.context") is not None
_HOME, _NAME = ("context", "ShopContext") if _IS_RENAMED else ("desk", "Desk")
ShopContext = getattr(importlib.import_module(f"app.pipeline.{_HOME}"), _NAME)

ME = "a benchmark"


def install(machine: Runtime, count: int) -> list[int]:
    """So many shops at rest, really in the database."""
    now = machine.clock()
    rows = [
        {
            "platform": "shopify",
            "domain": f"shop-{number}.myshopify.com",
            "installed_at": now,
            "changed_since": now,
            "subscribed_at": now,
            "hourly_check_at": now + timedelta(hours=1),
        }
        for number in range(count)
    ]
    with machine.sessions.begin() as session:
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        session.execute(sa.text(f"TRUNCATE {names}"))
        session.execute(sa.insert(Shop), rows)
        return list(session.scalars(sa.select(Shop.id).order_by(Shop.id)))


VARIANTS = range(4_000_000, 4_000_300)
_BEFORE = 3_000


def tell_orders(
    machine: Runtime,
    shop_id: int,
    count: int,
    variants: Sequence[int] = VARIANTS,
    *,
    first: int = 0,
) -> None:
    """Deliveries of orders of so many products, with two line items, numbered from `first`; one in two
    orders is told twice, as platforms do: created, then updated."""
    now = datetime.now(UTC) - timedelta(days=2)
    for start in range(first, first + count, 1000):
        numbers = range(start, min(start + 1000, first + count))
        rows = [told_order(shop_id, number, variants, now) for number in numbers]
        with machine.sessions.begin() as session:
            session.execute(sa.insert(DeliveryRow), rows)
    with machine.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


def told_order(shop_id: int, number: int, variants: Sequence[int], began: datetime) -> dict[str, object]:
    """One delivery."""
    order = number if number % 3 else number // 3 * 3 + 1
    item = {
        "ordered": 1,
        "outstanding": 1,
        "title": "Blue Mug",
        "sku": f"SKU-{order % len(variants)}",
        "backordered": 0,
        "unit_price": 199000,
    }
    sold = [variants[order % len(variants)], variants[order * 7 % len(variants)]]
    fact = {
        "kind": "order seen",
        "order_id": 5_000_000_000_000 + order,
        "name": f"#{order}",
        "placed_at": (began + timedelta(seconds=order)).isoformat(),
        "updated_at": (began + timedelta(seconds=number)).isoformat(),
        "is_cancelled": False,
        "items": [
            item | {"line_id": 2 * order + place, "variant_id": variant_id}
            for place, variant_id in enumerate(sold)
        ],
        "routing": None,
        "tags": ["spring"],
    }
    return {
        "shop_id": shop_id,
        "delivery_id": f"d-{number}",
        "topic": "orders/create",
        "body_hash": f"b-{number}",
        "received_at": began,
        "facts": [fact],
        "state": "due",
    }


def measure_absorb(machine: Runtime, count: int) -> dict[str, float]:
    """One worker takes in a backlog."""
    (shop_id,) = install(machine, 1)
    with machine.sessions.begin() as session:
        shops.take_lease(session, shop_id, ME, now=machine.clock())
    context = ShopContext(shop_id, ME, machine.sessions, machine.connect, machine.clock, "")
    # Of a database that was counted while it was empty PostgreSQL plans as for an empty one.
    tell_orders(machine, shop_id, _BEFORE)
    while absorb(context):
        pass
    tell_orders(machine, shop_id, count, first=_BEFORE)
    began, began_cpu = time.monotonic(), time.process_time()
    while absorb(context):
        pass
    took_s, cpu_s = time.monotonic() - began, time.process_time() - began_cpu
    return {"per_s": count / took_s, "cpu_us": 1e6 * cpu_s / count, "mib": peak_mib()}


def peak_mib() -> float:
    """The most this process held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_empty_jobs(machine: Runtime, count: int) -> dict[str, float]:
    """A real worker process answers the bells of shops that have nothing to do."""
    ids = install(machine, count + 1)
    name = getattr(doorbell, "QUICK", None) or doorbell.QUEUE
    waiting = f"rq:queue:{name}"
    command = [sys.executable, "-m", "app.cli", "worker"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        doorbell.ring(machine.redis, ids[0])
        wait_until(lambda: not machine.redis.exists(waiting))
        time.sleep(2)
        worker.send_signal(signal.SIGSTOP)
        for shop_id in ids[1:]:
            doorbell.ring(machine.redis, shop_id)
        worker.send_signal(signal.SIGCONT)
        began = time.monotonic()
        wait_until(lambda: not machine.redis.exists(waiting))
        return {"s_per_job": (time.monotonic() - began) / count, "mib": memory_mib(worker.pid)}
    finally:
        worker.terminate()
        worker.wait(30)


def measure_backlog(machine: Runtime, count: int) -> dict[str, float]:
    """A real worker process takes in a backlog; the most that it held."""
    (shop_id,) = install(machine, 1)
    tell_orders(machine, shop_id, count)
    waiting = sa.exists().where(DeliveryRow.shop_id == shop_id, DeliveryRow.state == "due")
    command = [sys.executable, "-m", "app.cli", "worker"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_done() -> bool:
        doorbell.ring(machine.redis, shop_id)
        time.sleep(0.2)
        with machine.sessions() as session:
            return not session.scalar(sa.select(waiting))

    try:
        began = time.monotonic()
        wait_until(is_done)
        return {"per_s": count / (time.monotonic() - began), "mib": peak_mib_of(worker.pid)}
    finally:
        worker.terminate()
        worker.wait(30)


def memory_mib(pid: int) -> float:
    """What a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_mib_of(pid: int) -> float:
    """The most that it, or a process that it has started, held so far."""
    family = [pid, *_started_by(pid)]
    return max(_peak_mib(Path(f"/proc/{one}/status")) for one in family)


def _started_by(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


def _peak_mib(status: Path) -> float:
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def wait_until(is_so: Callable[[], bool]) -> None:
    """Bounded."""
    give_up_at = time.monotonic() + 120
    while not is_so():
        if time.monotonic() > give_up_at:
            raise SystemExit("not so after two minutes")
        time.sleep(0.002)


def measure_sweep(machine: Runtime, count: int) -> dict[str, float]:
    """The sweep over shops that have nothing due; the median of nine."""
    install(machine, count)
    took = []
    for _ in range(9):
        began = time.monotonic()
        ring_shops_with_work(machine)
        took.append(time.monotonic() - began)
    return {"ms": 1000 * sorted(took)[4]}


class SilentPlatform:
    """A platform that answers at once, and has nothing to tell."""

    def __init__(self) -> None:
        self.traits = SimpleNamespace(batches_news_s=0, stock_lag_s=0)

    def fetch_changed_orders(self, since: datetime) -> object:
        """None changed."""
        return SimpleNamespace(
            orders=(), updated_at={}, untouched={}, seen_until=since, is_complete=True
        )

    def fetch_profile(self) -> object:
        """All is granted."""
        return SimpleNamespace(
            name="A",
            scopes=(),
            limits=(),
            currency="USD",
            time_zone="UTC",
            locale="en",
            missing_scopes=(),
        )

    def register_webhooks(self, *_: object, **__: object) -> tuple[()]:
        """All are there."""
        return ()

    def fetch_purchase_orders(self, *_: object, **__: object) -> tuple[()]:
        """Nothing is ordered."""
        return ()

    def fetch_inbound(self, *_: object, **__: object) -> tuple[()]:
        """Nothing is on its way."""
        return ()


def measure_hourly(machine: Runtime, count: int) -> dict[str, float]:
    """The hourly check of shops at rest, of 400 at most of those there are, without the job around it:
    by as many threads as a worker process of this build has."""
    ids = install(machine, count)
    with machine.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    checked = ids[:: max(1, count // 400)][:400]
    threads = getattr(machine.settings, "worker_threads", 1)
    with machine.sessions.begin() as session:
        session.execute(sa.update(Shop).values(hourly_check_at=machine.clock()))
    # The runtime is frozen, and connects by a method.
    object.__setattr__(machine, "connect", lambda _: SilentPlatform())
    began, began_cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(threads) as workers:
        list(workers.map(lambda shop_id: work_on_shop(machine, shop_id), checked))
    took_s, cpu_s = time.monotonic() - began, time.process_time() - began_cpu
    return {"ms_a_shop": 1000 * took_s / len(checked), "cpu_ms_a_shop": 1000 * cpu_s / len(checked)}


def measure_shops(machine: Runtime, count: int) -> dict[str, float]:
    """A look at a shop that has nothing to do, among so many."""
    ids = install(machine, count)
    with machine.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    looks = [ids[number * 7919 % count] for number in range(200)]
    work_on_shop(machine, ids[0])
    began = time.monotonic()
    for shop_id in looks:
        work_on_shop(machine, shop_id)
    return {"ms": 1000 * (time.monotonic() - began) / len(looks)}


MEASURES = {
    "absorb": measure_absorb,
    "backlog": measure_backlog,
    "empty-jobs": measure_empty_jobs,
    "sweep": measure_sweep,
    "hourly": measure_hourly,
    "shops": measure_shops,
}

if __name__ == "__main__":
    os.environ.setdefault("SECRET_KEY", "a secret key for the benchmarks alone")
    os.environ.setdefault("ENCRYPTION_KEYS", "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=")
    engine = build_runtime(load_settings())
    migrate.upgrade(engine.engine)
    print(json.dumps(MEASURES[sys.argv[1]](engine, int(sys.argv[2]))))  # noqa: T201
