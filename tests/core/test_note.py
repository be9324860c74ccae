"""Our block inside a note that belongs to other people."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.core.note import (
    Placed,
    digest_of,
    digest_of_blocks,
    find_block,
    find_ours,
    own_words,
    put_block,
    remove_blocks,
)

BLOCK = "[backorder]\nExpected to ship by Dec 5, 2026\n[/backorder]"
NEWER = "[backorder]\nExpected to ship by Dec 9, 2026\n2 × Blue Mug: Dec 9, 2026\n[/backorder]"


def is_ours(block: str) -> bool:
    """Whether a block's heading is one of our sentences."""
    return block.splitlines()[1].startswith("Expected to ship by ")


def place_block(note: str, block: str, *, glue: str) -> Placed:
    """Put our block into a note in which one of ours may stand."""
    ours = find_ours(note, has_block=True, is_our_wording=is_ours)
    return put_block(note, block, ours=ours, glue=glue)


def remove_block(note: str, *, glue: str) -> str:
    """Take our block out of a note in which one may stand."""
    ours = find_ours(note, has_block=True, is_our_wording=is_ours)
    return remove_blocks(note, ours=ours, glue=glue)


# Whatever a person may type, and a good deal of our own markers in pieces.
texts = st.lists(
    st.sampled_from(["[backorder]", "[/backorder]", "\n", "\r\n", "\n\n", " ", "[", "]", "gift", "é"])
    | st.text(max_size=5),
    max_size=8,
).map("".join)
unmarked = texts.filter(lambda text: find_block(text) is None)


def test_the_block_goes_to_the_end_of_the_note() -> None:
    placed = place_block("Leave it at the door", BLOCK, glue="")

    assert placed.note == f"Leave it at the door\n\n{BLOCK}"
    assert placed.glue == "\n\n"


def test_a_note_of_ours_alone_is_the_block() -> None:
    assert place_block("", BLOCK, glue="") == (BLOCK, "")


def test_a_new_block_takes_the_place_of_the_old_one() -> None:
    placed = place_block(f"before\n\n{BLOCK}\nafter", NEWER, glue="\n\n")

    assert placed == (f"before\n\n{NEWER}\nafter", "\n\n")


def test_an_editor_may_have_turned_our_line_ends() -> None:
    note = place_block("one\ntwo", BLOCK, glue="").note.replace("\n", "\r\n")

    assert find_block(note) == BLOCK.replace("\n", "\r\n")
    assert remove_block(note, glue="\n\n") == "one\r\ntwo"


def test_a_marker_without_an_end_is_text_of_a_person() -> None:
    note = f"see [backorder]\nand ask Ann\n\n{BLOCK}"

    assert find_block(note) == BLOCK
    assert remove_block(note, glue="\n\n") == "see [backorder]\nand ask Ann"


def test_only_the_last_complete_block_is_ours() -> None:
    theirs = "[backorder]\npasted from another order\n[/backorder]"

    assert find_block(f"{theirs}\n\n{BLOCK}") == BLOCK
    assert remove_block(f"{theirs}\n\n{BLOCK}", glue="\n\n") == theirs
    assert place_block(f"{theirs}\n\n{BLOCK}", NEWER, glue="\n\n").note == f"{theirs}\n\n{NEWER}"


def test_copies_of_our_block_go_with_it() -> None:
    """Another app merged an old note with the new one."""
    merged = f"gift\n\n{BLOCK}\ngift\n\n{NEWER} end"

    assert place_block(merged, NEWER, glue="\n\n").note == f"gift\ngift\n\n{NEWER} end"
    assert remove_block(merged, glue="\n\n") == "gift\ngift end"


def test_a_block_that_a_person_edited_is_ours_where_one_should_stand() -> None:
    edited = "[backorder]\nAnn: comes on Friday!\n[/backorder]"

    assert place_block(f"gift\n\n{edited}", BLOCK, glue="\n\n").note == f"gift\n\n{BLOCK}"
    assert not find_ours(edited, has_block=False, is_our_wording=is_ours)


def test_a_digest_tells_blocks_apart_and_not_line_ends() -> None:
    assert digest_of_blocks(f"gift\n\n{BLOCK}") == digest_of(BLOCK) != digest_of(NEWER)
    assert digest_of_blocks(BLOCK.replace("\n", "\r\n")) == digest_of(BLOCK)
    assert digest_of_blocks(f"{BLOCK}{BLOCK}") not in ("", digest_of(BLOCK))
    assert digest_of_blocks("gift [backorder]") == ""


@pytest.mark.parametrize(
    "note", ["", "a note", "[backorder] in a sentence [/backorder]", "[backorder]\n"]
)
def test_a_note_without_our_block_is_left_as_it_is(note: str) -> None:
    assert find_block(note) is None
    assert remove_block(note, glue="\n\n") == note


@given(unmarked)
@example("[backorder]\n")
@example("[backorder]")
@example("text\n[/backorder]")
@example("ends with our glue\n\n")
@example("dos\r\n\r\n")
def test_placing_and_removing_gives_the_text_back_byte_for_byte(text: str) -> None:
    placed = place_block(text, BLOCK, glue="")

    assert find_block(placed.note) == BLOCK
    assert remove_block(placed.note, glue=placed.glue) == text


@given(unmarked)
def test_however_often_it_is_rewritten(text: str) -> None:
    first = place_block(text, BLOCK, glue="")
    second = place_block(first.note, NEWER, glue=first.glue)
    third = place_block(second.note, NEWER, glue=second.glue)

    assert third == second
    assert remove_block(third.note, glue=third.glue) == text


@given(unmarked, unmarked, unmarked)
@example("gift", "before\n\n", "")
def test_what_a_person_wrote_around_the_block_survives(text: str, before: str, after: str) -> None:
    assume(find_block(before + text) is None)
    placed = place_block(text, BLOCK, glue="")
    edited = before + placed.note + after
    assume(find_block(edited) == BLOCK)

    kept = remove_block(edited, glue=placed.glue)

    # Where the note was empty there is no glue of ours, and nothing of theirs may go with the block.
    assert kept == before + text + after


@given(texts, texts)
def test_a_new_block_changes_nothing_but_the_old_one(before: str, after: str) -> None:
    note = f"{before}{BLOCK}{after}"
    assume(find_block(note) == BLOCK)
    assume(BLOCK not in after)

    assert place_block(note, NEWER, glue="").note == f"{before}{NEWER}{after}"


def test_a_block_of_ours_that_came_with_a_copied_note_is_ours() -> None:
    """Nothing was written on this order yet; whatever looks like our glue before it goes with it."""
    note = f"gift\n\n{BLOCK}\nend"
    ours = find_ours(note, has_block=False, is_our_wording=is_ours)

    assert put_block(note, NEWER, ours=ours, glue=None) == (f"gift\n\n{NEWER}\nend", "\n\n")
    assert remove_blocks(note, ours=ours, glue=None) == "gift\nend"


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("", set()),
        ("Please wrap. #rush, says Ann", {"Please", "wrap", "#rush", "says", "Ann"}),
        ("VIP: (call first!)", {"VIP", "call", "first"}),
        (f"#rush\n\n{BLOCK}", {"#rush"}),
        ("channel:2", {"channel:2"}),
        ("Tłumacz-Nr_5 über", {"Tłumacz-Nr_5", "über"}),
    ],
)
def test_words_of_people_are_read_without_our_block_and_without_signs(
    note: str, words: set[str]
) -> None:
    assert own_words(note) == words
