"""The words of our block and metafields."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.desired import Desired, ItemState, Shown, Status, desired
from app.core.note import find_block, find_ours, put_block, remove_blocks
from app.pipeline.sentences import Sentences, default_sentences, languages
from app.pipeline.wording import (
    BLOCK_LIMIT,
    METAFIELDS,
    block_texts,
    is_in_our_words,
    metafields,
)
from tests.builders import TODAY, day, item_state, order_state


def backordered(*items: ItemState) -> Desired:
    """An order some of whose items are short."""
    return desired(order_state(*items), Shown(), today=TODAY)


MUG = item_state(2, of=3, on="2026-12-05")
TOWEL = item_state(0, item=32, title="Tea Towel", sku="TOWEL")


def test_a_backordered_order_says_what_is_expected_when() -> None:
    assert block_texts(backordered(MUG, TOWEL), locale="en")[0] == (
        "[backorder]\n"
        "Expected to ship by Dec 5, 2026\n"
        "2 of 3 × Blue Mug (MUG-BLUE): Dec 5, 2026\n"
        "1 × Tea Towel (TOWEL): in stock\n"
        "[/backorder]"
    )


def test_what_is_short_comes_first() -> None:
    assert block_texts(backordered(TOWEL, MUG), locale="en") == block_texts(
        backordered(MUG, TOWEL), locale="en"
    )


def test_an_unknown_date_is_said_to_be_unknown() -> None:
    assert block_texts(backordered(item_state(1, sku="")), locale="en")[0] == (
        "[backorder]\n"
        "Waiting for stock, no date known yet\n"
        "1 × Blue Mug: no date known yet\n"
        "[/backorder]"
    )


def test_a_released_order_says_that_the_stock_has_arrived() -> None:
    assert block_texts(Desired(Status.RELEASED, released_on=TODAY), locale="en") == [
        "[backorder]\nReleased Nov 25, 2026: the stock has arrived\n[/backorder]"
    ]


def test_an_order_without_backorder_has_no_block_and_no_metafields() -> None:
    assert block_texts(Desired(Status.NONE), locale="en") == []
    assert metafields(Desired(Status.NONE)) == {}


def test_an_item_that_has_shipped_is_not_mentioned() -> None:
    shipped = item_state(0, of=0, ordered=2, item=33, title="Spoon")

    assert "Spoon" not in block_texts(backordered(MUG, shipped), locale="en")[0]


@pytest.mark.parametrize(
    ("locale", "date"),
    [
        ("en", "Dec 5, 2026"),
        ("en-GB", "5 Dec 2026"),
        ("de", "05.12.2026"),
        ("fr", "5 déc. 2026"),
        ("fr-CA", "5 déc. 2026"),
        ("ja", "2026/12/05"),
        ("pt-BR", "5 de dez. de 2026"),
        ("zh-TW", "2026年12月5日"),
        ("de_AT", "05.12.2026"),
        ("tlh", "Dec 5, 2026"),
        ("no locale", "Dec 5, 2026"),
        ("", "Dec 5, 2026"),
    ],
)
def test_dates_are_written_as_the_shop_reads_them(locale: str, date: str) -> None:
    english = default_sentences("en")

    texts = block_texts(backordered(MUG), locale=locale, sentences=english)

    assert f"\nExpected to ship by {date}\n" in texts[0]


def test_the_words_of_a_platform_without_tags_stand_on_the_first_line() -> None:
    text = block_texts(backordered(MUG), locale="en", words=["on [/backorder] order"])[0]

    assert text.splitlines()[1] == "on (/backorder) order"


def test_a_block_is_written_in_the_language_of_the_shop() -> None:
    assert block_texts(backordered(MUG, TOWEL), locale="de-AT")[0] == (
        "[backorder]\n"
        "Voraussichtlicher Versand bis 05.12.2026\n"
        "2 von 3 × Blue Mug (MUG-BLUE): 05.12.2026\n"
        "1 × Tea Towel (TOWEL): auf Lager\n"
        "[/backorder]"
    )


def test_the_merchants_own_sentences_are_taken() -> None:
    own = {
        **default_sentences("en"),
        "expected": "Ships {date} at the latest",
        "in_stock": "{sku} is here",
    }

    text = block_texts(backordered(MUG, TOWEL), locale="en", sentences=own)[0]

    assert text.splitlines()[1:4] == [
        "Ships Dec 5, 2026 at the latest",
        "2 of 3 × Blue Mug (MUG-BLUE): Dec 5, 2026",
        "TOWEL is here",
    ]


def test_many_items_are_cut_and_counted() -> None:
    items = [
        item_state(1, item=number, title=f"Item {number:03}", on="2026-12-05") for number in range(200)
    ]

    fullest = block_texts(backordered(*items), locale="en")[0]

    shown = fullest.count("× Item")
    assert 0.9 * BLOCK_LIMIT < len(fullest) <= BLOCK_LIMIT
    assert f"\nand {200 - shown} more\n" in fullest


def test_fuller_wordings_come_first() -> None:
    texts = block_texts(backordered(MUG, TOWEL), locale="en")

    assert [len(text) for text in texts] == sorted((len(text) for text in texts), reverse=True)
    assert texts[-1] == "[backorder]\nExpected to ship by Dec 5, 2026\n[/backorder]"
    assert texts[1].splitlines()[-2] == "and 1 more"


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(0, 3)), min_size=1, max_size=40),
    st.sampled_from(languages()),
)
def test_every_wording_fits(items: list[tuple[int, int]], locale: str) -> None:
    states = [
        item_state(short, of=3, item=number, title="x" * length, on="2026-12-05")
        for number, (length, short) in enumerate(items)
    ]
    texts = block_texts(backordered(item_state(1, item=99), *states), locale=locale)

    assert texts
    assert all(len(text) <= BLOCK_LIMIT for text in texts)


@pytest.mark.parametrize(
    "title",
    [
        "[backorder]",
        "[/backorder]",
        "\n[/backorder]\n",
        "Mug [backorder]\n[/backorder] Blue",
        "[back[backorder]order]",
        "[back[/backorder]order]",
        "[/back[backorder]order]",
    ],
)
def test_a_title_that_spells_our_markers_does_not_break_the_block(title: str) -> None:
    _assert_the_block_is_whole(item_state(1, title=title, on="2026-12-05"))


@given(
    st.lists(
        st.sampled_from(["[backorder]", "[/backorder]", "[back", "[/back", "order]", "\n", "\r"]),
        max_size=9,
    ),
    st.sampled_from(["", "[backorder]", "SKU"]),
)
def test_no_title_breaks_the_block(parts: list[str], sku: str) -> None:
    _assert_the_block_is_whole(item_state(1, title="".join(parts), sku=sku, on="2026-12-05"))


def test_no_title_and_template_break_the_block_together() -> None:
    """A marker of which each has a half."""
    split = {**default_sentences("en"), "all_short": "[/back{title}"}

    _assert_the_block_is_whole(item_state(1, title="order]"), split)


def _assert_the_block_is_whole(item: ItemState, sentences: Sentences | None = None) -> None:
    for text in block_texts(backordered(item), locale="en", sentences=sentences):
        placed = put_block("Leave it at the door", text, ours=[], glue=None)
        ours = find_ours(placed.note, has_block=True, is_our_wording=lambda block: False)

        assert find_block(placed.note) == text
        assert remove_blocks(placed.note, ours=ours, glue=placed.glue) == "Leave it at the door"
        assert len(text.splitlines()) <= 4


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("words", [(), ("backordered",)])
@pytest.mark.parametrize(
    "want",
    [
        pytest.param(backordered(MUG), id="expected"),
        pytest.param(backordered(item_state(1)), id="unknown"),
        pytest.param(backordered(item_state(1, kind="discontinued")), id="decision"),
        pytest.param(Desired(Status.RELEASED, released_on=TODAY), id="released"),
    ],
)
def test_a_block_of_ours_is_known_again_in_every_language(
    want: Desired, words: tuple[str, ...], language: str
) -> None:
    for text in block_texts(want, locale=language, words=words):
        assert is_in_our_words(text, {})
        assert is_in_our_words(text.replace("\n", "\r\n"), {})


def test_a_block_in_the_merchants_own_words_is_known_again() -> None:
    own = {"en": {"expected": "Ships on or before {date}."}, "de": {"expected": "{date}"}}
    text = block_texts(backordered(MUG), locale="en", sentences={**default_sentences("en"), **own["en"]})

    assert is_in_our_words(text[0], own)
    assert not is_in_our_words(text[0], {})


@pytest.mark.parametrize(
    "text", ["ask Ann", "We hope it is Expected to ship by Friday", "Dec 5, 2026", "released", ""]
)
def test_what_a_person_writes_between_our_marks_is_not_in_our_words(text: str) -> None:
    own = {"en": {"expected": "{date}", "unknown": "?"}}

    assert not is_in_our_words(f"[backorder]\n{text}\n[/backorder]", own)


def test_machines_read_status_date_and_short_lines() -> None:
    values = metafields(backordered(MUG, TOWEL))

    assert values["status"] == "backordered"
    assert values["eta"] == day("2026-12-05")
    assert json.loads(str(values["lines"])) == [
        {"item": MUG.item_id, "sku": "MUG-BLUE", "short": 2, "of": 3, "expected": "2026-12-05"}
    ]
    assert set(values) == set(METAFIELDS)


def test_an_unknown_date_is_left_out_for_machines() -> None:
    values = metafields(backordered(item_state(1)))

    assert "eta" not in values
    assert json.loads(str(values["lines"]))[0]["expected"] is None


def test_a_release_leaves_no_lines_for_machines() -> None:
    values = metafields(Desired(Status.RELEASED, eta=TODAY, released_on=TODAY))

    assert values == {"status": "released", "eta": TODAY, "lines": "[]"}


@pytest.mark.parametrize(
    ("locale", "heading"),
    [
        ("en", "Expected to ship Dec 5 – 9, 2026"),
        ("en-GB", "Expected to ship 5–9 Dec 2026"),
        ("de", "Voraussichtlicher Versand: 5.–9. Dez. 2026"),
        ("fr", "Expédition prévue : 5–9 déc. 2026"),
        ("es", "Envío previsto: 5–9 dic 2026"),
        ("it", "Spedizione prevista: 05–09 dic 2026"),
        ("nl", "Verwachte verzending: 5–9 dec 2026"),
        ("pt", "Envio previsto: 5 – 9 de dez. de 2026"),
        ("pt-PT", "Envio previsto: 5–9 de dez. de 2026"),
        ("sv", "Beräknas skickas 5–9 dec. 2026"),
        ("da", "Forventes afsendt 5.–9. dec. 2026"),
        ("nb", "Forventes sendt 5.–9. des. 2026"),
        ("fi", "Arvioitu lähetys: 5.–9. joulukuuta 2026"),
        ("pl", "Przewidywana wysyłka: 5–9 gru 2026"),
        ("ja", "2026年12月5日～9日に発送予定"),  # noqa: RUF001 -- so it is written
    ],
)
def test_a_range_reads_as_each_language_writes_it_and_is_known_for_ours(
    locale: str, heading: str
) -> None:
    mug = ItemState(1, "Mug", "", 1, 1, 1, day("2026-12-09"), early_on=day("2026-12-05"))

    text = block_texts(Desired(Status.BACKORDERED, (mug,), mug.expected_on), locale=locale)[0]

    assert text.splitlines()[1] == heading
    assert is_in_our_words(text, {})


def test_an_order_of_a_range_and_a_day_is_told_from_the_later_of_their_first_days() -> None:
    mug = ItemState(1, "Mug", "", 1, 1, 1, day("2026-12-09"), early_on=day("2026-12-05"))
    towel = ItemState(2, "Towel", "", 1, 1, 1, day("2026-12-07"))

    text = block_texts(Desired(Status.BACKORDERED, (mug, towel), day("2026-12-09")), locale="en")[0]

    assert text.splitlines()[1:4] == [
        "Expected to ship Dec 7 – 9, 2026",
        "1 × Mug: Dec 5 – 9, 2026",
        "1 × Towel: Dec 7, 2026",
    ]
