"""What is expected, and who told us."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.states import ArrivalState
from app.db.models.base import ROW_ID, Base


class ArrivalRow(Base):
    """A dated quantity that is expected in a pool, or was: what came of it is kept, to learn from.

    `item_id` is None while no item with its `sku` is known. `received` of `quantity` units have landed,
    the last of them at `received_at`. `state` is expected, undated (it still comes, but no day is
    known), received (nothing more comes of it, were it short or not) or cancelled. `first_expected_on`
    is the day first named, `expected_on` the day named last; of an undated one that was never dated,
    the day on which it was told. `source` is typed, csv, api or shopify; `source_key` finds the same
    arrival again when its source tells of it anew (None: typed). `list_name` is the layout of the list
    of everything open that tells it, `stock_when_told` what was in its pool then.
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        sa.UniqueConstraint("shop_id", "source", "source_key"),
        sa.Index("ix_arrivals_shop_id_item_id", "shop_id", "item_id"),
        sa.Index("ix_arrivals_shop_id_supplier", "shop_id", "supplier", "id"),
        sa.Index(
            "ix_arrivals_shop_id_open",
            "shop_id",
            "expected_on",
            "id",
            postgresql_where=sa.text("state IN ('expected', 'undated')"),
            sqlite_where=sa.text("state IN ('expected', 'undated')"),
        ),
        sa.Index(
            "ix_arrivals_shop_id_sku",
            "shop_id",
            "sku",
            postgresql_where=sa.text("item_id IS NULL"),
            sqlite_where=sa.text("item_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    item_id: Mapped[int | None]
    sku: Mapped[str] = mapped_column(default="")
    location_id: Mapped[int]
    quantity: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    expected_on: Mapped[date]
    first_expected_on: Mapped[date]
    ordered_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(default="")
    supplier: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=ArrivalState.EXPECTED)
    source: Mapped[str] = mapped_column(default="typed")
    source_key: Mapped[str | None]
    list_name: Mapped[str | None]
    stock_when_told: Mapped[int | None]
    received_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ArrivalUndoRow(Base):
    """What an arrival was `before` a person last changed it, and `after`: see `app.db.undo`."""

    __tablename__ = "arrival_undos"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    arrival_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


class FileLayoutRow(Base):
    """What a merchant said of how files with one header line are to be read: see
    `app.pipeline.files.options.Options`."""

    __tablename__ = "file_layouts"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    header_key: Mapped[str] = mapped_column(primary_key=True)
    options: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class ApiCallRow(Base):
    """A request of another system that named itself by `key`, and what it was answered; `digest` is that
    of its body."""

    __tablename__ = "api_calls"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    answer: Mapped[dict[str, Any]]
    called_at: Mapped[datetime]


class UploadRow(Base):
    """A file of arrivals between its upload and the merchant's word: its bytes, and how to read them
    (`options`: see `FileLayoutRow`)."""

    __tablename__ = "uploads"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    upload_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # Of the build before; `options` says it now.
    date_order: Mapped[str | None]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    content: Mapped[bytes]
    uploaded_at: Mapped[datetime]
