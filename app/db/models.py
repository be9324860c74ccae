"""The tables. A row's key begins with its shop, so that no foreign key can cross shops.

Ids of orders, items, variants and locations are the platform's own (up to 18 digits).
"""

from datetime import UTC, date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.core.bounds import within_reach


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite forgets the zone; this puts it back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuses a naive datetime, which would silently mean another moment elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"A naive datetime can't be stored: {value!r}"
            raise ValueError(message)
        return within_reach(value)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """SQLite gives back a naive UTC value; what was kept before moments had bounds has them now."""
        if value is None:
            return None
        return within_reach(value.replace(tzinfo=UTC) if value.tzinfo is None else value)


class Base(DeclarativeBase):
    """Constraint names are spelled out, so that migrations can name them on both databases."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime(),
        int: sa.BigInteger(),
        dict[str, Any]: sa.JSON(),
        list[Any]: sa.JSON(),
    }


# SQLite numbers rows by itself only for a key declared INTEGER.
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Shop(Base):
    """One installed Shopify shop or BigCommerce store.

    `status` is active, needs_merchant (`problem` says what to do), removed (uninstalled; no token)
    or erasing (every row of it is about to go). `installed_at` is when its merchant last gave us
    access: what the platform told of before then is of an earlier install. `erase_at` is when
    everything of a removed shop goes by itself. `token_until` is when the access token ends (None:
    never), `refresh_until` when the one that renews it does. `renewing_owner` may ask for new ones
    until `renewing_until`. `changed_since` is how far the platform's own list of
    changed orders has been read, `changes_read_at` when it was last read to its end;
    `unread_orders` are those on it that are newer than our copies and must be read.
    `news_at`: webhooks named orders without telling them, so the list must be read by then.
    `limits` are sentences on what does not work with the shop's settings at the platform.
    `waiting_status_id` is the order status that orders get while they wait, where the merchant wants it.
    `subscriptions` are the webhook topics that the platform refused when they were last registered, at
    `subscribed_at` (None: they must be now), and its words about each.
    What the merchant set: `tag_names` by our own words for them and `wording` by language and sentence,
    where they differ from ours, `priority_rules` (a tag of the merchant's, and the priority it gives an
    order), and `chosen`, the names of the columns that connecting again must leave as they are.
    Inbound shipments must be read by `inbound_at`; they were last read at `inbound_read_at`, of the
    locations `inbound_places`. `reservations_read_at` is when what is committed to no order was.
    `api_token_digest` is the SHA-256 of the token with which other systems may tell arrivals.
    `promise_quantile` is the share of promises to be kept, `country` (US, DE-BY) says which days are
    working days but for the `closing_days` (see `app.core.closing`); `handling_days` of them go by
    between arrival and dispatch. `regime` is the law of
    late deliveries that is watched (see `app.core.regimes`); with `tags_delay_notices` orders whose
    buyers must be told are tagged.
    `lease_owner` may work on the shop until `lease_until`. `wait_until` is when the platform may be
    called again; `wait_reason` says why not before, where that is not the platform's wish.
    """

    __tablename__ = "shops"
    __table_args__ = (sa.UniqueConstraint("platform", "domain"),)

    id: Mapped[int] = mapped_column(_ROW_ID, primary_key=True)
    platform: Mapped[str]
    domain: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    token_encrypted: Mapped[str | None]
    token_until: Mapped[datetime | None]
    refresh_token_encrypted: Mapped[str | None]
    refresh_until: Mapped[datetime | None]
    renewing_owner: Mapped[str | None]
    renewing_until: Mapped[datetime | None]
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(default="active")
    problem: Mapped[str | None]
    locale: Mapped[str] = mapped_column(default="en")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    currency: Mapped[str] = mapped_column(default="")
    lead_time_days: Mapped[int | None]
    quiet_days: Mapped[int] = mapped_column(default=2)
    promise_quantile: Mapped[float] = mapped_column(sa.Float(), default=0.9)
    country: Mapped[str] = mapped_column(default="")
    handling_days: Mapped[int] = mapped_column(sa.Integer(), default=0)
    closing_days: Mapped[str] = mapped_column(default="")
    regime: Mapped[str] = mapped_column(default="none")
    tags_delay_notices: Mapped[bool] = mapped_column(default=False)
    tag_names: Mapped[dict[str, Any]] = mapped_column(default=dict)
    wording: Mapped[dict[str, Any]] = mapped_column(default=dict)
    priority_rules: Mapped[list[Any]] = mapped_column(default=list)
    chosen: Mapped[list[Any]] = mapped_column(default=list)
    waiting_status_id: Mapped[int | None]
    installed_at: Mapped[datetime]
    erase_at: Mapped[datetime | None]
    changed_since: Mapped[datetime]
    changes_read_at: Mapped[datetime | None]
    unread_orders: Mapped[list[Any]] = mapped_column(default=list)
    news_at: Mapped[datetime | None]
    limits: Mapped[list[Any]] = mapped_column(default=list)
    subscriptions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    subscribed_at: Mapped[datetime | None]
    reconcile_at: Mapped[datetime]
    inbound_at: Mapped[datetime | None]
    inbound_read_at: Mapped[datetime | None]
    reservations_read_at: Mapped[datetime | None]
    inbound_places: Mapped[list[Any]] = mapped_column(default=list)
    api_token_digest: Mapped[str | None] = mapped_column(unique=True)
    wait_until: Mapped[datetime | None]
    wait_reason: Mapped[str] = mapped_column(default="")
    failures: Mapped[int] = mapped_column(sa.Integer(), default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    import_state: Mapped[str] = mapped_column(default="none")
    import_cursor: Mapped[str | None]
    import_done: Mapped[int] = mapped_column(default=0)
    import_total: Mapped[int] = mapped_column(default=0)


class DeliveryRow(Base):
    """One webhook delivery as it arrived, reduced to facts. `state` is due, done, ignored or failed
    (`problem` says why). The second constraint drops a delivery sent again under a new id."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("shop_id", "delivery_id"),
        sa.UniqueConstraint("shop_id", "topic", "event_id", "body_hash"),
        sa.Index(
            "ix_deliveries_shop_id_due",
            "shop_id",
            "id",
            postgresql_where=sa.text("state = 'due'"),
            sqlite_where=sa.text("state = 'due'"),
        ),
        sa.Index(
            "ix_deliveries_shop_id_failed",
            "shop_id",
            "id",
            postgresql_where=sa.text("state = 'failed'"),
            sqlite_where=sa.text("state = 'failed'"),
        ),
        sa.Index("ix_deliveries_shop_id_received_at", "shop_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(_ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    delivery_id: Mapped[str]
    topic: Mapped[str]
    event_id: Mapped[str | None]
    body_hash: Mapped[str]
    triggered_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    facts: Mapped[list[Any]]
    state: Mapped[str]
    problem: Mapped[str | None]


class Item(Base):
    """What stock is counted for. `kind` is backorder (it comes again), preorder (not out before
    `release_on`) or discontinued (it never comes again). `look_at` is when its stock must be read
    (None: settled), `cause` says what asked for it. `has_queue`: some pool is below zero, or a line of
    it is or was short. `headroom` is what was free when last read less what was ordered since: a guess
    that only decides how soon to look. `unbalanced_since` is when the books of the item stopped
    balancing, `attempts` how often they were read since. `stirred_at` is when anything was last told of
    its stock; where the platform's readings lag, it is looked at once more at `recheck_at`, when they
    may show what they did not. (`ordered_at` and `freed` are the version before's alone.)"""

    __tablename__ = "items"
    __table_args__ = (
        sa.Index("ix_items_shop_id_look_at", "shop_id", "look_at"),
        sa.Index("ix_items_shop_id_recheck_at", "shop_id", "recheck_at"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sku: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    is_tracked: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str] = mapped_column(default="backorder")
    release_on: Mapped[date | None]
    lead_time_days: Mapped[int | None]
    look_at: Mapped[datetime | None]
    cause: Mapped[str | None]
    has_queue: Mapped[bool] = mapped_column(default=False)
    headroom: Mapped[int | None]
    unbalanced_since: Mapped[datetime | None]
    stirred_at: Mapped[datetime | None]
    ordered_at: Mapped[datetime | None]
    # Of all JSON types this one alone has values that DISTINCT can compare.
    freed: Mapped[list[Any]] = mapped_column(
        sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), default=list
    )
    recheck_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    problem: Mapped[str | None]


class Variant(Base):
    """Which item a variant sells: what an order names is not what stock is counted for. `item_id`
    is None for a variant without stock; `is_resolved` is False until somebody has asked. `product_id`
    is known where the platform's webhooks name products."""

    __tablename__ = "variants"
    __table_args__ = (
        sa.Index("ix_variants_shop_id_item_id", "shop_id", "item_id"),
        sa.Index("ix_variants_shop_id_product_id", "shop_id", "product_id"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int | None]
    product_id: Mapped[int | None]
    is_resolved: Mapped[bool] = mapped_column(default=False)


class PoolRow(Base):
    """One item at one location as last read (see `app.platforms.base.Pool`). `supply` is what could
    serve open orders then. `drift` is the committed units that nothing we may read explains, below zero
    the open units that the platform does not commit; both are said on the status page. Of those above
    zero `drift_since` tells how many came since when, in seconds: [units, moment]; what was there
    before the pool was first read is older demand, served first. `is_reckoned` if drift was worked out
    at all: nobody asks while nobody is short."""

    __tablename__ = "pools"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_name: Mapped[str] = mapped_column(default="")
    on_hand: Mapped[int]
    available: Mapped[int]
    committed: Mapped[int | None]
    backordered: Mapped[int | None]
    supply: Mapped[int]
    drift: Mapped[int] = mapped_column(default=0)
    drift_since: Mapped[list[Any]] = mapped_column(
        sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), default=list
    )
    is_reckoned: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime]


def _partial_index(name: str, *columns: str, where: str) -> sa.Index:
    """An index of orders that only those in a certain state are in."""
    condition = sa.text(where)
    return sa.Index(
        f"ix_orders_shop_id_{name}",
        "shop_id",
        *columns,
        postgresql_where=condition,
        sqlite_where=condition,
    )


class Order(Base):
    """Our copy of one order. `updated_at` is the platform's own. `is_located`: its lines have been
    read since its items last changed. `is_stale`: something changed that no webhook told, so it must
    be read. `asked_at` is when the platform was last asked for it since. `judge_at` is when its
    desired state must be compared with what it shows; while `held_at` is set a person holds that back.
    `is_ranked_by_hand`: a person set its priority, and no rule changes it.

    Sums of its promises, so that lists need not add them up: `short` units, `short_value` their price
    as far as it is known (see `app.platforms.base.OrderItem`), `short_since` the first of them,
    `expected_on` the last (None: not short, or nobody knows), `unbacked_on` the first day that is
    promised with no arrival behind it. `released_on` is the day on which it was written that its stock
    has come, `waits_as` the status that was written last, while that is one of waiting. `bulk` says
    where it is in a write of many orders (see `app.db.bulk_writes`)."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.Index("ix_orders_shop_id_judge_at", "shop_id", "judge_at"),
        # Lists: all orders by time, those short by each of their sorts, and the few that need somebody.
        # `text_pattern_ops`: the beginning of a number is looked up whatever the database's collation.
        sa.Index(
            "ix_orders_shop_id_name", "shop_id", "name", postgresql_ops={"name": "text_pattern_ops"}
        ),
        sa.Index("ix_orders_shop_id_placed_at", "shop_id", "placed_at", "order_id"),
        _partial_index("short", "placed_at", "order_id", where="short > 0"),
        _partial_index("short_since", "short_since", "order_id", where="short > 0"),
        _partial_index("expected_on", "expected_on", "order_id", where="short > 0"),
        _partial_index("unbacked_on", "unbacked_on", where="unbacked_on IS NOT NULL"),
        _partial_index("preorder", "placed_at", "order_id", where="waits_as = 'preorder'"),
        _partial_index("released_on", "released_on", where="released_on IS NOT NULL"),
        _partial_index("problem", "placed_at", "order_id", where="problem IS NOT NULL"),
        _partial_index("held_at", "placed_at", "order_id", where="held_at IS NOT NULL"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    placed_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    priority: Mapped[int] = mapped_column(sa.Integer(), default=0)
    is_ranked_by_hand: Mapped[bool] = mapped_column(default=False)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    is_gone: Mapped[bool] = mapped_column(default=False)
    is_located: Mapped[bool] = mapped_column(default=False)
    is_stale: Mapped[bool] = mapped_column(default=False)
    first_seen_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    judge_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    short: Mapped[int] = mapped_column(default=0)
    short_value: Mapped[int | None]
    short_since: Mapped[datetime | None]
    expected_on: Mapped[date | None]
    unbacked_on: Mapped[date | None]
    released_on: Mapped[date | None]
    waits_as: Mapped[str] = mapped_column(default="")
    bulk: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    problem: Mapped[str | None]


class OrderItemRow(Base):
    """One line item of an order, as last told (see `app.platforms.base.OrderItem`)."""

    __tablename__ = "order_items"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_order_items_shop_id_variant_id", "shop_id", "variant_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    variant_id: Mapped[int]
    ordered: Mapped[int]
    outstanding: Mapped[int]
    backordered: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    sku: Mapped[str]
    unit_price: Mapped[int | None]
    selling_plan_id: Mapped[int | None]


class LineRow(Base):
    """The outstanding units of one item in one order at one location (see `app.core.model.Line`).

    `parts`: of each of its line items its id, and the figures of `app.core.taken.Units`; None where
    it is not remembered what the order took."""

    __tablename__ = "lines"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_lines_shop_id_item_id", "shop_id", "item_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[int]
    backordered: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int | None]
    parts: Mapped[list[Any] | None]
    waiting: Mapped[int] = mapped_column(default=0)


class DemandChangeRow(Base):
    """What one change of an order took of an item's figures, kept for as long as readings may not show
    it (see `app.core.freshness.DemandChange`)."""

    __tablename__ = "demand_changes"
    __table_args__ = (sa.Index("ix_demand_changes_shop_id_item_id", "shop_id", "item_id"),)

    id: Mapped[int] = mapped_column(_ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    order_id: Mapped[int]
    item_id: Mapped[int]
    location_id: Mapped[int]
    at: Mapped[datetime]
    units: Mapped[int]
    short: Mapped[int] = mapped_column(default=0)


class DoubtRow(Base):
    """An order of which the figures of an item can't tell yet whether it is short: what it shows stands
    until they can, at the latest `until`."""

    __tablename__ = "doubts"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_doubts_shop_id_item_id", "shop_id", "item_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until: Mapped[datetime]


class ReservationRow(Base):
    """Units of an item that are committed to something that is no order, as last read (see
    `app.platforms.base.Reservation`)."""

    __tablename__ = "reservations"
    __table_args__ = (sa.Index("ix_reservations_shop_id_item_id", "shop_id", "item_id"),)

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    location_id: Mapped[int | None]
    quantity: Mapped[int]
    placed_at: Mapped[datetime]


class RouteRow(Base):
    """A routed part of an order by the platform's own id, so that a webhook that names only the part
    finds its order."""

    __tablename__ = "routes"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_routes_shop_id_order_id", "shop_id", "order_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    route_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int]


class PromiseRow(Base):
    """What we say about one line that is short, or was and has not been judged since (`short` 0).
    `short_since` is when it was short first, `first_expected_on` the first day promised since."""

    __tablename__ = "promises"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_promises_shop_id_item_id", "shop_id", "item_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    short: Mapped[int]
    expected_on: Mapped[date | None]
    basis: Mapped[str]
    words: Mapped[str]
    short_since: Mapped[datetime]
    first_expected_on: Mapped[date | None]


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
        sa.Index(
            "ix_arrivals_shop_id_sku",
            "shop_id",
            "sku",
            postgresql_where=sa.text("item_id IS NULL"),
            sqlite_where=sa.text("item_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(_ROW_ID, primary_key=True)
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
    state: Mapped[str] = mapped_column(default="expected")
    source: Mapped[str] = mapped_column(default="typed")
    source_key: Mapped[str | None]
    list_name: Mapped[str | None]
    stock_when_told: Mapped[int | None]
    received_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


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


class NoticeRow(Base):
    """The log of what was told to a buyer about a delay and what they answered, append-only. `kind` is
    one of `app.core.regimes.Told`; `revised_on` is the day that was named (None: unknown); `by` is who
    says so, never the buyer's name."""

    __tablename__ = "notices"
    __table_args__ = (sa.Index("ix_notices_shop_id_order_id", "shop_id", "order_id"),)

    id: Mapped[int] = mapped_column(_ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    order_id: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str]
    revised_on: Mapped[date | None]
    by: Mapped[str]
    recorded_at: Mapped[datetime]


class ShownRow(Base):
    """What an order shows by our own doing (see `app.core.desired.Shown`). `intent` is what was about
    to be sent when its answer was still out: tags found on the order that stand in it are ours.
    `foreign` is what others did to it (see `app.core.foreign.Foreign`)."""

    __tablename__ = "shown"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shown: Mapped[dict[str, Any]]
    intent: Mapped[dict[str, Any] | None]
    foreign: Mapped[dict[str, Any] | None]
    written_at: Mapped[datetime | None]


IN_BULK, TAGGED = "in bulk", "tagged"


class BulkWriteRow(Base):
    """Tags being written in the background, or a rest from it until `look_at` (see
    `app.db.bulk_writes`). `parts` are its operations: the platform's id of each, and its orders in the
    order of its lines."""

    __tablename__ = "bulk_writes"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    state: Mapped[str]
    begun_at: Mapped[datetime]
    look_at: Mapped[datetime]
    parts: Mapped[list[Any]]


class Event(Base):
    """The audit: what changed, from what, to what, why, and which delivery or arrival caused it.
    Append-only; it outlives the order it speaks of."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_shop_id_order_id", "shop_id", "order_id"),
        sa.Index("ix_events_shop_id_id", "shop_id", "id"),
        sa.Index("ix_events_shop_id_at", "shop_id", "at", "id"),
        sa.Index("ix_events_shop_id_kind_at", "shop_id", "kind", "at", "id"),
    )

    id: Mapped[int] = mapped_column(_ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    order_id: Mapped[int | None]
    item_id: Mapped[int | None]
    before: Mapped[str] = mapped_column(default="")
    after: Mapped[str] = mapped_column(default="")
    why: Mapped[str] = mapped_column(default="")
    cause: Mapped[str | None]


class StaffRow(Base):
    """A person without an account at the platform who may look at one shop, or manage it. Each shop has
    its own password for an address, so that whoever invites somebody to one shop, and may see the link,
    gains nothing in another. There is none until it was set through the one-time link, of which only
    the digest is kept."""

    __tablename__ = "staff"
    __table_args__ = (
        sa.Index("ix_staff_email", "email"),
        sa.Index("ix_staff_link_digest", "link_digest"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    invited_at: Mapped[datetime]
    password_hash: Mapped[str | None]
    link_digest: Mapped[str | None]
    link_until: Mapped[datetime | None]


class SignInRow(Base):
    """What one signed-in browser may see of one shop; the rows of one `digest` are its whole access.
    The browser holds the token, we hold its SHA-256. `subject` is whoever signed in, in the words of
    the place they came from."""

    __tablename__ = "sign_ins"
    __table_args__ = (
        sa.Index("ix_sign_ins_digest", "digest"),
        sa.Index("ix_sign_ins_shop_id_subject", "shop_id", "subject"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    is_embedded: Mapped[bool]
    began_at: Mapped[datetime]
    used_at: Mapped[datetime]


class UsedTokenRow(Base):
    """A signed token that the platform means to be used once (its `jti`), kept while it could be used
    again."""

    __tablename__ = "used_tokens"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


# How the tables meet: a line item names a variant, a variant sells an item.
NAMES = sa.and_(Variant.shop_id == OrderItemRow.shop_id, Variant.variant_id == OrderItemRow.variant_id)
SELLS = sa.and_(Item.shop_id == Variant.shop_id, Item.item_id == Variant.item_id)
