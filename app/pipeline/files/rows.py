"""Rows that are no lines: they add up others, head a section, or comment."""

from app.pipeline.files.fold import fold
from app.pipeline.files.parts import state_named
from app.pipeline.files.vocabulary import TOTALS

# "MUG-BLUE Total" adds up mugs; shorter words for it may be part of a code.
_COMMENT = ("//", "# ", ";", "--", "note:", "comment:", "remark:")
_WORDS_OF_A_SENTENCE = 2
_LONGEST_HEADING = 2
_TOTALS_OF = frozenset({word for word in TOTALS if " " not in word and len(word) >= len("total")})


def is_total_word(text: str) -> bool:
    """A word for totals, alone or after what is added up ("MUG-BLUE Total")."""
    has_digits = any(map(str.isdigit, text))
    if has_digits and " " not in text:
        return False
    words = fold(text)
    is_after = len(words.split()) > 1 and words.rpartition(" ")[2] in _TOTALS_OF
    return is_after or (not has_digits and words in TOTALS)


def begins_a_total(cell: str) -> bool:
    """Whether a cell begins with a word for totals."""
    words = fold(cell)
    return words in TOTALS or words.split(" ")[0] in TOTALS


def section_state(text: str) -> str | None:
    """What a heading such as "Canceled lines:" says of the rows under it; None for any other row."""
    words = fold(text).split()
    return state_named(text.rstrip(": ")) if len(words) <= _LONGEST_HEADING else None


def is_comment(text: str) -> bool:
    """Whether a row's only text is a sentence, or marked as a comment."""
    words = [word for word in text.split() if word.isalpha() and len(word) > 1]
    return text.casefold().startswith(_COMMENT) or len(words) >= _WORDS_OF_A_SENTENCE
