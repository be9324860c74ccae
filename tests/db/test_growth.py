"""No table grows for ever: each is here, with what ends its rows."""

import re
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Base, ReservationRow, Shop
from app.db.reservations import replace_reservations
from app.pipeline.forgetting import KINDS
from app.platforms.base import Reservation, ReservationKind
from tests.builders import ITEM, NOW

ROOT = Path(__file__).resolve().parent.parent.parent

# Rows that something ends other than their age, and the test that shows it.
ENDS = {
    "shops": "test_a_shop_that_is_to_be_erased_leaves_no_row_and_the_other_one_every_row",
    "arrival_undos": "test_what_can_not_be_taken_back_any_more_is_forgotten",
    "bulk_writes": "test_many_orders_are_released_by_two_operations_and_their_notes_one_by_one",
    "demand_changes": "test_changes_that_every_figure_shows_are_forgotten",
    "long_queue_pages": "test_a_long_queue_is_kept_as_decided_until_nobody_waits",
    "long_queues": "test_a_long_queue_is_kept_as_decided_until_nobody_waits",
    "reservations": "test_what_is_no_longer_reserved_is_not_kept",
    "selling": "test_a_variant_that_is_gone_is_forgotten",
    "sign_ins": "test_sign_ins_that_are_over_are_forgotten",
    "used_tokens": "test_a_signed_token_works_once_until_it_is_over_anyway",
}
# As many as the merchant has of something, each kept once however often it is told anew.
BOUNDED = {
    "alert_subscriptions": "people who get alerts: fifty at most",
    "arrivals": "lines of purchase orders: what came of each is the merchant's own history",
    "feeds": "feeds: twenty at most",
    "file_layouts": "layouts of files; days and weeks in a header line are no layout of their own",
    "item_codes": "codes of items",
    "items": "items",
    "pools": "items at locations",
    "saved_views": "views that people named",
    "selling_checks": "items",
    "selling_plans": "selling plans",
    "staff": "people who were invited",
    "variants": "variants",
}


def by_their_age() -> set[str]:
    """Tables of which the hourly check forgets what is old."""
    return {str(rows.table.__tablename__) for rows in KINDS.values()}


def with_another_row() -> set[str]:
    """Tables whose rows go with a row that ends."""
    return {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.ondelete == "CASCADE" for key in table.foreign_keys)
    }


def test_every_table_says_what_ends_its_rows() -> None:
    groups = [by_their_age(), with_another_row(), set(ENDS), set(BOUNDED)]

    assert set().union(*groups) == set(Base.metadata.tables)
    assert sum(map(len, groups)) == len(Base.metadata.tables), "one table, one end"


def test_what_ends_rows_is_shown_by_a_test() -> None:
    files = (ROOT / "tests").rglob("test_*.py")
    written = {
        name for file in files for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.M)
    }

    assert set(ENDS.values()) - written == set()


def test_what_is_no_longer_reserved_is_not_kept(session: Session, shop: Shop) -> None:
    drafts = [Reservation(ReservationKind.DRAFT, number, "#D1", ITEM, 1, NOW) for number in (1, 2)]
    replace_reservations(session, shop.id, drafts)

    replace_reservations(session, shop.id, drafts[1:])

    assert session.scalars(sa.select(ReservationRow.source_id)).all() == [2]
