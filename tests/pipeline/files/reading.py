"""Tables as a shop in Berlin that sells mugs and towels reads them, in words."""

import io
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.pipeline.arrivals import Bad, Wording
from app.pipeline.files.layout import Layout, examine, header_key
from app.pipeline.files.lines import read_lines
from app.pipeline.files.options import Options
from app.pipeline.files.tally import Tally
from app.pipeline.files.text import NeedsAnswer

TODAY = date(2026, 11, 29)
PLACES = ("Berlin", "Hamburg Store")


def examined(
    content: str | bytes,
    options: Options | None = None,
    *,
    today: date = TODAY,
    remembered: Options | None = None,
) -> Layout:
    """How the file is read, after one of the same header line of which that was `remembered`."""
    raw = content if isinstance(content, bytes) else content.encode()
    return examine(
        lambda: io.BytesIO(raw),
        options=options or Options(),
        known_skus={"mug-blue", "towel"},
        places=PLACES,
        zone=ZoneInfo("Europe/Berlin"),
        today=today,
        remember={header_key(str(content).partition("\n")[0].split(",")): remembered}
        if remembered
        else {},
    )


def says(
    content: str | bytes,
    options: Options | None = None,
    *,
    today: date = TODAY,
    remembered: Options | None = None,
) -> list[str]:
    """What each line gives, in the order of the file."""
    layout = examined(content, options, today=today, remembered=remembered)
    lines = list(read_lines(layout, Tally()))
    return [_in_words(line) for line in sorted(lines, key=lambda line: line.line)]


def _in_words(line: Wording | Bad) -> str:
    if isinstance(line, Bad):
        return f"line {line.line}: {line.reason}"
    parts = (line.reference, f"{line.quantity} {line.sku}", str(line.expected_on), line.location)
    return " ".join(part for part in parts if part)


def table(*header: str) -> str:
    """Columns of quantities under these names: 40, 12, 7, and so on mugs."""
    quantities = ",".join(["40", "12", "7", "5", "6"][: len(header)])
    return f"PO,SKU,{','.join(header)}\nPO-1,MUG-BLUE,{quantities}\n"


def question(content: str, options: Options | None = None, *, today: date = TODAY) -> str:
    """What is asked before the file can be used."""
    with pytest.raises(NeedsAnswer) as caught:
        examined(content, options, today=today)
    return str(caught.value)


def rehearsed(content: str) -> list[str]:
    """What the rehearsal says of how the file is read."""
    layout, tally = examined(content), Tally()
    list(read_lines(layout, tally))
    return [*layout.notes, *tally.sentences()]
