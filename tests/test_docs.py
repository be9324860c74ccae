"""The documents name only what there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "findings").glob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCS]

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_OF_THE_REPOSITORY = ("app/", "tests/", "docs/", "workers/", "findings/", ".ci/")
# In tables that are about the app's own modules its folder is left away.
_OF_THE_APP = ("core/", "db/", "pipeline/", "platforms/", "web/", "cli/")


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    path = ROOT / name

    broken = [link for link in _LINK.findall(_prose(path)) if not _leads_somewhere(path, link)]

    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_every_document_is_built_with_all_of_its_tables(name: str) -> None:
    """A row with a cell too many loses it without a word; a table without its second line is prose."""
    text = (ROOT / name).read_text()
    tokens = MarkdownIt("commonmark").enable("table").parse(text)

    prose = [token.content for token in tokens if token.type == "inline"]
    assert [one for one in prose if one.startswith("|")] == []
    for begin, end in (token.map for token in tokens if token.type == "table_open" and token.map):
        head, *rows = text.splitlines()[begin:end]
        assert [row for row in rows if _cells(row) != _cells(head)] == []


def _cells(row: str) -> int:
    return row.replace("\\|", "").strip().strip("|").count("|")


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_is_named_exists(name: str) -> None:
    named = [path for code in _CODE.findall(_prose(ROOT / name)) for path in _paths_in(code)]

    assert [path for path in named if not _exists(path)] == []


def test_every_document_is_in_the_index() -> None:
    folder = ROOT / "docs"
    linked = {
        (index.parent / link).resolve()
        for index in (folder / "README.md", folder / "adr" / "README.md")
        for link in _LINK.findall(index.read_text())
    }

    assert {path for path in folder.rglob("*.md") if path.name != "README.md"} <= linked


def test_the_numbers_of_decision_records_have_no_gaps() -> None:
    records = sorted(path.name for path in (ROOT / "docs" / "adr").glob("0*.md"))

    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))


def _prose(path: Path) -> str:
    return _FENCED.sub("", path.read_text())


def _leads_somewhere(source: Path, link: str) -> bool:
    """Addresses elsewhere are not asked: the tests need no network."""
    if re.match(r"[a-z]+:", link):
        return True
    name, _, anchor = link.partition("#")
    target = (source.parent / name).resolve() if name else source
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(path: Path) -> set[str]:
    """As GitHub makes them: lower case, no punctuation, dashes for spaces."""
    headings = _HEADING.findall(_FENCED.sub("", path.read_text()))
    return {re.sub(r"[^\w\- ]", "", one.strip().lower()).replace(" ", "-") for one in headings}


def _paths_in(code: str) -> Iterator[str]:
    """Files and folders of ours that a piece of code names; not those with a placeholder."""
    for word in re.split(r"[\s:,()]+", code):
        is_ours = word.startswith((*_OF_THE_REPOSITORY, *_OF_THE_APP))
        if is_ours and not re.search(r"[A-Z]{3}|[<>{}…]", word) and (word.endswith("/") or "." in word):
            yield word


def _exists(path: str) -> bool:
    homes = [ROOT, *([ROOT / "app"] if path.startswith(_OF_THE_APP) else [])]
    return any(any(home.glob(path)) for home in homes)
