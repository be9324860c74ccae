"""The most pressing late orders, found without reading all that wait."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.regimes import NoticeKind, Regime
from app.db.models import NoticeRow, Order, Shop
from app.pipeline.compliance import most_pressing, obligations_today
from tests.builders import NOW, TODAY, installed_shop


@pytest.fixture(params=["postgresql", "sqlite"])
def either(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session on each database; nothing is kept."""
    if request.param == "postgresql":
        yield request.getfixturevalue("session")
        return
    with Session(request.getfixturevalue("sqlite_engine")) as session:
        yield session


def some_day(dice: random.Random) -> date | None:
    """A day on which an order may be expected, often one on which the law turns."""
    return dice.choice([None, TODAY + timedelta(days=dice.choice([0, 1, 15, 29, 30, 31, 59, 60, 61]))])


def placed(dice: random.Random) -> datetime:
    """Mostly of the last weeks, around a change of the clocks, often near midnight; one in twenty years
    ago."""
    days = dice.choice([0, 1, 2, 5, 27, 28, 29, 30, 31, 32, 45, 58, 59, 60, 61, 62])
    minutes = dice.choice([0, -1, 1, 240, 299, 300, 301, 600, 817])
    years = 7 if dice.random() < 0.05 else 0
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days + 365 * years, minutes=-minutes)


def fill(session: Session, shop: Shop, *, seed: int, orders: int) -> None:
    """Orders of every kind, some of whose buyers were told or answered."""
    dice = random.Random(seed)  # noqa: S311 -- repeatable, not secret
    for order_id in range(1, orders + 1):
        session.add(
            Order(
                shop_id=shop.id,
                order_id=order_id,
                name=f"#{order_id}",
                placed_at=placed(dice),
                updated_at=NOW,
                first_seen_at=NOW,
                seen_at=NOW,
                short=dice.choice([0, 1, 1, 1]),
                expected_on=some_day(dice),
                is_cancelled=dice.random() < 0.1,
                is_gone=dice.random() < 0.1,
            )
        )
    session.flush()
    for order_id in range(1, orders + 1, 5):
        session.add(
            NoticeRow(
                shop_id=shop.id,
                order_id=order_id,
                at=NOW - timedelta(days=dice.choice([1, 20, 40])),
                kind=dice.choice(list(NoticeKind)).value,
                revised_on=some_day(dice),
                by="ann",
                recorded_at=NOW,
            )
        )
    session.flush()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize("regime", [regime for regime in Regime if regime is not Regime.NONE])
def test_the_first_tasks_are_those_of_all_that_wait(either: Session, regime: Regime, zone: str) -> None:
    shop = installed_shop(either)
    shop.regime, shop.time_zone = regime.value, zone
    fill(either, shop, seed=len(zone), orders=120)
    everything = obligations_today(either, shop, now=NOW)
    assert len(everything) > 50

    for most in (1, 7, 50, 1000):
        found = most_pressing(either, shop, now=NOW, most=most)

        assert list(found.tasks) == everything[:most]
        assert found.number == len(everything)


def test_another_shops_orders_and_notices_are_none_of_ours(either: Session) -> None:
    mine, other = installed_shop(either), installed_shop(either, "b.myshopify.com")
    mine.regime = other.regime = Regime.EU.value
    fill(either, other, seed=1, orders=40)

    assert most_pressing(either, mine, now=NOW, most=50).number == 0


def test_no_law_asks_for_nothing(either: Session) -> None:
    shop = installed_shop(either)
    fill(either, shop, seed=1, orders=40)

    assert most_pressing(either, shop, now=NOW, most=50).tasks == ()


def test_no_more_orders_are_read_than_are_told(session: Session) -> None:
    shop = installed_shop(session)
    shop.regime = Regime.US_MITOR.value
    fill(session, shop, seed=2, orders=400)
    session.execute(sa.delete(NoticeRow))
    read: list[int] = []
    connection = session.connection()
    sa.event.listen(connection, "after_cursor_execute", lambda *told: read.append(told[1].rowcount))

    found = most_pressing(session, shop, now=NOW, most=5)

    assert found.number > 100
    *others, days = sorted(read)
    assert sum(others) < 20
    # The days with orders, of which there are so many however many orders there are.
    assert days < found.number
