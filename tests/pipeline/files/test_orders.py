"""Purchase orders as the field's tools write them: each file gives what a person would say it says.

`orders/` holds the files (invented data in the tools' own layouts), docs/import.md the table of what
each gives; this test holds the table to the truth.
"""

import io
import re
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.pipeline.arrivals import Bad, Wording
from app.pipeline.files.layout import examine
from app.pipeline.files.lines import Tally, read_lines
from app.pipeline.files.text import FileRefused

ORDERS = Path(__file__).with_name("orders")
DOCS = Path(__file__).parents[3] / "docs" / "import.md"
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.MULTILINE)
TABLE = dict(ROW.findall(DOCS.read_text()))


def in_words(line: Wording | Bad) -> str:
    """What a line gives."""
    if isinstance(line, Bad):
        return f"line {line.line}: {line.reason}"
    day = "no date" if line.expected_on is None else line.expected_on.isoformat()
    place = f", at {line.location}" if line.location else ""
    received = f", {line.received} received" if line.received else ""
    if line.is_over or not line.quantity:
        return f"{line.reference}: {line.sku} is not incoming"
    return f"{line.reference}: {line.quantity} × {line.sku}, {day}{received}{place}"


def gives(path: Path) -> str:
    """What a file gives, in a shop in Berlin that sells mugs and towels."""
    content = path.read_bytes()
    try:
        layout = examine(
            lambda: io.BytesIO(content),
            known_skus={"mug-blue", "towel"},
            zone=ZoneInfo("Europe/Berlin"),
            today=date(2026, 11, 29),
        )
    except FileRefused as refused:
        return str(refused)
    return "; ".join(map(in_words, read_lines(layout, Tally())))


@pytest.mark.parametrize("path", sorted(ORDERS.iterdir()), ids=lambda path: path.name)
def test_a_file_gives_what_a_person_would_say(path: Path) -> None:
    assert gives(path) == TABLE[path.name]


def test_the_table_names_every_file() -> None:
    assert TABLE.keys() == {path.name for path in ORDERS.iterdir()}
