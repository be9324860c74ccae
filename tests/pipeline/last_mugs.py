"""A shop that has sold more of its last mugs than it has, and short words for canceling those."""

import sqlalchemy as sa
from redis import Redis
from werkzeug.test import TestResponse

from app.db import items, variants
from app.db.items import ItemTerms
from app.db.models import RefundRow
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop
from tests.web.visitors import form_token

NOTHING = "Nothing was canceled here."


def last_mugs(engine: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop whose two mugs are the last ones; one of them is sold."""
    return open_shop(engine, redis, settings, stock=2, then=sell_the_last)


def sell_the_last(stage: Stage) -> None:
    """No more are made once one is sold."""
    stage.ordered()
    with stage.world.runtime.sessions.begin() as session:
        mug = variants.find_items(session, stage.world.shop_id, stage.mug.sku)[0]
        terms = ItemTerms("discontinued", None, None)
        items.change_terms(session, mug, terms, by="ann", now=stage.world.clock())
    stage.settle_down()


def page(stage: Stage, order_id: int) -> str:
    """The text of the page that cancels units."""
    return stage.page(f"/shops/{stage.world.shop_id}/orders/{order_id}/cancel-units")


def post(stage: Stage, order_id: int, path: str = "", **fields: str) -> TestResponse:
    """Send a form of it."""
    order = f"/shops/{stage.world.shop_id}/orders/{order_id}"
    token = form_token(stage.world.web.get(order))
    return stage.world.web.post(f"{order}/cancel-units{path}", data={"csrf_token": token, **fields})


def prepared(stage: Stage, order_id: int) -> str:
    """Prepare it; returns the key of what is shown."""
    assert post(stage, order_id, "/prepare").status_code == 303
    return rows(stage)[-1].key


def rows(stage: Stage) -> list[RefundRow]:
    """Every cancellation, oldest first."""
    with stage.world.runtime.sessions.begin() as session:
        return list(session.scalars(sa.select(RefundRow).order_by(RefundRow.id)))


def refunds(stage: Stage) -> list[str]:
    """What was refunded through the API."""
    return [one.detail for one in stage.world.shop.journal if one.kind == "refund created"]
