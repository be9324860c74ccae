"""How the story is told: what happens, and then what the sandbox shop shows."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.sandbox.demo.oracle import BACKORDERED, Oracle, Ruling, View, spell

_WIDTH = 150
_COLOURS = {BACKORDERED: "yellow", "": "dim"}


class Teller:
    """Speaks on a console, and remembers what it said of each order. Where several shops speak, each
    line begins with the shop's `name`."""

    def __init__(self, console: Console | None = None, *, name: str = "") -> None:
        self._name = f"{name:<12}" if name else ""
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = max(self.console.width, _WIDTH)
        self._said: dict[int, View] = {}
        self._chapters = 0

    def _say(self, text: str, *, is_first: bool = False) -> None:
        """One line; a chapter's first one stands apart, unless two shops speak at once."""
        self.console.print(f"\n{text}" if is_first and not self._name else f"{self._name}{text}")

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._chapters += 1
        self._say(f"[bold]{self._chapters}. {title}[/bold]", is_first=True)

    def happens(self, text: str) -> None:
        """Something happens in the shop, or at the merchant's desk."""
        self._say(f"   {escape(text)}")

    def aside(self, text: str) -> None:
        """Something that is not part of the story."""
        self._say(f"[dim]   {escape(text)}[/dim]")

    def shop_shows(self, oracle: Oracle, *, after_s: float) -> None:
        """Every order that shows something else than when it was last spoken of."""
        self.aside(f"after {after_s:.1f} s the shop shows:" if after_s else "by now the shop shows:")
        for order_id, order in oracle.shop.orders.items():
            now = oracle.view(order_id)
            if now == self._said.get(order_id, View()):
                continue
            if not now.metafields and order_id not in self._said:
                continue
            self._said[order_id] = now
            self._say(f"   → {order.name}  {_in_short(now)}")

    def goes_wrong(self, oracle: Oracle, wrong: Mapping[int, Sequence[str]]) -> None:
        """The orders that are not as they must be, and how."""
        for order_id, how in wrong.items():
            name = oracle.shop.orders[order_id].name
            self._say(f"   [red]✗ {name}: {escape('; '.join(how))}[/red]")

    def ends(self, problem: str, *, after_s: float) -> None:
        """The last words."""
        verdict = (
            f"[red]{escape(problem)}[/red]"
            if problem
            else "[green]Every tag, note and date is right.[/green]"
        )
        self._say(f"{verdict}  ({after_s:.0f} s)")

    def table(self, oracle: Oracle) -> None:
        """All orders as the shop shows them, beside what the oracle says."""
        wrong = oracle.wrong()
        headings = ("order", "items", "placed", "tags", "note", "eta", "oracle says", "")
        table = Table(
            *headings,
            title=f"The orders as {self._name.strip() or 'the sandbox shop'} shows them",
            title_justify="left",
        )
        for order_id, order in oracle.shop.orders.items():
            shows = oracle.view(order_id)
            table.add_row(
                order.name,
                _items(order.lines),
                f"{oracle.placed_at(order):%b %d, %H:%M:%S}",
                escape(", ".join(shows.tags)),
                escape(_first_lines(shows.note)),
                str(shows.metafields.get("eta", "")),
                _verdict(
                    oracle.rulings.get(order_id, Ruling()), is_cancelled=oracle.is_cancelled(order)
                ),
                "[red]✗[/red]" if order_id in wrong else "[green]✓[/green]",
            )
        self.console.print()
        self.console.print(table)


def _in_short(now: View) -> str:
    if not now.metafields:
        return f"[green]nothing of ours[/green]{_rest(now)}"
    heading, *lines = _lines_of_block(now.note)
    colour = _COLOURS.get(BACKORDERED if BACKORDERED in now.tags else "", "dim")
    tags = f"[{colour}]{escape(', '.join(now.tags))}[/{colour}]"
    return f"{tags}  {escape(' · '.join([heading, *lines]))}"


def _rest(now: View) -> str:
    """What is left on an order when our marks are gone: staff's own."""
    parts = [*now.tags, now.note.replace("\n", " / ")]
    return f"; staff's own: {escape(', '.join(parts))}" if any(parts) else ""


def _lines_of_block(note: str) -> list[str]:
    _, opening, block = note.partition("[backorder]\n")
    return block.partition("\n[/backorder]")[0].split("\n") if opening else ["no block in the note"]


def _first_lines(note: str) -> str:
    """The first of our lines, or else of anybody's."""
    lines = _lines_of_block(note)[:2] if "[backorder]" in note else note.split("\n")[:2]
    return "\n".join(lines)


def _items(order_lines: Sequence[Any]) -> str:
    lines = [f"{line.current} × {line.title}" for line in order_lines if line.current]
    return "\n".join(lines) or "cancelled"


def _verdict(ruling: Ruling, *, is_cancelled: bool) -> str:
    if not ruling.status:
        return "cancelled: nothing" if is_cancelled else "in stock: nothing"
    if ruling.status == BACKORDERED:
        short = sum(wait.units for wait in ruling.waits.values())
        return f"{short} short, {_day(ruling.eta)}"
    return f"released {_day(ruling.released_on)}"


def _day(day: date | None) -> str:
    return spell(day) or "no date known"
