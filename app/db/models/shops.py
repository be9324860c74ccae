"""The shops, and what each is, has, wishes and is about to do."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.skew import as_skew
from app.core.states import ImportState, ShopStatus
from app.db.models.base import ROW_ID, Base


class Shop(Base):
    """One installed Shopify shop or BigCommerce store.

    `status` is active, needs_merchant (`problem` says what to do), removed (uninstalled; no token)
    or erasing (every row of it is about to go). `installed_at` is when its merchant last gave us
    access, by the platform's clock: what it told of before then is of an earlier install. `erase_at` is
    when everything of a removed shop goes by itself. `token_until` is when the access token ends (None:
    never), `refresh_until` when the one that renews it does. `renewing_owner` may ask for new ones
    until `renewing_until`. `changed_since` is how far the platform's own list of
    changed orders has been read, `changes_read_at` when it was last read to its end;
    `unread_orders` are those on it that are newer than our copies and must be read.
    `poll_due_at`: webhooks named orders without telling them, so the list must be read by then.
    `limits` are sentences on what does not work with the shop's settings at the platform.
    `waiting_status_id` is the order status that orders get while they wait, where the merchant wants it.
    `subscriptions` are the webhook topics that the platform refused when they were last registered, at
    `subscribed_at` (None: they must be now), and its words about each.
    What the merchant set: `tag_names` by our own words for them and `wording` by language and sentence,
    where they differ from ours, `priority_rules` (a tag of the merchant's, and the priority it gives an
    order), `holds` (see `app.core.holds.Policy`) and `hold_rules` (another policy for orders with a
    tag), `moves` (what waits is moved to where it is in stock), `restocks` (see
    `app.core.passing.Restocks`) with how often an order may be passed over (`skip_times`) and how long
    after it began to wait (`skip_days`), `selling` (see `app.core.selling.SellingPolicy`) with
    `longest_wait_days` and `most_ahead` units of an item for it, of no more than `most_stopped_items`
    items at once (`keeps_restocks`: safety stock may be raised), `gives_back` (whatever we changed is
    taken back, and nothing changed any more: the app is to be removed), and `overridden_settings`, the
    names of the columns that connecting again must leave as they are.
    Inbound shipments must be read by `inbound_at`; they were last read at `inbound_read_at`, of the
    locations `inbound_places`. `reservations_read_at` is when what is committed to no order was.
    `api_token_digest` is the SHA-256 of the token with which other systems may tell arrivals.
    `promise_quantile` is the share of promises to be kept, `country` (US, DE-BY) says which days are
    working days but for the `closing_days` (see `app.core.closing`); `handling_days` of them go by
    between arrival and dispatch. What comes at the hour of `cut_off` or later ("14:00" in the shop's
    time; empty: none) counts as of the next working day. Parcels leave on the days of
    `carrier_country`, suppliers deliver on those of `supplier_countries` (see
    `app.pipeline.calendars.supplier_countries`). With `says_range` notes name the days between which
    half and `promise_quantile` of all cases come. `regime` is the law of
    late deliveries that is watched (see `app.core.regimes`); with `tags_delay_notices` orders whose
    buyers must be told are tagged.
    `skew_s` is by how many seconds the platform's clock is ahead of ours (None: not known yet; see
    `app.core.skew`), by which its moments are compared with ours.
    `lease_owner` may work on the shop until `lease_until`. `wait_until` is when the platform may be
    called again; `wait_reason` says why not before, where that is not the platform's wish.
    """

    __tablename__ = "shops"
    __table_args__ = (sa.UniqueConstraint("platform", "domain"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
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
    status: Mapped[str] = mapped_column(default=ShopStatus.ACTIVE)
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
    cut_off: Mapped[str] = mapped_column(default="")
    carrier_country: Mapped[str] = mapped_column(default="")
    supplier_countries: Mapped[str] = mapped_column(default="")
    says_range: Mapped[bool] = mapped_column(default=False)
    regime: Mapped[str] = mapped_column(default="none")
    tags_delay_notices: Mapped[bool] = mapped_column(default=False)
    tag_names: Mapped[dict[str, Any]] = mapped_column(default=dict)
    wording: Mapped[dict[str, Any]] = mapped_column(default=dict)
    priority_rules: Mapped[list[Any]] = mapped_column(default=list)
    overridden_settings: Mapped[list[Any]] = mapped_column("chosen", default=list)
    waiting_status_id: Mapped[int | None]
    holds: Mapped[str] = mapped_column(default="off")
    hold_rules: Mapped[list[Any]] = mapped_column(default=list)
    moves: Mapped[bool] = mapped_column(default=False)
    restocks: Mapped[str] = mapped_column(default="strict")
    skip_times: Mapped[int] = mapped_column(sa.Integer(), default=3)
    skip_days: Mapped[int] = mapped_column(sa.Integer(), default=14)
    selling: Mapped[str] = mapped_column(default="off")
    longest_wait_days: Mapped[int | None] = mapped_column(sa.Integer())
    most_ahead: Mapped[int | None] = mapped_column(sa.Integer())
    most_stopped_items: Mapped[int] = mapped_column(sa.Integer(), default=50)
    keeps_restocks: Mapped[bool] = mapped_column(default=False)
    gives_back: Mapped[bool] = mapped_column(default=False)
    installed_at: Mapped[datetime]
    erase_at: Mapped[datetime | None]
    changed_since: Mapped[datetime]
    changes_read_at: Mapped[datetime | None]
    unread_orders: Mapped[list[Any]] = mapped_column(default=list)
    poll_due_at: Mapped[datetime | None] = mapped_column("news_at")
    limits: Mapped[list[Any]] = mapped_column(default=list)
    subscriptions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    subscribed_at: Mapped[datetime | None]
    # The column keeps its first name: the build before works beside this one.
    hourly_check_at: Mapped[datetime] = mapped_column("reconcile_at")
    inbound_at: Mapped[datetime | None]
    inbound_read_at: Mapped[datetime | None]
    reservations_read_at: Mapped[datetime | None]
    inbound_places: Mapped[list[Any]] = mapped_column(default=list)
    api_token_digest: Mapped[str | None] = mapped_column(unique=True)
    wait_until: Mapped[datetime | None]
    wait_reason: Mapped[str] = mapped_column(default="")
    failures: Mapped[int] = mapped_column(sa.Integer(), default=0)
    skew_s: Mapped[float | None] = mapped_column(sa.Float())
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    import_state: Mapped[str] = mapped_column(default=ImportState.NONE)
    import_cursor: Mapped[str | None]
    import_done: Mapped[int] = mapped_column(default=0)
    import_total: Mapped[int] = mapped_column(default=0)

    @property
    def skew(self) -> timedelta:
        """How far the platform's clock is ahead of ours, as far as it is known."""
        return as_skew(self.skew_s)
