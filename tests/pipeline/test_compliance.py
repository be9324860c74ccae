"""What the law asks for today, and the log of what was told."""

from datetime import date

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from redis import Redis

from app.cli import main
from app.core.regimes import NoticeKind
from app.db import shops
from app.db.models import NoticeRow, Order
from app.pipeline.compliance import Obligation, log_notice, obligations_today
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop
from tests.world import make_store_world


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs and sells under US law."""
    return open_shop(clean_pg, redis, settings, then=go_by_us_law)


def go_by_us_law(stage: Stage) -> None:
    """The law that its orders are under."""
    with stage.world.runtime.sessions.begin() as session:
        shops.get_shop(session, stage.world.shop_id).regime = "us-mitor"


def due(stage: Stage) -> list[Obligation]:
    """What is to be done now."""
    with stage.world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, stage.world.shop_id)
        return obligations_today(session, shop, now=stage.world.clock())


def note(stage: Stage, order_id: int, kind: NoticeKind, revised_on: date | None = None) -> None:
    """The merchant notes what was told or answered."""
    now = stage.world.clock()
    with stage.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (stage.world.shop_id, order_id))
        log_notice(session, order, kind, revised_on=revised_on, by="ann", now=now)


def tag_notices(stage: Stage, *, wanted: bool = True) -> None:
    """The merchant wants a tag for the notices that are due, or no more."""
    stage.choose(tags_delay_notices=wanted)


def test_an_order_that_can_not_ship_in_time_asks_for_a_notice(stage: Stage) -> None:
    late = stage.first_order()
    undated = stage.order(1)
    stage.settle_down()
    stage.world.expect(stage.mug, 1, "2027-01-10")
    stage.settle_down()

    found = {each.order.order_id: each for each in due(stage)}

    assert (found[late].act, found[undated].act) == ("notice", "notice, with express consent")
    assert found[late].by == date(2026, 12, 25)
    assert "Jan 10, 2027" in found[late].words
    assert "a time that we do not know yet" in found[undated].words


def test_silence_is_consent_to_a_first_short_delay(stage: Stage) -> None:
    order_id = stage.first_order()
    stage.world.expect(stage.mug, 1, "2027-01-10")
    stage.settle_down()

    note(stage, order_id, NoticeKind.DELAY, date(2027, 1, 12))

    assert due(stage) == []


def test_nothing_is_due_of_an_order_that_is_served_or_cancelled(stage: Stage) -> None:
    served, cancelled = stage.order(1), stage.order(1)
    stage.settle_down()
    assert {each.order.order_id for each in due(stage)} == {served, cancelled}

    stage.restock(1)
    stage.world.shop.cancel_order(cancelled)
    stage.settle_down()

    assert due(stage) == []


def test_without_a_regime_nothing_is_due(stage: Stage) -> None:
    stage.first_order()
    with stage.world.runtime.sessions.begin() as session:
        shops.get_shop(session, stage.world.shop_id).regime = "none"

    assert due(stage) == []


def test_no_notice_in_a_month_means_a_refund_and_nothing_is_done_by_itself(stage: Stage) -> None:
    order_id = stage.first_order()

    stage.pass_hours(24 * 31)

    (one,) = due(stage)
    assert (one.act, one.words) == ("refund", "")
    assert stage.world.order(order_id).cancelled_at is None


def test_an_order_is_tagged_until_its_buyer_was_told(stage: Stage) -> None:
    order_id = stage.first_order()
    assert stage.world.tags(order_id) == {"backordered"}

    tag_notices(stage)
    assert stage.world.tags(order_id) == {"backordered", "backorder-delay-notice-due"}

    stage.world.expect(stage.mug, 1, "2027-01-10")
    stage.settle_down()
    note(stage, order_id, NoticeKind.DELAY, date(2027, 1, 12))
    stage.settle_down()
    assert stage.world.tags(order_id) == {"backordered"}


def test_a_new_order_that_can_not_ship_in_time_is_tagged_at_once(stage: Stage) -> None:
    tag_notices(stage)
    in_time = stage.order(1)
    stage.settle_down()
    stage.world.expect(stage.mug, 1, "2026-12-05")

    late = stage.order(1)
    stage.settle_down()

    assert "backorder-delay-notice-due" not in stage.world.tags(in_time)
    assert "backorder-delay-notice-due" in stage.world.tags(late)


def test_the_tag_comes_off_when_the_day_is_in_time_again_or_stock_comes(stage: Stage) -> None:
    tag_notices(stage)
    first, second = stage.order(1), stage.order(1)
    stage.settle_down()
    assert stage.world.tags(first) == stage.world.tags(second) >= {"backorder-delay-notice-due"}

    stage.restock(1)
    stage.world.expect(stage.mug, 1, "2026-12-05")
    stage.settle_down()

    assert stage.world.tags(first) == {"backorder-released"}
    assert stage.world.tags(second) == {"backordered"}


def test_whoever_wants_no_such_tag_any_more_has_it_taken_off(stage: Stage) -> None:
    tag_notices(stage)
    order_id = stage.order(1)
    stage.settle_down()

    tag_notices(stage, wanted=False)

    assert stage.world.tags(order_id) == {"backordered"}


def test_a_month_later_nobody_is_to_be_told_any_more(stage: Stage) -> None:
    """The order counts as cancelled by then, and the money is due."""
    tag_notices(stage)
    order_id = stage.order(1)
    stage.settle_down()

    stage.pass_hours(24 * 31)

    assert stage.world.tags(order_id) == {"backordered"}


def test_where_orders_have_no_tags_the_words_stand_in_the_note(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    world = make_store_world(clean_pg, redis, settings)
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={place: 0})
    world.connect()
    with world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, world.shop_id)
        shop.regime, shop.tags_delay_notices = "us-mitor", True

    order_id = world.shop.place_order([(mug.variant_id, 1)])
    world.quiet()

    assert world.tags(order_id) == {"backordered", "backorder-delay-notice-due"}


def test_the_command_line_lists_and_records(
    stage: Stage, clean_pg: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = stage.order(1)
    stage.settle_down()
    monkeypatch.setenv("DATABASE_URL", clean_pg.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("ENCRYPTION_KEYS", ",".join(settings.encryption_keys))
    domain, name = stage.world.shop.domain, stage.world.order(order_id).name

    listed = CliRunner().invoke(main, ["notices", "due", domain])
    noted = CliRunner().invoke(
        main, ["notices", "record", domain, name, "delay notice", "--revised-on", "2026-12-28"]
    )
    unknown = CliRunner().invoke(main, ["notices", "record", domain, "#0", "refund"])

    assert (noted.exit_code, unknown.exit_code) == (0, 1), noted.output
    assert listed.exit_code == 0
    with stage.world.runtime.sessions.begin() as session:
        rows = session.scalars(sa.select(NoticeRow)).all()
        assert [(row.order_id, row.kind, row.revised_on) for row in rows] == [
            (order_id, "delay notice", date(2026, 12, 28))
        ]


@pytest.mark.parametrize(("regime", "is_named"), [("eu", True), ("uk", False), ("us-mitor", False)])
def test_a_notice_under_european_law_names_the_function_to_withdraw(
    stage: Stage, regime: str, is_named: bool
) -> None:
    """Directive 2011/83/EU, Article 11a: in force since June 19, 2026."""
    stage.first_order()
    with stage.world.runtime.sessions.begin() as session:
        shops.get_shop(session, stage.world.shop_id).regime = regime
    stage.pass_hours(24 * 28)

    (task,) = due(stage)

    assert ("withdraw from contract here" in task.words) is is_named
    assert ("We had to deliver by Dec 25, 2026" in task.words) is (regime != "us-mitor")


def test_a_notice_under_australian_law_offers_the_new_time_or_the_money(stage: Stage) -> None:
    stage.first_order()
    with stage.world.runtime.sessions.begin() as session:
        shops.get_shop(session, stage.world.shop_id).regime = "au"
    stage.pass_hours(24 * 28)

    (task,) = due(stage)

    assert "later than the time we stated, or than is reasonable where we stated none" in task.words
    assert "refund all you paid for what we have not supplied" in task.words
