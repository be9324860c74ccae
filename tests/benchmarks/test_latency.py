"""From the answer to an order's webhook to its tag in the shop: real processes, PostgreSQL."""

from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.services import EmbeddedRedis
from tests.live import Live, connect, live_shop

pytestmark = pytest.mark.benchmark

ORDERS = 100


def is_tagged(live: Live, order_id: int) -> bool:
    """Whether the shop, which routes its orders meanwhile, shows a tag."""
    live.shop.tick()
    return bool(live.shop.orders[order_id].tags)


@pytest.mark.parametrize("locations", [1, 2])
def test_latency_of_a_tag(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    clean_pg: sa.Engine,
    redis_server: EmbeddedRedis,
    locations: int,
) -> None:
    """One order at a time, each short. With two locations an order is
    tagged only once the shop has routed it, here 0.1 s after it was placed."""
    options = {"bucket_size": (1e6, 1e6), "routing_delay_s": 0.1}
    with live_shop(monkeypatch, tmp_path / "home", clean_pg, redis_server, **options) as live:
        places = [live.shop.add_location(f"Place {n}") for n in range(locations)]
        variant = live.shop.add_product("Blue Mug", sku="MUG", stock=dict.fromkeys(places, 0))
        connect(live)
        latencies = []
        for _ in range(ORDERS):
            order_id = live.shop.place_order([(variant.variant_id, 1)])
            live.shop.tick()
            live.wait_for(partial(is_tagged, live, order_id), at_most_s=30)
            tagged_at = next(entry.at for entry in live.shop.journal if entry.order_id == order_id)
            answered_at = live.answered_at["orders/create", order_id]
            latencies.append((tagged_at - answered_at).total_seconds())

    latencies.sort()
    p50, p99 = latencies[ORDERS // 2], latencies[ORDERS * 99 // 100]
    print(  # noqa: T201
        f"\n{locations} location(s), answered → tagged: p50 {p50:.3f} s (goal 0.3), p99 {p99:.3f} s "
        f"(goal 2), least {latencies[0]:.3f} s, most {latencies[-1]:.3f} s, {ORDERS} orders"
    )
    assert len(latencies) == ORDERS
