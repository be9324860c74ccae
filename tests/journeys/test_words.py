"""What orders say is true, at a shop of each platform: nobody is told that stock came if it did not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db.models import Event
from app.sandbox.shopify.shop import SandboxShop
from app.settings import Settings
from tests.beginnings import begin
from tests.world import World, make_store_world, make_world

STOCK_CAME = "the stock has arrived"


@dataclass
class Counter:
    """A connected shop or store that sells mugs and towels at one location."""

    world: World
    main: int
    mug: Any
    towel: Any

    def order(self, mugs: int = 0, *, towels: int = 0, note: str = "Ring twice") -> int:
        """A buyer orders; returns the order's number once all is written."""
        wanted = ((self.mug.variant_id, mugs), (self.towel.variant_id, towels))
        lines = [(variant_id, units) for variant_id, units in wanted if units]
        order_id = int(self.world.shop.place_order(lines, note=note))
        self.world.quiet()
        return order_id

    def restock(self, units: int, *, of: Any = None) -> None:
        """Mugs, or something else, come in; everything is written."""
        self.world.shop.adjust_stock((of or self.mug).item_id, self.main, units)
        self.world.quiet()

    def ship(self, order_id: int, units: int | None = None) -> None:
        """Staff send an order, or so many mugs of it."""
        line = self.world.order(order_id).lines[0].line_id
        self.world.shop.fulfil(order_id, None if units is None else {line: units})
        self.world.quiet()

    def stop_counting(self) -> None:
        """The merchant switches off that mugs are tracked."""
        if isinstance(self.world.shop, SandboxShop):
            self.world.shop.set_tracked(self.mug.item_id, is_tracked=False)
        else:
            self.world.shop.set_tracking(self.mug.product_id, "none")
        self.pass_an_hour()

    def pass_an_hour(self) -> None:
        """Let the hourly check find what no webhook tells."""
        self.world.quiet()
        self.world.clock.sleep(3601)
        self.world.quiet()

    def copy(self, order_id: int) -> tuple[str, set[str]]:
        """What another app remembers of an order: its whole note, and its tags."""
        return self.world.note(order_id), self.world.tags(order_id)

    def write_back(self, order_id: int, copy: tuple[str, set[str]], *, then_rest: bool = True) -> None:
        """Another app writes what it remembers over what stands there."""
        note, tags = copy
        self.world.shop.edit_note(order_id, note)
        if isinstance(self.world.shop, SandboxShop):
            self.world.shop.remove_tags(order_id, sorted(self.world.tags(order_id) - tags))
            self.world.shop.add_tags(order_id, sorted(tags))
        if then_rest:
            self.world.quiet()

    def all_of(self, order_id: int) -> tuple[set[str], str, dict[str, str]]:
        """Everything that an order may show of ours: tags or words, note, metafields."""
        return self.world.tags(order_id), self.world.note(order_id), self.world.metafields(order_id)

    def reasons(self, kind: str) -> list[str]:
        """The reasons of what happened, of one kind."""
        with self.world.runtime.sessions.begin() as session:
            return list(
                session.scalars(sa.select(Event.why).where(Event.kind == kind).order_by(Event.id))
            )


NOTHING = (set(), "Ring twice", {})

Open = Callable[..., Counter]


@pytest.fixture(params=["shopify", "bigcommerce"])
def open_counter(
    request: pytest.FixtureRequest, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> Open:
    """Opens a shop of the platform with so many mugs and towels."""
    machine = clean_pg, redis, settings

    def play(mugs: int, towels: int) -> tuple[World, tuple[int, Any, Any]]:
        if request.param == "shopify":
            world = make_world(*machine)
        else:
            world = make_store_world(*machine, quota_requests=100_000)
        main = world.shop.add_location("Main")
        mug = world.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={main: mugs})
        towel = world.shop.add_product("Tea Towel", sku="TOWEL", stock={main: towels})
        world.connect()
        world.quiet()
        return world, (main, mug, towel)

    def open_(mugs: int = 0, towels: int = 5) -> Counter:
        name = f"{request.param} with {mugs} mugs and {towels} towels"
        world, (main, mug, towel) = begin(machine, name, lambda: play(mugs, towels))
        return Counter(world, main, mug, towel)

    return open_


def test_an_order_whose_stock_has_come_says_so(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.restock(2)

    assert shop.world.tags(order_id) == {"backorder-released"}
    assert STOCK_CAME in shop.world.note(order_id)
    assert shop.reasons("promise")[-1] == "covered by stock that arrived"


def test_an_order_that_gets_what_a_canceled_one_held_is_released_without_an_arrival(
    open_counter: Open,
) -> None:
    """It is in stock, and nothing has arrived."""
    shop = open_counter(mugs=1)
    older, order_id = shop.order(1), shop.order(1)

    shop.world.shop.cancel_order(older, restock=True)
    shop.world.quiet()

    assert shop.world.tags(order_id) == {"backorder-released"}
    assert "Released Nov 25, 2026: in stock now" in shop.world.note(order_id)
    assert shop.reasons("promise")[-1] == "in stock, though nothing is known to have arrived"


def test_an_order_that_gets_what_an_older_one_gave_up_is_released_without_an_arrival(
    open_counter: Open,
) -> None:
    shop = open_counter(mugs=2)
    older, order_id = shop.order(2), shop.order(1)

    shop.world.shop.edit_order(older, {shop.world.order(older).lines[0].line_id: 1})
    shop.world.quiet()

    assert "Released Nov 25, 2026: in stock now" in shop.world.note(order_id)


def test_an_order_that_is_canceled_while_units_come_does_not_hide_that_they_came(
    open_counter: Open,
) -> None:
    shop = open_counter(mugs=1)
    older, order_id = shop.order(1), shop.order(1)

    shop.world.shop.cancel_order(older, restock=True)
    shop.restock(1)

    assert STOCK_CAME in shop.world.note(order_id)


def test_a_short_order_that_staff_ship_shows_nothing_any_more(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.ship(order_id)

    assert shop.all_of(order_id) == NOTHING
    assert shop.reasons("shown")[-1] == "it was shipped, whatever the figures said"


def test_a_short_order_that_is_shipped_bit_by_bit_is_never_called_released(open_counter: Open) -> None:
    shop = open_counter(mugs=1)
    order_id = shop.order(3)

    said = []
    for _ in range(3):
        shop.ship(order_id, 1)
        said.append(shop.world.note(order_id))

    assert [STOCK_CAME in note for note in said] == [False, False, False]
    assert shop.all_of(order_id) == NOTHING


def test_a_younger_order_that_is_shipped_first_is_not_called_released(open_counter: Open) -> None:
    """Its goods are those of the older one, which waits from then on."""
    shop = open_counter(mugs=2)
    older, younger = shop.order(2), shop.order(2)

    shop.ship(younger)

    assert shop.all_of(younger) == NOTHING
    assert shop.world.tags(older) == ({"backordered"} if shop.world.platform == "shopify" else set())


def test_an_order_of_a_deleted_product_shows_nothing_any_more(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.world.shop.delete_product(shop.mug.product_id)
    shop.pass_an_hour()

    assert shop.all_of(order_id) == NOTHING
    assert STOCK_CAME not in "".join(shop.reasons("shown"))


def test_an_order_whose_item_is_tracked_no_more_shows_nothing_any_more(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.stop_counting()

    assert shop.all_of(order_id) == NOTHING
    assert "no longer counted" in shop.reasons("promise")[-1]


def test_no_promise_is_kept_by_an_item_that_is_counted_no_more(open_counter: Open) -> None:
    """Nor by one that was shipped: what is learned of promises is learned from stock that came."""
    shop = open_counter()
    first = shop.order(2)
    shop.world.expect(shop.mug, 9, "2026-12-05")
    shop.order(1)
    shop.ship(first)

    shop.stop_counting()

    assert shop.reasons("promise kept") == shop.reasons("promise broken") == []


def test_stock_for_one_item_releases_an_order_whose_other_item_was_shipped(open_counter: Open) -> None:
    shop = open_counter(towels=0)
    order_id = shop.order(1, towels=1)
    shop.ship(order_id, 1)

    shop.restock(1, of=shop.towel)

    assert shop.world.tags(order_id) == {"backorder-released"}


# What other apps do to what we wrote


def test_an_old_note_that_another_app_put_back_is_put_right(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)
    old = shop.copy(order_id)
    shop.restock(2)
    released = shop.all_of(order_id)

    shop.write_back(order_id, old)

    assert shop.all_of(order_id) == released
    assert STOCK_CAME in released[1]


def test_a_note_that_is_put_back_after_the_order_has_shipped_or_was_cancelled_goes(
    open_counter: Open,
) -> None:
    shop = open_counter()
    shipped, cancelled = shop.order(2), shop.order(1)
    copies = shop.copy(shipped), shop.copy(cancelled)
    shop.ship(shipped)
    shop.world.shop.cancel_order(cancelled)
    shop.world.quiet()

    for order_id, old in zip((shipped, cancelled), copies, strict=True):
        shop.write_back(order_id, old)

    assert shop.all_of(shipped) == shop.all_of(cancelled) == NOTHING


def test_each_old_note_is_put_right_once_and_an_app_that_insists_is_left(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)
    old = shop.copy(order_id)
    shop.restock(2)
    right = shop.world.note(order_id)

    for _ in range(20):
        if shop.world.note(order_id) == right:
            shop.write_back(order_id, old)

    writes = [one for one in shop.world.shop.journal if one.kind == "note written"]
    assert len(writes) <= 3
    assert shop.world.note(order_id) == old[0]


def test_an_app_that_was_left_is_put_right_with_the_next_thing_there_is_to_say(
    open_counter: Open,
) -> None:
    shop = open_counter()
    order_id = shop.order(3)
    old = shop.copy(order_id)
    shop.restock(1)
    shop.write_back(order_id, old)
    shop.write_back(order_id, old)

    shop.restock(2)

    assert STOCK_CAME in shop.world.note(order_id)
    assert shop.world.note(order_id).count("[backorder]") == 1


def test_an_old_note_that_comes_back_a_day_later_is_put_right_again(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)
    old = shop.copy(order_id)
    shop.restock(2)
    right = shop.all_of(order_id)
    shop.write_back(order_id, old)
    shop.world.clock.sleep(24 * 3600)

    shop.write_back(order_id, old)

    assert shop.all_of(order_id) == right


def test_two_copies_of_our_block_become_one_and_the_text_around_them_stays(open_counter: Open) -> None:
    """Another app merged the note that it knew with the one that stood there."""
    shop = open_counter()
    order_id = shop.order(2)
    old, _ = shop.copy(order_id)
    shop.restock(2)
    _, right, _ = shop.all_of(order_id)
    block = right.removeprefix("Ring twice\n\n")

    shop.write_back(order_id, (f"VIP! {old} | {right}\n call first", shop.world.tags(order_id)))

    assert shop.world.note(order_id) == f"VIP! Ring twice | Ring twice\n\n{block}\n call first"


def test_a_block_that_was_removed_is_not_fought_over(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)

    shop.write_back(order_id, ("Ring twice", shop.world.tags(order_id)))
    shop.pass_an_hour()

    assert shop.world.note(order_id) == "Ring twice"


def test_a_copy_of_an_order_does_not_say_what_is_true_of_the_first(open_counter: Open) -> None:
    shop = open_counter()
    note, tags = shop.copy(shop.order(2))
    options = {"tags": sorted(tags)} if isinstance(shop.world.shop, SandboxShop) else {}

    copied = int(shop.world.shop.place_order([(shop.towel.variant_id, 1)], note=note, **options))
    shop.world.quiet()

    assert shop.all_of(copied) == NOTHING


def test_a_copy_that_is_short_itself_says_so_once(open_counter: Open) -> None:
    shop = open_counter()
    note, _ = shop.copy(shop.order(2))

    copied = shop.order(1, note=note)

    assert shop.world.note(copied).count("[backorder]") == 1
    assert "1 × Blue Mug (MUG-BLUE)" in shop.world.note(copied)
    assert shop.world.tags(copied) == {"backordered"}


def test_the_text_of_a_copy_that_comes_back_after_our_first_words_is_put_right(
    open_counter: Open,
) -> None:
    """What stood on it before we spoke contradicted nobody: whoever writes it again does so once."""
    shop = open_counter()
    old = shop.copy(shop.order(2))
    copied = shop.order(1, note=old[0])
    right = shop.all_of(copied)

    shop.write_back(copied, old)

    assert shop.all_of(copied) == right


def test_text_between_our_marks_that_is_not_in_our_words_is_a_persons(open_counter: Open) -> None:
    shop = open_counter()
    theirs = "[backorder]\nask Ann\n[/backorder]"

    order_id = shop.order(2, note=theirs)
    shop.restock(2)
    shop.world.shop.cancel_order(order_id)
    shop.world.quiet()

    assert shop.world.note(order_id) == theirs


def test_an_old_note_whose_webhook_was_lost_is_found_by_the_hourly_check(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2)
    old = shop.copy(order_id)
    shop.restock(2)
    right = shop.all_of(order_id)
    shop.write_back(order_id, old, then_rest=False)
    shop.world.shop.webhooks.take_due(shop.world.clock())

    shop.pass_an_hour()

    assert shop.all_of(order_id) == right


def test_an_old_note_that_comes_back_in_the_second_of_our_write_is_found_by_the_list(
    open_counter: Open,
) -> None:
    """No webhook tells of it that comes after those of our write, and the order's last change is of the
    second that we know."""
    shop = open_counter()
    order_id = shop.order(2)
    old, put_back = shop.copy(order_id), list[str]()

    def happen() -> None:
        if "1 of 2" in shop.world.note(order_id) and not put_back:
            put_back.append(shop.world.note(order_id))
            shop.world.shop.webhooks.knobs.loss_rate = 1
            shop.write_back(order_id, old, then_rest=False)
            shop.world.shop.webhooks.knobs.loss_rate = 0

    shop.world.after_request = happen
    shop.restock(1)

    shop.pass_an_hour()

    assert shop.world.note(order_id) == put_back[0]
    assert len(put_back) == 1


def test_our_own_writes_ask_for_no_further_look(open_counter: Open) -> None:
    shop = open_counter()
    shop.order(2)
    shop.restock(2)
    before = len(shop.world.shop.journal)

    shop.pass_an_hour()

    assert [one for one in shop.world.shop.journal[before:] if one.kind == "note written"] == []


# No line that is not true


def test_a_line_that_was_replaced_is_called_in_stock_no_more(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2, towels=4)
    assert "4 × Tea Towel (TOWEL): in stock" in shop.world.note(order_id)
    towels = shop.world.order(order_id).lines[1].line_id

    shop.world.shop.edit_order(order_id, {towels: 3})
    shop.world.quiet()
    fewer = shop.world.note(order_id)
    shop.world.shop.edit_order(order_id, {towels: 0})
    shop.world.quiet()

    assert "3 × Tea Towel (TOWEL): in stock" in fewer
    assert "Tea Towel" not in shop.world.note(order_id)


def test_of_what_was_shipped_only_the_rest_is_said(open_counter: Open) -> None:
    shop = open_counter()
    order_id = shop.order(2, towels=4)

    shop.world.shop.fulfil(order_id, {shop.world.order(order_id).lines[1].line_id: 1})
    shop.world.quiet()

    assert "3 × Tea Towel (TOWEL): in stock" in shop.world.note(order_id)


def test_what_is_counted_no_more_is_not_called_in_stock(open_counter: Open) -> None:
    shop = open_counter(mugs=5, towels=0)
    order_id = shop.order(2, towels=4)
    assert "2 × Blue Mug (MUG-BLUE): in stock" in shop.world.note(order_id)

    shop.stop_counting()

    assert "Blue Mug" not in shop.world.note(order_id)
    assert shop.world.tags(order_id) == {"backordered"}
