"""The migrations lead to exactly the tables that the code knows."""

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.orm import Session

from app.db import migrate
from app.db.models import Base, LineRow, SellingPlanRow, Shop
from tests.builders import ITEM, LOCATION, order_item, order_seen, routed
from tests.db.stock import known_item, see


def test_the_migrations_give_exactly_the_models(database: sa.Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_is_harmless(database: sa.Engine) -> None:
    before = sa.inspect(database).get_table_names()

    migrate.upgrade(database)

    assert sa.inspect(database).get_table_names() == before


def test_processes_that_upgrade_at_once_wait_for_each_other(pg_engine: sa.Engine) -> None:
    """Half of a deployment's processes run the migrations when they start."""
    engine = _empty_database(pg_engine)
    failures: list[Exception] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(engine)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test must say so
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    engine.dispose()
    assert failures == []


def test_what_orders_took_is_divided_among_their_line_items(session: Session, shop: Shop) -> None:
    """An order of an item on two line items, and one whose item was not counted when it came."""
    known_item(session, shop)
    for order_id, taken in ((1, 5), (2, 0)):
        items = (
            order_item(2, number=10 * order_id),
            order_item(3, number=10 * order_id + 1, backordered=1),
        )
        see(session, shop, order_seen(*items, order=order_id, routing=routed(5, route=order_id)))
        session.get_one(LineRow, (shop.id, order_id, ITEM, LOCATION)).taken = taken
    session.commit()

    _go_to(session, command.downgrade, "0025")
    _go_to(session, command.upgrade, "head")

    found = {one.order_id: one.parts for one in session.scalars(sa.select(LineRow))}
    assert found == {1: [[10, 2, 0, 2], [11, 3, 1, 3]], 2: [[20, 2, 0, 0], [21, 3, 1, 0]]}


def test_selling_plans_that_orders_name_are_asked_about(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    for number, plan_id in ((1, 7), (2, 7), (3, 0)):
        item = msgspec.structs.replace(order_item(1, number=number), selling_plan_id=plan_id)
        see(session, shop, order_seen(item, order=number))
    session.commit()

    _go_to(session, command.downgrade, "0048")
    _go_to(session, command.upgrade, "head")

    found = session.scalars(sa.select(SellingPlanRow)).all()
    assert [(one.plan_id, one.reserves_late, one.read_at) for one in found] == [(7, None, None)]


def _go_to(session: Session, move: Callable[[Config, str], None], revision: str) -> None:
    session.expire_all()
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.attributes["connection"] = session.connection()
    move(config, revision)


def _empty_database(engine: sa.Engine) -> sa.Engine:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE many_at_once")
    return sa.create_engine(engine.url.set(database="many_at_once"))


@pytest.mark.parametrize(
    "table", [table for table in Base.metadata.sorted_tables if table.name != "shops"], ids=str
)
def test_every_row_belongs_to_one_shop(table: sa.Table) -> None:
    """Some index begins with its shop, and a foreign key takes the shop along."""
    assert not table.c.shop_id.nullable
    keys = [table.primary_key, *table.indexes, *table.constraints]
    assert any(list(key.columns)[:1] == [table.c.shop_id] for key in keys if hasattr(key, "columns"))
    for key in table.foreign_key_constraints:
        assert "shop_id" in key.column_keys
