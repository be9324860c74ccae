"""How the story is told: what happens, and then what the sandbox shop shows. It fits 80 columns."""

from collections.abc import Mapping, Sequence
from datetime import date
from io import TextIOBase
from typing import IO, Any, cast

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from app.sandbox.demo.oracle import BACKORDERED, Oracle, View, spell

WIDTH = 80
_COLORS = {BACKORDERED: "yellow", "": "dim"}
_INDENT = 3


def make_console(
    file: IO[str] | TextIOBase | None = None, *, is_terminal: bool | None = None
) -> Console:
    """One that is never wider than a plain terminal, so that lines end where words do."""
    console = Console(highlight=False, file=cast("IO[str] | None", file), force_terminal=is_terminal)
    console.width = min(console.width, WIDTH)
    return console


class Teller:
    """Speaks on a console, and remembers what it said of each order. `name` is the shop's platform, and
    `command` what the merchant types before the words of a command."""

    def __init__(
        self, console: Console | None = None, *, name: str = "", command: str = "backline"
    ) -> None:
        self.name, self._command = name, command
        self.console = console or make_console()
        self._said: dict[int, View] = {}
        self._chapters = 0

    def _say(self, text: str, *, indent: int = _INDENT) -> None:
        """One sentence, broken between words."""
        self.console.print(Padding(text, (0, 0, 0, indent)))

    def begins(self, text: str) -> None:
        """What shop this is."""
        self.console.print()
        self.console.rule(f"[bold]{self.name}[/bold]", align="left", style="dim")
        self._say(escape(text), indent=0)

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._chapters += 1
        self.console.print()
        self._say(f"[bold]{self._chapters}. {escape(title)}[/bold]", indent=0)

    def happens(self, text: str) -> None:
        """Something happens in the shop, or at the merchant's desk."""
        self._say(escape(text))

    def aside(self, text: str) -> None:
        """Something that is not part of the story."""
        self._say(f"[dim]{escape(text)}[/dim]", indent=_INDENT + 2)

    def command(self, words: Sequence[str]) -> None:
        """A command as it can be typed, or copied, in another terminal."""
        for line in _as_typed([*self._command.split(), *words]):
            self.console.print(f"[dim]   {escape(line)}[/dim]", soft_wrap=True)

    def shop_shows(self, oracle: Oracle, *, after_s: float) -> None:
        """Every order that shows something else than when it was last spoken of."""
        after = f" after {after_s:.1f} s" if after_s else ""
        before = dict(self._said)
        changed = [
            (order.name, now, before.get(order_id, View()))
            for order_id, order in oracle.shop.orders.items()
            if self._is_news(order_id, now := oracle.view(order_id))
        ]
        if not changed:
            self._say(f"[dim]No order changed{after}.[/dim]")
            return
        self._say(f"[dim]Backline{after}:[/dim]")
        for name, now, was in changed:
            for line in [*_in_short(name, now), *_hold_in_short(now, was)]:
                self._say(line, indent=_INDENT + 2)

    def _is_news(self, order_id: int, now: View) -> bool:
        if now == self._said.get(order_id, View()):
            return False
        if not now.metafields and order_id not in self._said:
            return False
        self._said[order_id] = now
        return True

    def point(self, text: str) -> None:
        """What the chapter shows."""
        self._say(f"[italic]{escape(text)}[/italic]")

    def goes_wrong(self, oracle: Oracle, wrong: Mapping[int, Sequence[str]]) -> None:
        """The orders that are not as they must be, and how."""
        for order_id, how in wrong.items():
            name = oracle.shop.orders[order_id].name
            self._say(f"[red]✗ {name}: {escape('; '.join(how))}[/red]")

    def ends(self, problem: str, *, after_s: float) -> None:
        """The last words."""
        verdict = (
            f"[red]{escape(problem)}[/red]"
            if problem
            else "[green]Every tag, note, and date is right.[/green]"
        )
        self._say(f"{verdict} ({after_s:.0f} s)", indent=0)

    def table(self, oracle: Oracle) -> None:
        """All orders as the shop shows them, and whether each is right."""
        wrong = oracle.wrong()
        table = Table(
            *("Order", "Items", "Shows", "Expected", "Right"),
            box=box.SIMPLE_HEAD,
            title=f"Every order as {self.name or 'the sandbox shop'} shows it now",
            title_justify="left",
            title_style="bold",
        )
        for order_id, order in oracle.shop.orders.items():
            shows = oracle.view(order_id)
            table.add_row(
                order.name,
                "canceled" if oracle.is_cancelled(order) else _items(order.lines),
                escape(_marks(shows)),
                _expected(shows),
                "[red]✗[/red]" if order_id in wrong else "[green]✓[/green]",
            )
        self.console.print()
        self.console.print(table)


def _as_typed(words: Sequence[str]) -> list[str]:
    """A command over several lines where one would be too wide, as shells take them."""
    lines, line = [], "$"
    for word in words:
        if len(line) + len(word) + 1 > WIDTH - _INDENT - len(" \\"):
            lines.append(f"{line} \\")
            line = "   "
        line += f" {word}"
    return [*lines, line]


def _in_short(name: str, now: View) -> list[str]:
    if not now.metafields:
        return [f"→ {name}  [green]no tag, no note of Backline's[/green]{_rest(now)}"]
    heading, *lines = _lines_of_block(now.note)
    color = _COLORS.get(BACKORDERED if BACKORDERED in now.tags else "", "dim")
    marks = f"[{color}]{escape(', '.join(now.tags) or heading)}[/{color}]"
    waits = [escape(line) for line in lines if not line.endswith(": in stock")]
    first = f"  {escape(heading)}" if now.tags else ""
    return [f"→ {name}  {marks}{first}", *(f"     {line}" for line in waits)]


def _hold_in_short(now: View, was: View) -> list[str]:
    if now.on_hold == was.on_hold:
        return []
    if not now.on_hold:
        return ["     hold released: it can be packed"]
    return [f"     on hold, not to be packed: {now.on_hold} {'unit' if now.on_hold == 1 else 'units'}"]


def _rest(now: View) -> str:
    """What is left on an order when our marks are gone: staff's own."""
    parts = [*now.tags, now.note.replace("\n", " / ")]
    return f"; staff's own: {escape(', '.join(parts))}" if any(parts) else ""


def _lines_of_block(note: str) -> list[str]:
    _, opening, block = note.partition("[backorder]\n")
    return block.partition("\n[/backorder]")[0].split("\n") if opening else ["no block in the note"]


def _marks(shows: View) -> str:
    """The order's tags; where the platform has none, the first line of our note."""
    if shows.tags:
        return ", ".join(shows.tags)
    return _lines_of_block(shows.note)[0] if "[backorder]" in shows.note else ""


def _expected(shows: View) -> str:
    if shows.metafields.get("status") != BACKORDERED:
        return ""
    eta = shows.metafields.get("eta")
    return spell(date.fromisoformat(str(eta))) if eta else "no date yet"


def _items(order_lines: Sequence[Any]) -> str:
    return "\n".join(f"{line.current} × {line.title}" for line in order_lines if line.current)
