"""The dry run says what then really happens: random shops at rest, and units that really arrive."""

import os
import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import shops
from app.db.models import Base, PoolRow, PromiseRow, StockItem
from app.pipeline.whatif import Effect, Outcome, Waits, standing_of, what_if
from app.settings import Settings
from tests.histories import History
from tests.tables import empty_tables
from tests.world import World, make_world

# The first ones, and two that found what these had not: an order that nobody heard was deleted (114), an
# arrival that was told before anybody knew its item (145).
SAMPLE = [*range(4), 114, 145]
FIRST, END = map(int, os.environ.get("BACKLINE_QUESTIONS", "0:200").split(":"))


@dataclass(frozen=True)
class Question:
    """So many units of an item at a location, today or on a later day."""

    item_id: int
    location_id: int
    quantity: int
    on: date


def shop_at_rest(seed: int, engine: sa.Engine, redis: Redis, settings: Settings) -> History:
    """A shop after a random history, with a lead time or without."""
    world = make_world(engine, redis, settings, seed=seed, domain=f"what-if-{seed}.myshopify.com")
    history = History(world, seed, locations=1 + seed % 2)

    def set_lead_time() -> None:
        with world.runtime.sessions.begin() as session:
            shops.get_shop(session, world.shop_id).lead_time_days = (None, 9)[seed // 2 % 2]

    history.before_playing = set_lead_time
    history.play(steps=16)
    return history


def some_question(history: History) -> Question:
    """About a pool, mostly one that somebody waits for."""
    world, chance = history.world, random.Random(history.seed)  # noqa: S311 -- repeatable
    with world.runtime.sessions.begin() as session:
        rows = session.scalars(
            sa.select(PoolRow)
            .where(PoolRow.shop_id == world.shop_id)
            .order_by(PoolRow.item_id, PoolRow.location_id)
        ).all()
    short = [row for row in rows if row.available < 0]
    pool = chance.choice(short if short and chance.random() < 0.9 else rows)
    later = chance.choice((0, 0, chance.randint(1, 25)))
    today = world.clock().date()
    return Question(pool.item_id, pool.location_id, chance.randint(1, 6), today + timedelta(days=later))


def ask(world: World, question: Question) -> list[Outcome]:
    """The dry run."""
    with world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, world.shop_id)
        item = session.get_one(StockItem, (shop.id, question.item_id))
        standing = standing_of(session, shop, item, now=world.clock())
        return what_if(
            session,
            standing,
            location_id=question.location_id,
            quantity=question.quantity,
            on=question.on,
        )


def make_it_happen(history: History, question: Question) -> None:
    """The units land on the shelf, or somebody types that they come."""
    world = history.world
    if question.on == world.clock().date():
        world.shop.adjust_stock(question.item_id, question.location_id, question.quantity)
    else:
        variant = next(one for one in history.variants if one.item_id == question.item_id)
        world.expect(
            variant, question.quantity, question.on.isoformat(), location_id=question.location_id
        )
    world.quiet()


def waiting(world: World, item_id: int) -> Mapping[int, Waits]:
    """Who waits for the item, as it is recorded."""
    found: dict[int, list[tuple[int, date | None]]] = defaultdict(list)
    with world.runtime.sessions.begin() as session:
        where = (PromiseRow.shop_id == world.shop_id, PromiseRow.item_id == item_id)
        for row in session.scalars(sa.select(PromiseRow).where(*where, PromiseRow.short > 0)):
            found[row.order_id].append((row.short, row.expected_on))
    return {
        order_id: Waits(
            sum(units for units, _ in parts),
            None if any(day is None for _, day in parts) else max(day for _, day in parts if day),
        )
        for order_id, parts in found.items()
    }


def everything(engine: sa.Engine) -> dict[str, list[Any]]:
    """All that the database holds."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in Base.metadata.sorted_tables
        }


def disagreements(history: History, counts: Counter[str]) -> list[str]:
    """Ask, let it happen, and compare; what was seen is added to `counts`."""
    world, question = history.world, some_question(history)
    engine, requests = world.runtime.engine, len(world.shop.requests)
    was, stored = waiting(world, question.item_id), everything(world.runtime.engine)
    outcomes = {one.order_id: one for one in ask(world, question)}
    is_read_only = everything(engine) == stored and len(world.shop.requests) == requests
    tags = {order_id: world.tags(order_id) for order_id in was}
    make_it_happen(history, question)

    counts.update(one.effect.value for one in outcomes.values())
    counts["asked about today" if question.on == world.clock().date() else "asked about a day"] += 1
    counts["orders that waited"] += len(was)
    found = [] if is_read_only else ["the dry run wrote something"]
    now = waiting(world, question.item_id)
    for order_id, before in was.items():
        said = outcomes.get(order_id)
        would_be = before if said is None else said.would_be
        if now.get(order_id, Waits(0, None)) != would_be or (said and said.was != before):
            found.append(f"{order_id}: {before} was to become {said}, became {now.get(order_id)}")
        is_released = "backordered" in tags[order_id] and "backordered" not in world.tags(order_id)
        if is_released is not (said is not None and said.effect is Effect.RELEASED):
            found.append(f"{order_id}: {said}, released: {is_released}")
    found += [f"{order_id} waits now" for order_id in now.keys() - was.keys()]
    found += [f"{order_id} did not wait" for order_id in outcomes.keys() - was.keys()]
    return [f"seed {history.seed}, {question}: {text}" for text in found]


@pytest.mark.parametrize("seed", SAMPLE)
def test_what_was_foretold_happens(
    seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """To every order that waits, and to no other; and asking wrote nothing and called nobody."""
    history = shop_at_rest(seed, clean_pg, redis, settings)

    assert disagreements(history, Counter()) == []


@pytest.mark.full_histories
def test_what_was_foretold_happens_in_many_shops(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """The same for many seeds, with the figures of all of them; BACKLINE_QUESTIONS names others."""
    counts: Counter[str] = Counter()
    wrong = []
    for seed in range(FIRST, END):
        found = disagreements(shop_at_rest(seed, clean_pg, redis, settings), counts)
        print(*found, sep="\n", end="\n" if found else "", flush=True)  # noqa: T201
        wrong += found
        empty_tables(clean_pg)
    figures = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    print(f"\nquestions {FIRST} to {END - 1}: {figures}; wrong: {len(wrong)}")  # noqa: T201

    assert wrong == []
