"""Files that name items by barcode or by the supplier's own SKU, through to the date on the order."""

import io

import pytest
import sqlalchemy as sa
from redis import Redis

from app.pipeline import doorbell
from app.pipeline.arrivals import Bad, Report
from app.pipeline.files.importing import examine_for_shop, import_file
from app.pipeline.files.options import Options
from app.settings import Settings
from tests.journeys.test_bigcommerce_story import Store, open_store
from tests.pipeline.stage import Stage, open_shop
from tests.world import World

EAN = "4006381333931"


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A Shopify shop that has run out of mugs."""
    return open_shop(clean_pg, redis, settings)


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A BigCommerce store that has one mug left."""
    return open_store(clean_pg, redis, settings)


def send(
    world: World,
    *lines: str,
    columns: str = "PO number,EAN,Qty,Expected date",
    options: Options = Options(),  # noqa: B008 -- frozen
) -> tuple[Report, list[Bad]]:
    """A person imports a file of these lines."""
    content, now = "\n".join((columns, *lines)).encode(), world.clock()
    bad: list[Bad] = []
    with world.runtime.sessions.begin() as session:
        layout = examine_for_shop(
            session, world.shop_id, lambda: io.BytesIO(content), options=options, now=now
        )
    report = import_file(
        world.runtime.sessions,
        world.shop_id,
        layout,
        name="po.csv",
        now=now,
        is_rehearsal=False,
        on_bad=bad.append,
    )
    doorbell.ring(world.runtime.redis, world.shop_id)
    return report, bad


def test_shopify_a_file_without_skus_dates_the_order_by_barcode(stage: Stage) -> None:
    stage.world.shop.set_barcode(stage.mug.variant_id, f"0{EAN}")
    order_id = stage.ordered()

    report, bad = send(stage.world, f"PO-1,{EAN},40,2026-12-05")
    stage.settle_down()

    assert (report.new, report.waiting, bad) == (1, 0, [])
    assert "1 line is matched by barcode." in report.notes
    assert "Expected to ship by Dec 5, 2026" in stage.world.note(order_id)


def test_shopify_a_barcode_that_is_entered_later_dates_the_order(stage: Stage) -> None:
    order_id = stage.ordered()
    report, _ = send(stage.world, f"PO-1,{EAN},40,2026-12-05")
    stage.settle_down()
    before = stage.world.note(order_id)

    stage.world.shop.set_barcode(stage.mug.variant_id, EAN)
    stage.settle_down()

    assert report.waiting == 1
    assert "Dec 5, 2026" not in before
    assert "Expected to ship by Dec 5, 2026" in stage.world.note(order_id)
    again, _ = send(stage.world, f"PO-1,{EAN},40,2026-12-05")
    assert (again.unchanged, again.changed) == (1, 0)


def test_shopify_a_suppliers_sku_is_learned_from_purchase_orders(stage: Stage) -> None:
    order_id = stage.ordered()
    shop = stage.world.shop
    shop.order_goods(
        stage.main,
        {stage.mug.item_id: 40},
        supplier="Northern Pottery",
        ordered_at=stage.world.clock(),
        supplier_skus={stage.mug.item_id: "NP-778"},
    )
    stage.pass_hours()

    report, _ = send(
        stage.world, "#PO1,NP-778,40,2026-12-05", columns="PO number,Vendor SKU,Qty,Expected date"
    )
    stage.settle_down()

    assert "1 line is matched by supplier SKU." in report.notes
    assert "Expected to ship by Dec 5, 2026" in stage.world.note(order_id)


def test_shopify_a_barcode_of_two_items_is_asked(stage: Stage) -> None:
    towel = stage.world.shop.add_product(
        "Towel", sku="TOWEL", stock={stage.main: 0}, barcode=EAN
    ).variant_id
    stage.world.shop.set_barcode(stage.mug.variant_id, EAN)
    stage.world.shop.place_order([(stage.mug.variant_id, 1), (towel, 1)])
    stage.settle_down()

    _, bad = send(stage.world, f"PO-1,{EAN},40,2026-12-05")
    said = Options(skus={EAN: "TOWEL"})
    report, none = send(stage.world, f"PO-1,{EAN},40,2026-12-05", options=said)

    assert "2 items have the barcode" in bad[0].reason
    assert (report.new, none) == (1, [])


def test_reading_a_variant_asks_shopify_for_no_more_than_before(stage: Stage) -> None:
    stage.ordered()
    stage.pass_hours(5)

    asked = [one.operation for one in stage.world.shop.requests]
    # Webhooks of products tell barcodes too, so that often nothing is asked.
    assert asked.count("Variants") <= 1, asked


def test_bigcommerce_a_product_is_found_by_its_gtin_with_what_is_read_anyway(store: Store) -> None:
    world = store.world
    bowl = world.shop.add_product("Bowl", sku="BOWL", stock={store.main: 0}, gtin=EAN)
    store.pass_s(120)
    order_id = world.shop.place_order([(bowl.variant_id, 1)])
    store.pass_s(240)

    report, bad = send(world, f"PO-1,{EAN},40,2026-12-05")
    world.quiet()

    assert (report.waiting, bad) == (0, [])
    assert "Dec 5, 2026" in world.note(order_id)


def test_bigcommerce_codes_of_options_are_read_by_the_hour(store: Store) -> None:
    world = store.world
    small = world.shop.add_product("Robe", sku="R-S", stock={store.main: 0}, variant_title="S", upc=EAN)
    world.shop.add_product("Robe", product_id=small.product_id, variant_title="L", sku="R-L")
    store.pass_s(120)
    order_id = world.shop.place_order([(small.variant_id, 1)])
    store.pass_s(240)
    world.clock.sleep(3700)
    world.quiet()

    report, bad = send(world, f"PO-1,{EAN},40,2026-12-05")
    world.quiet()

    assert (report.waiting, bad) == (0, [])
    assert "Dec 5, 2026" in world.note(order_id)


def test_bigcommerce_codes_are_read_once_a_week(store: Store) -> None:
    world = store.world
    small = world.shop.add_product("Robe", sku="R-S", stock={store.main: 0}, variant_title="S", upc=EAN)
    world.shop.add_product("Robe", product_id=small.product_id, variant_title="L", sku="R-L")
    store.pass_s(120)
    world.shop.place_order([(small.variant_id, 1)])
    store.pass_s(240)

    for _ in range(4):
        world.clock.sleep(3700)
        world.quiet()

    asked = [one for one in world.shop.requests if "/catalog/variants" in one.operation]
    assert len(asked) == 1
