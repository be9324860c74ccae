"""The installed shops: who they are, who may work on them now, and which of them have work."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.skew import as_skew
from app.core.states import ImportState, ShopStatus
from app.db import selling, showing, tokens
from app.db.audit import record_event
from app.db.holds import ask_for_checks_of_all
from app.db.models import Base, Shop
from app.db.stale_orders import mark_open_stale
from app.db.statements import affected_rows, insert_new

LEASE = timedelta(seconds=60)


class LeaseLostError(Exception):
    """Another worker has taken the shop over: this one was silent for too long and must stop."""


def find_shop(session: Session, platform: str, domain: str) -> Shop | None:
    """The shop of that platform and domain, removed ones included."""
    return session.scalar(sa.select(Shop).where(Shop.platform == platform, Shop.domain == domain))


def find_ids(session: Session | sa.Connection, domains: Collection[str]) -> dict[tuple[str, str], int]:
    """Our number of every shop that has one of the domains, by platform and domain."""
    columns = (Shop.platform, Shop.domain, Shop.id)
    found = session.execute(sa.select(*columns).where(Shop.domain.in_(domains)))
    return {(platform, domain): shop_id for platform, domain, shop_id in found}


def get_shop(session: Session, shop_id: int) -> Shop:
    """The shop with that id. Raises `sqlalchemy.exc.NoResultFound`."""
    return session.get_one(Shop, shop_id)


def is_leaving(shop: Shop, *, now: datetime) -> bool:
    """Whether every row of the shop is to go now."""
    return shop.status == ShopStatus.ERASING or _is_to_be_erased(shop, now)


def exists(session: Session, shop_id: int) -> bool:
    """Whether there is such a shop; a job may come when it has been erased."""
    return session.get(Shop, shop_id) is not None


def list_shops(session: Session) -> Sequence[Shop]:
    """All shops, oldest first."""
    return session.scalars(sa.select(Shop).order_by(Shop.id)).all()


def install_shop(
    session: Session, *, platform: str, domain: str, now: datetime, skew_s: float | None = None
) -> Shop:
    """The shop's row, made if it is new, woken if it was removed or waited for its merchant. A
    reinstall finds its data again, unless it was to be erased. `now` is by our clock, of which the
    platform's is ahead by `skew_s`, as far as it told."""
    old = find_shop(session, platform, domain)
    if old is not None and is_leaving(old, now=now):
        erase_shop(session, old.id)
        session.expunge(old)
    # Whoever installs the same shop at the same moment makes the row; both go on with it.
    insert_new(session, Shop, [{"platform": platform, "domain": domain, **_begun(now, skew_s)}])
    where = (Shop.platform == platform, Shop.domain == domain)
    shop = session.scalars(sa.select(Shop).where(*where).with_for_update(key_share=True)).one()
    _work_again(session, shop, now)
    shop.skew_s = shop.skew_s if skew_s is None else skew_s
    shop.installed_at, shop.erase_at = now + shop.skew, None
    ask_for_checks_of_all(session, shop, now)
    selling.ask_for_checks_of_all(session, shop, now)
    session.flush()
    return shop


def _work_again(session: Session, shop: Shop, now: datetime) -> None:
    """What was taken back before the app was removed is done anew. Whether it was removed meanwhile is
    not asked: the platform may not have told yet."""
    if shop.gives_back:
        shop.gives_back = False
        showing.judge_all(session, shop.id, at=now)
    shop.status, shop.problem, shop.wait_until = ShopStatus.ACTIVE, None, None


def _begun(now: datetime, skew_s: float | None) -> dict[str, datetime]:
    there = now + as_skew(skew_s)
    return {"installed_at": there, "changed_since": there, "hourly_check_at": now}


def _is_to_be_erased(shop: Shop, now: datetime) -> bool:
    return shop.status == ShopStatus.REMOVED and shop.erase_at is not None and shop.erase_at <= now


def pause_shop(session: Session, shop_id: int, problem: str, *, now: datetime) -> None:
    """Stop work for the shop until its merchant has acted."""
    shop = get_shop(session, shop_id)
    if shop.status not in (ShopStatus.ACTIVE, ShopStatus.NEEDS_MERCHANT):
        return  # it was uninstalled meanwhile
    shop.status, shop.problem = ShopStatus.NEEDS_MERCHANT, problem
    record_event(session, shop_id, "needs merchant", at=now, why=problem)


def wait(session: Session, shop_id: int, *, until: datetime, reason: str = "") -> None:
    """The platform is not called before then: it asks for patience, or for a `reason` that somebody
    here must put right."""
    shop = get_shop(session, shop_id)
    shop.wait_until, shop.wait_reason = until, reason


def forget_failures(session: Session, shop_id: int, *, now: datetime) -> None:
    """The platform serves the shop again, unless it has failed just now: the next retry comes soon."""
    is_well = sa.or_(Shop.wait_until.is_(None), Shop.wait_until <= now)
    where = (Shop.id == shop_id, Shop.failures > 0, is_well)
    session.execute(sa.update(Shop).where(*where).values(failures=0))


def remove_shop(shop: Shop, *, problem: str, erase_at: datetime | None = None) -> None:
    """No token, no work; the data stays until `erase_at`, or the platform asks for it to be erased,
    since a merchant may come back. Whoever told us arrivals needs a new token then."""
    tokens.forget(shop)
    shop.api_token_digest = None
    shop.status, shop.problem, shop.erase_at = ShopStatus.REMOVED, problem, erase_at


def ask_to_check(shop: Shop) -> None:
    """Have scopes, settings and webhooks looked at before anything else. A shop that waited for its
    merchant works again, if they are right."""
    shop.subscribed_at = None
    if shop.status == ShopStatus.NEEDS_MERCHANT:
        shop.status, shop.problem, shop.wait_until = ShopStatus.ACTIVE, None, None


def is_of_earlier_install(shop: Shop, told_at: datetime | None) -> bool:
    """Whether what the platform told of happened before the merchant last gave us access: webhooks
    come late and twice, and an old farewell must not end a new install."""
    return told_at is not None and told_at < shop.installed_at


def ask_to_poll(shop: Shop, *, now: datetime) -> None:
    """A webhook named an order without telling it: the platform's list of changed orders must be
    read."""
    shop.poll_due_at = shop.poll_due_at or now


def expect_inbound(shop: Shop, *, now: datetime) -> None:
    """Shipments on their way must be read."""
    shop.inbound_at = min(shop.inbound_at or now, now)


def ask_to_catch_up(session: Session, shop: Shop, *, now: datetime) -> None:
    """The shop is back: what happened while nobody told us is asked for."""
    mark_open_stale(session, shop.id)
    ask_to_sync(shop, now=now)


def ask_to_sync(shop: Shop, *, now: datetime) -> None:
    """Have every open order imported again, and the hourly check made now."""
    shop.import_state, shop.import_cursor, shop.import_done, shop.import_total = (
        ImportState.RUNNING,
        None,
        0,
        0,
    )
    shop.hourly_check_at, shop.wait_until = now, None


def ask_to_erase(shop: Shop) -> None:
    """The platform asks for everything we hold of the shop to be erased."""
    tokens.forget(shop)
    shop.api_token_digest = None
    shop.status = ShopStatus.ERASING


def erase_shop(session: Session, shop_id: int) -> dict[str, int]:
    """Delete every row of the shop; returns how many went, by table.

    Those that a later build has made go first: their rows belong to the shop as well, and keep it.
    """
    erased = {}
    for table in (*_unknown_tables(session), *reversed(Base.metadata.sorted_tables)):
        column = table.c.id if table.name == Shop.__tablename__ else table.c.shop_id
        erased[table.name] = affected_rows(session, sa.delete(table).where(column == shop_id))
    return erased


def _unknown_tables(session: Session) -> Sequence[sa.Table]:
    connection = session.connection()
    names = set(sa.inspect(connection).get_table_names()) - set(Base.metadata.tables)
    there = sa.MetaData()
    there.reflect(connection, only=sorted(names))  # and what they refer to
    found = [table for table in reversed(there.sorted_tables) if table.name in names]
    return [table for table in found if "shop_id" in table.c]


def take_lease(session: Session, shop_id: int, owner: str, *, now: datetime) -> bool:
    """Become the one worker of this shop for a minute, unless another one is. A killed worker's
    lease runs out by itself."""
    told = {"shop": shop_id, "owner": owner, "now": now, "until": now + LEASE}
    return affected_rows(session, _TAKE_LEASE, told) > 0


def keep_lease(session: Session, shop_id: int, owner: str, *, now: datetime) -> float | None:
    """Extend the lease as part of a transaction, which so can't be committed by a worker that has
    lost it. Returns the skew that is known. Raises `LeaseLostError`."""
    told = {"shop": shop_id, "owner": owner, "until": now + LEASE}
    kept = session.execute(
        _KEEP_LEASE, told, execution_options={"synchronize_session": False}
    ).one_or_none()
    if kept is None:
        message = f"Shop {shop_id} is worked on by somebody else"
        raise LeaseLostError(message)
    skew_s: float | None = kept[0]
    return skew_s


def keep_skew(session: Session, shop_id: int, skew_s: float | None) -> None:
    """So many seconds the platform's clock is ahead of ours."""
    session.execute(sa.update(Shop).where(Shop.id == shop_id).values(skew_s=skew_s))


def end_lease(session: Session, shop_id: int, owner: str) -> None:
    """Let go of the shop."""
    affected_rows(session, _END_LEASE, {"shop": shop_id, "owner": owner})


# Every transaction of a worker runs one of these: they are put together once.
_MINE = (Shop.id == sa.bindparam("shop"), Shop.lease_owner == sa.bindparam("owner"))
_IS_OVER = sa.or_(Shop.lease_until.is_(None), Shop.lease_until <= sa.bindparam("now"))
_TAKE_LEASE = (
    sa.update(Shop)
    .where(Shop.id == sa.bindparam("shop"), _IS_OVER | (Shop.lease_owner == sa.bindparam("owner")))
    .values(lease_owner=sa.bindparam("owner"), lease_until=sa.bindparam("until"))
)
_KEEP_LEASE = (
    sa.update(Shop).where(*_MINE).values(lease_until=sa.bindparam("until")).returning(Shop.skew_s)
)
_END_LEASE = sa.update(Shop).where(*_MINE).values(lease_owner=None, lease_until=None)
