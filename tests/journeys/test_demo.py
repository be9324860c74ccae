"""The demo as a merchant runs it, and whether its oracle would notice a mistake of Backline's."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from app.sandbox.demo.oracle import Oracle, OwnWords, View
from app.sandbox.demo.story import Story, StoryError, open_shop, stock_shelves
from app.sandbox.demo.telling import Teller
from app.sandbox.shopify import marks
from app.sandbox.shopify.shop import SandboxShop

ROOT = Path(__file__).parents[2]
LONGEST_S = 420
STARTED = "1. The shop connects"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, list[int]]:
    """The demo to its end: its exit code, what it said, and processes that it left behind."""
    home = tmp_path_factory.mktemp("played")
    with _demo("--once", home=home) as demo:
        told, _ = demo.communicate(timeout=LONGEST_S)
    # A path is one word, however long the one is that tests are given.
    told = told.replace(os.path.relpath(home, ROOT), "home")
    return demo.returncode, told, _processes_of(home)


def test_the_demo_ends_with_every_order_as_it_must_be(played: tuple[int, str, list[int]]) -> None:
    code, told, left = played

    rows = _table(told)
    assert (code, left) == (0, []), told
    assert len(rows) == 44  # 22 in each shop
    assert {row[-1] for row in rows.values()} == {"✓"}
    assert told.count("Every tag, note, and date is right.") == 2
    shows = {int(name.lstrip("#")): row for name, row in rows.items()}
    assert "backorder" not in "".join(shows[1001])  # covered from the first day
    assert "VIP" in shows[1005][1]
    assert "backorder" not in shows[1005][1]  # canceled: staff's own is left
    assert all("backorder-released" in shows[number][1] for number in (1006, 1007, 1008, 1012))
    assert ["backordered" in shows[number][1] for number in (1009, 1010)] == [False, True]  # the race
    assert "backorder" not in shows[1011][1]  # edited up and down again
    on_hold = told.index("on hold, not to be packed: 2 units")
    assert on_hold < told.index("hold released: it can be packed") < told.index("BigCommerce ─")
    for first in (1001, 211):
        waiting = [n for n in range(first, first + 22) if "backordered" in shows[n][1]]
        assert len(waiting) == 12


def test_the_story_fits_a_plain_terminal_and_tells_one_shop_after_the_other(
    played: tuple[int, str, list[int]],
) -> None:
    _, told, _ = played

    assert max(map(len, told.splitlines())) <= 80
    assert told.index("Every tag, note, and date") < told.index("BigCommerce ─")
    assert [told.count(f"\n{number}. ") for number in range(1, 10)] == [2] * 9


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int, list[int]]:
    """What a command of another terminal said that was copied from the demo; the demo's exit code after
    SIGTERM, and processes that it left behind."""
    home = tmp_path_factory.mktemp("joined")
    with _demo(home=home) as demo:
        told = _read_until(demo, "2. Flash sale")
        printed = re.search(r"\$ .*? demo (shops connect .*?)\n {5}(?! )", told, re.DOTALL)
        assert printed is not None
        said = _said(printed[1].replace("\\\n", " ").split(), home=home)
        demo.terminate()
        demo.communicate(timeout=LONGEST_S)
    return said, demo.returncode, _processes_of(home)


def test_a_command_of_the_story_works_in_another_terminal(joined: tuple[str, int, list[int]]) -> None:
    assert "backordered (" in joined[0]


def test_a_demo_that_is_told_to_end_leaves_nothing_behind(joined: tuple[str, int, list[int]]) -> None:
    assert joined[1:] == (130, [])


def test_without_a_demo_its_commands_say_how_to_start_one(tmp_path: Path) -> None:
    assert "No demo is running. Start one with `backline demo`" in _said(["shops"], home=tmp_path)


def _said(words: Sequence[str], *, home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo", *words],
        cwd=ROOT,
        env=os.environ | {"BACKLINE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_demo_that_is_stopped_by_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    with _demo(home=tmp_path) as demo:
        _read_until(demo, STARTED)
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=LONGEST_S)

    assert demo.returncode == 130
    assert _processes_of(tmp_path) == []


def test_a_demo_whose_worker_dies_names_its_log(tmp_path: Path) -> None:
    with _demo("--once", home=tmp_path) as demo:
        _read_until(demo, STARTED)
        for process in _processes_of(tmp_path, "-m workers"):
            os.kill(process, signal.SIGKILL)
        told, _ = demo.communicate(timeout=LONGEST_S)

    assert demo.returncode == 1
    assert f"The worker process ended with -9: see {tmp_path / 'demo' / 'worker.log'}" in told
    assert _processes_of(tmp_path) == []


@contextmanager
def _demo(*options: str, home: Path) -> Iterator["subprocess.Popen[str]"]:
    environment = os.environ | {"BACKLINE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "demo", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield demo
    finally:
        demo.terminate()
        demo.wait(timeout=LONGEST_S)
        assert demo.stdout is not None
        demo.stdout.close()


def _read_until(demo: "subprocess.Popen[str]", words: str) -> str:
    assert demo.stdout is not None
    told = ""
    while words not in told:
        line = demo.stdout.readline()
        assert line, told
        told += line
    return told


def _processes_of(home: Path, words: str = "") -> list[int]:
    """Processes that were told this BACKLINE_HOME or the demo's folder in it."""
    if not Path("/proc").is_dir():
        pytest.skip("only Linux says which process belongs to whom")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has just ended
            continue
        mine = any(one.startswith(f"BACKLINE_HOME={home}".encode()) for one in environment)
        if mine and words in command:
            found.append(int(folder.name))
    return found


def _table(told: str) -> dict[str, list[str]]:
    """Items, what is shown and what is expected, and whether that is right, by the order's name."""
    rows = [line.split(maxsplit=1) for line in told.splitlines() if re.match(r" +#\d+ .*[✓✗] *$", line)]
    return {name: [rest[:-1], rest, rest.strip()[-1]] for name, rest in rows}


# The oracle


@pytest.fixture
def shop() -> SandboxShop:
    """A shop in which #1002 waits for 2 of 3 mugs and says so in every place, and #1003 waits too."""
    shop = open_shop("oracle.myshopify.com", client_secret="secret")
    goods = stock_shelves(shop)
    for quantity in (6, 3, 1):
        shop.place_order([(goods.mug.variant_id, quantity)], note="Ring twice.")
    oracle = _oracle(shop)
    for order_id in list(shop.orders)[1:]:
        _write(shop, order_id, oracle.must_show(order_id))
    return shop


def _oracle(shop: SandboxShop) -> Oracle:
    oracle = Oracle(shop, own={order_id: OwnWords("Ring twice.") for order_id in shop.orders})
    oracle.rule()
    return oracle


def _write(shop: SandboxShop, order_id: int, wanted: View) -> None:
    shop.remove_tags(order_id, list(shop.orders[order_id].tags))
    shop.add_tags(order_id, wanted.tags)
    shop.edit_note(order_id, wanted.note)
    for key, value in wanted.metafields.items():
        address = (f"gid://shopify/Order/{order_id}", "app--1--backorder", key)
        text = value if isinstance(value, str) else json.dumps(value)
        marks.set_metafield(shop.books, address, value=text, type_="json")


def _wrong(shop: SandboxShop) -> dict[str, list[str]]:
    wrong = _oracle(shop).wrong()
    return {shop.orders[order_id].name: how for order_id, how in wrong.items()}


def _second(shop: SandboxShop) -> int:
    return list(shop.orders)[1]


def test_the_oracle_takes_right_orders_for_right(shop: SandboxShop) -> None:
    assert _wrong(shop) == {}


def _untag(shop: SandboxShop) -> None:
    shop.remove_tags(_second(shop), ["backordered"])


def _tag_the_covered(shop: SandboxShop) -> None:
    shop.add_tags(next(iter(shop.orders)), ["backordered"])


def _miscount(shop: SandboxShop) -> None:
    note = shop.orders[_second(shop)].note
    shop.edit_note(_second(shop), note.replace("2 of 3", "1 of 3"))


def _promise_a_day(shop: SandboxShop) -> None:
    note = shop.orders[_second(shop)].note
    shop.edit_note(_second(shop), note.replace("no date known yet", "Dec 5, 2026"))


def _lose_staffs_note(shop: SandboxShop) -> None:
    note = shop.orders[_second(shop)].note
    shop.edit_note(_second(shop), note.removeprefix("Ring twice.\n\n"))


def _forget_the_status(shop: SandboxShop) -> None:
    owner = f"gid://shopify/Order/{_second(shop)}"
    shop.books.drop_metafield(shop.books.metafields[owner, "app--1--backorder", "status"])


def _miscount_for_machines(shop: SandboxShop) -> None:
    owner = f"gid://shopify/Order/{_second(shop)}"
    lines = shop.books.metafields[owner, "app--1--backorder", "lines"]
    lines.value = lines.value.replace('"short": 2', '"short": 1')


def _ignore_a_restock(shop: SandboxShop) -> None:
    """A mug comes in, which shortens the wait of #1002 alone."""
    mug = next(iter(shop.books.items))
    shop.adjust_stock(mug, next(iter(shop.books.locations)), 1)


@pytest.mark.parametrize(
    ("spoil", "name", "says"),
    [
        (_untag, "#1002", "tags are none, must be backordered"),
        (_tag_the_covered, "#1001", "tags are backordered, must be none"),
        (_miscount, "#1002", "note is"),
        (_promise_a_day, "#1002", "note is"),
        (_lose_staffs_note, "#1002", "note is"),
        (_forget_the_status, "#1002", "metafield status is None, must be backordered"),
        (_miscount_for_machines, "#1002", "metafield lines is [{"),
        (_ignore_a_restock, "#1002", "note is"),
    ],
)
def test_the_oracle_names_the_wrong_order_and_how(
    shop: SandboxShop, spoil: Callable[[SandboxShop], None], name: str, says: str
) -> None:
    spoil(shop)

    wrong = _wrong(shop)

    assert list(wrong) == [name]
    assert any(says in one for one in wrong[name])


def test_the_oracle_misses_holds_where_the_merchant_wants_them(shop: SandboxShop) -> None:
    oracle = _oracle(shop)
    oracle.holds_short = True

    assert oracle.wrong()[_second(shop)] == ["0 units are on hold, must be 2"]


def test_a_story_that_goes_wrong_ends_there_and_names_the_order() -> None:
    shop = open_shop("nobody-listens.myshopify.com", client_secret="secret")
    goods = stock_shelves(shop)
    said = StringIO()
    story = Story(shop, Oracle(shop), Teller(Console(file=said)), goods, patience_s=0.2)
    shop.place_order([(goods.tray.variant_id, 1)])

    with pytest.raises(StoryError, match="does not show what it must"):
        story.settle()

    assert "✗ #1001: tags are none, must be backordered" in said.getvalue()


def test_units_edited_away_are_no_release(shop: SandboxShop) -> None:
    oracle = _oracle(shop)
    order = shop.orders[_second(shop)]
    assert oracle.rulings[order.order_id].status == "backordered"

    shop.edit_order(order.order_id, {order.lines[0].line_id: 1})
    oracle.rule()

    assert oracle.rulings[order.order_id].status == ""
    assert oracle.must_show(order.order_id) == View(note="Ring twice.")
