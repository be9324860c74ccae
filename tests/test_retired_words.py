"""Words that nobody outside this team would use stay out of what people read."""

import ast
import re
from collections.abc import Iterator
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


DOCUMENTS = sorted(path for where in ("*.md", "docs/**/*.md") for path in ROOT.glob(where))
SOURCES = sorted(
    path
    for pattern in ("app/**/*.py", "workers/**/*.py", "app/web/templates/*.html", "app/pipeline/*.toml")
    for path in ROOT.glob(pattern)
    # A stand-in speaks as its platform does.
    if not {"sandbox", "versions"} & set(path.parts)
)
# British spellings, of which the American one is another word.
_BRITISH = re.compile(
    r"\b(?:\w*(?:colou|favou|behaviou|honou|labou|neighbou)rs?\w*|[Ff]ulfil(?:s|ments?)?|[Ee]nrol"
    r"|(?:[Cc]ance|[Tt]rave|[Ll]abe|[Mm]ode|[Ll]eve|[Ss]igna|[Tt]ota)ll(?:ed|ing|er)|[Ww]hilst|[Ll]earnt"
    r"|[Gg]rey\w*|[Cc]atalogues?|[Cc]entres?|[Ll]icences?|[Dd]efence|[Cc]heques?|[Jj]udgements?"
    r"|[Aa]cknowledgements?|[Pp]rogrammes?|[Ss]kilful|[Aa]geing|[Aa]luminium|[Ee]-mail\w*"
    r"|\w*(?:gan|cogn|mar|ior|tim|rmal|ron|tial|rial|nim|xim|real|gor|final|cal|til|dard|has|qual)"
    r"is(?:e[sd]?|ing|ations?)|\w*[Aa]nalys(?:e[sd]?|ing))\b"
)
# How events are named in tables that builds before this one wrote.
_KEPT = ("arrival cancelled", ", cancelled")


def said_in(path: Path) -> str:
    """The words of a file that merchants and operators read."""
    text = path.read_text()
    if path.suffix == ".md":
        return re.sub(
            r"```.*?```|`[^`\n]*`|\]\([^)]*\)|\"[^\"\n]*\"|<[^>]+>", " ", text, flags=re.DOTALL
        )
    if path.suffix == ".html":
        return re.sub(r"\{#.*?#\}|\{[{%].*?[%}]\}|<[^>]+>", " ", text, flags=re.DOTALL)
    return text if path.suffix == ".toml" else "\n".join(_sentences(ast.parse(text)))


def _sentences(tree: ast.Module) -> Iterator[str]:
    """Texts of more than a word; docstrings are for developers."""
    docs = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        text = one.value if isinstance(one, ast.Constant) and id(one) not in docs else None
        if isinstance(text, str) and " " in text and text not in _KEPT:
            yield text


def test_what_people_read_is_spelled_as_americans_do() -> None:
    found = {
        str(path.relative_to(ROOT)): sorted(set(_BRITISH.findall(said_in(path))))
        for path in (*DOCUMENTS, *SOURCES)
    }

    assert {path: words for path, words in found.items() if words} == {}


BRITISH = (
    "colour behaviours fulfilment cancelled Cancelling organisation recognise e-mail labelled optimised "
    "analyse favourite catalogue licence grey summarise"
)


@pytest.mark.parametrize("word", BRITISH.split())
def test_it_knows_a_british_spelling(word: str) -> None:
    assert _BRITISH.findall(f"The {word} of it")


AMERICAN = (
    "canceled fulfillment fulfill otherwise promise raised exercise advise comprises supervised license "
    "center franchise analysis merchandise premises"
)


@pytest.mark.parametrize("word", AMERICAN.split())
def test_it_takes_no_american_word_for_a_british_one(word: str) -> None:
    assert _BRITISH.findall(f"The {word} of it") == []


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 1200
