"""Words that nobody outside this team would use stay out of what people read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READ = sorted(
    path
    for pattern in (
        *("app/web/templates/*.html", "app/web/*.py", "app/web/pages/*.py", "app/cli/*.py"),
        *("app/mail.py", "app/doctor.py", "app/pipeline/alerts/*.py", "README.md", "docs/settings.md"),
    )
    for path in ROOT.glob(pattern)
)
# Docstrings and comments are for developers, Jinja comments too.
_NOT_READ = re.compile(
    r"^ *(?:class |def |@).*?$|^ *#.*?$|\{#.*?#\}|(?<=:\n)\s*\"\"\".*?\"\"\"|\A\"\"\".*?\"\"\"",
    re.DOTALL | re.MULTILINE,
)
RETIRED = (
    "Short now", "Held back", "Hold back", "Let go", "Write pending", "Nothing waits", "Usual order",
    "worked out anew", "told whole", "It stands in the log", "stands here", "stand here", "nobody waits",
    "It will not come", "has landed", "have landed", "Of these landed", "yours is the", "owed to older",
    "nothing dated", "usual lead time is taken", "Our block as it should read", "About to be written",
    "Shows now", "How its promise came about", "What it waits for", "type an arrival", "Type an arrival",
    "no stock has come", "everything told", "Failed deliveries", "The law of late orders",
    "No law is watched", "Promises to be kept", "Drop the file", "only its digest is kept",
    "to who forgot", "is no BigCommerce store", "of a shop's arrivals", "e-mail", "For open orders",
    "Waits for", "What kind of item it is", "May: Look", "Asks for patience", "cancelled.",
    "is not known here", "at most fit", "tried too often", "do not belong together",
    "Type a whole number", "is no token", "a time that is none", "no more, or speaks", "this mail",
    "if it stays",
)  # fmt: skip


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_what_people_read_has_none_of_the_words_that_were_retired(path: Path) -> None:
    text = _NOT_READ.sub("", path.read_text())

    assert [words for words in RETIRED if words in text] == []


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 1200
