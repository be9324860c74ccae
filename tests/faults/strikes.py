"""The faults of the campaigns: each lasts as long as its `with` block, and leaves nothing of itself."""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import requests
from redis.exceptions import RedisError

from tests.faults.campaign import SECRET, Campaign
from tests.faults.test_slow_strangers import KINDS
from tests.web.posting import headers

Strike = Callable[[Campaign], AbstractContextManager[None]]
_STRANGERS = 32


def _killed(prefix: str) -> Strike:
    """SIGKILL to a process, which is started again when the fault ends."""

    @contextmanager
    def strike(campaign: Campaign) -> Iterator[None]:
        name = campaign.random.choice(
            sorted(name for name in campaign.host.running if name.startswith(prefix))
        )
        campaign.host.kill(name)
        yield
        campaign.host.start(name)

    return strike


def _more(*names: str) -> Strike:
    """More of them than there should be, which are killed in the end."""

    @contextmanager
    def strike(campaign: Campaign) -> Iterator[None]:
        for name in names:
            campaign.host.start(name)
        campaign.wait_for_processes(workers=sum("worker" in name for name in campaign.host.running))
        yield
        for name in names:
            campaign.host.kill(name)

    return strike


@contextmanager
def redis_away(campaign: Campaign) -> Iterator[None]:
    """Killed with all it held; later somebody starts it again, empty."""
    assert campaign.redis.process_id is not None
    os.kill(campaign.redis.process_id, signal.SIGKILL)
    yield
    assert campaign.redis.revive()


@contextmanager
def redis_frozen(campaign: Campaign) -> Iterator[None]:
    """It takes connections and says nothing."""
    number = campaign.redis.process_id
    assert number is not None
    os.kill(number, signal.SIGSTOP)
    yield
    os.kill(number, signal.SIGCONT)


@contextmanager
def redis_flushed(campaign: Campaign) -> Iterator[None]:
    """Emptied at the beginning, and at the end once more."""
    _tell_redis(campaign, "FLUSHALL")
    yield
    _tell_redis(campaign, "FLUSHALL")


@contextmanager
def redis_full(campaign: Campaign) -> Iterator[None]:
    """`maxmemory` is reached."""
    _tell_redis(campaign, "CONFIG", "SET", "maxmemory", "1")
    yield
    _tell_redis(campaign, "CONFIG", "SET", "maxmemory", "0")


def _tell_redis(campaign: Campaign, *words: str) -> None:
    """Where another fault has stopped it as well, there is nothing to tell."""
    with contextlib.suppress(RedisError):
        campaign.runtime.redis.execute_command(*words)


@contextmanager
def postgres_killed(campaign: Campaign) -> Iterator[None]:
    """Stopped at once; it comes back, and recovers from its log."""
    campaign.postgres.crash()
    yield
    campaign.postgres.start()


@contextmanager
def no_connections(campaign: Campaign) -> Iterator[None]:
    """Another client holds all that there are; those that were ours have ended."""
    held: list[psycopg.Connection[Any]] = []
    try:
        _hold_all(campaign, held)
        mine = [connection.info.backend_pid for connection in held]
        held[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> ALL (%s)",
            [mine],
        )
        _hold_all(campaign, held)
        yield
    finally:
        for connection in held:
            connection.close()


def _hold_all(campaign: Campaign, held: list[psycopg.Connection[Any]]) -> None:
    """Until none is left, for as long as it takes those that were ended to go."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        try:
            held.append(_connect(campaign))
        except psycopg.OperationalError:
            time.sleep(0.01)


@contextmanager
def statement_timeouts(campaign: Campaign) -> Iterator[None]:
    """Nothing may take longer than a millisecond, for sessions that are open as well."""
    _ask(campaign, "ALTER SYSTEM SET statement_timeout = '1ms'", "SELECT pg_reload_conf()")
    yield
    _ask(campaign, "ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")


@contextmanager
def disk_full(campaign: Campaign) -> Iterator[None]:
    """No file of the database may grow beyond what the log's files have, and the table of webhooks is
    there already: every row that it can't put into a page of before is refused."""
    _ask(campaign, _BALLAST)
    campaign.postgres.limit_files(2**20)
    yield
    campaign.postgres.limit_files(None)
    _ask(campaign, "DELETE FROM deliveries WHERE topic = 'ballast'")


_BALLAST = """
    INSERT INTO deliveries (shop_id, delivery_id, topic, body_hash, received_at, facts, state)
    SELECT (SELECT min(id) FROM shops), 'ballast-' || gen_random_uuid(), 'ballast', repeat('x', 800),
           now(), '[]', 'done' FROM generate_series(1, 1500)
"""


def _connect(campaign: Campaign) -> psycopg.Connection[Any]:
    """Of the administrator, for whom no statement takes too long: a setting of the session would come
    too late, since a timeout of the statement that makes it may strike the next one."""
    return psycopg.connect(
        host=str(campaign.postgres.directory),
        user="postgres",
        autocommit=True,
        connect_timeout=5,
        options="-c statement_timeout=0",
    )


def _ask(campaign: Campaign, *statements: str) -> None:
    """As the administrator, however long it takes until a connection is free."""
    with contextlib.closing(_connect(campaign)) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def _platforms(**knobs: float) -> Strike:
    """Both platforms misbehave, each as far as it knows how to."""

    @contextmanager
    def strike(campaign: Campaign) -> Iterator[None]:
        _turn(campaign, knobs)
        yield
        _turn(campaign, dict.fromkeys(knobs, 0))

    return strike


def _turn(campaign: Campaign, knobs: Mapping[str, float]) -> None:
    for history in campaign.histories.values():
        for name, value in knobs.items():
            if hasattr(history.shop.faults, name):
                setattr(history.shop.faults, name, value)


_POISON = (
    b"{",
    b'{"id": 1e400}',
    b'{"id": 9223372036854775807, "created_at": "0001-01-01T00:00:00Z", "line_items": [{"id": 1}]}',
    b'{"id": -1, "admin_graphql_api_id": "gid://shopify/Order/\\u0000", "line_items": null}',
    b'{"id": 99999999999999999999999999, "updated_at": "9999-12-31T23:59:59+14:00"}',
    b'{"id": 4242424242, "updated_at": "not a time", "line_items": [{"quantity": 1e30}]}',
)


@contextmanager
def poisoned_orders(campaign: Campaign) -> Iterator[None]:
    """Signed webhooks of orders that no shop has, with values that nothing can be."""
    domain = next(iter(campaign.histories.values())).shop.domain
    for place, body in enumerate(_POISON):
        for topic in ("orders/create", "orders/updated"):
            name = f"poison-{campaign.random.getrandbits(60)}-{place}"
            sent = headers(body, topic, secret=SECRET, domain=domain, Webhook_Id=name, Event_Id=name)
            with contextlib.suppress(requests.RequestException):
                url = f"{campaign.runtime.settings.app_url}/webhooks/shopify"
                requests.post(url, data=body, headers=sent, timeout=5)
    yield


@contextmanager
def slow_strangers(campaign: Campaign) -> Iterator[None]:
    """Sockets of people who begin to say something, and do not end."""
    words = list(KINDS.values())
    with contextlib.ExitStack() as stack:
        for place in range(_STRANGERS):
            with contextlib.suppress(OSError):
                address = ("127.0.0.1", campaign.runtime.settings.port)
                stranger = stack.enter_context(socket.create_connection(address, timeout=5))
                stranger.sendall(words[place % len(words)])
        yield


@contextmanager
def host_restarted(campaign: Campaign) -> Iterator[None]:
    """Every process is killed at once, and Redis with them: a host that restarts."""
    names = sorted(campaign.host.running)
    for name in names:
        campaign.host.kill(name)
    with redis_away(campaign):
        yield
    for name in names:
        campaign.host.start(name)


STRIKES: dict[str, Strike] = {
    "web killed": _killed("web"),
    "worker killed": _killed("worker"),
    "clock killed": _killed("clock"),
    "host restarted": host_restarted,
    "two clocks": _more("clock-2"),
    "eight workers": _more(*(f"worker-{number}" for number in range(3, 9))),
    "Redis away": redis_away,
    "Redis frozen": redis_frozen,
    "Redis flushed": redis_flushed,
    "Redis full": redis_full,
    "PostgreSQL killed": postgres_killed,
    "no connections left": no_connections,
    "statement timeouts": statement_timeouts,
    "disk full": disk_full,
    "slow platforms": _platforms(slow_s=1.5),
    "dead platforms": _platforms(reset_rate=1),
    "failing platforms": _platforms(server_error_rate=0.3, html_error_rate=0.2, rate_limited_rate=0.2),
    "lying platforms": _platforms(lose_answer_rate=0.3, torn_snapshot_rate=0.2, torn_answer_rate=0.2),
    "poisoned orders": poisoned_orders,
    "slow strangers": slow_strangers,
}
