"""The sentences of the note block: which language, whose words, and what a template may hold."""

import pytest

from app.pipeline.sentences import (
    LONGEST,
    PLACEHOLDERS,
    TemplateError,
    check_template,
    default_sentences,
    language_of,
    languages,
    sentences_for,
)


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_sentence_and_needs_nothing_else(language: str) -> None:
    sentences = default_sentences(language)

    assert sentences.keys() == PLACEHOLDERS.keys()
    for name, template in sentences.items():
        check_template(name, template)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", ["expected", "released"])
def test_a_heading_of_ours_names_its_date(language: str, name: str) -> None:
    assert "{date}" in default_sentences(language)[name]


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("de_CH", "de"),
        ("pt-BR", "pt"),
        ("pt-PT", "pt-PT"),
        ("pt_PT", "pt-PT"),
        ("tlh", "en"),
        ("", "en"),
    ],
)
def test_a_locale_is_written_in_the_nearest_language_we_have(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_a_sentence_of_the_merchants_stands_in_for_ours_in_its_language_alone() -> None:
    own = {"de": {"no_date": "Termin folgt"}}

    assert sentences_for("de-AT", own)["no_date"] == "Termin folgt"
    assert sentences_for("de-AT", own)["more"] == default_sentences("de")["more"]
    assert sentences_for("en", own) == default_sentences("en")


@pytest.mark.parametrize(
    ("sentence", "template", "reason"),
    [
        ("expected", "Ships {when}", r"Unknown placeholder \{when\}\. Available: \{date\}\."),
        ("unknown", "Ships {date}", "takes no placeholders"),
        ("expected", "Ships {date", "not closed"),
        ("expected", "Ships date}", "not closed"),
        ("expected", "Ships {}", r"Unknown placeholder \{\}"),
        ("expected", "Ships {0}", r"Unknown placeholder \{0\}"),
        ("expected", "Ships {date.__class__}", r"Unknown placeholder \{date\.__class__\}"),
        ("expected", "Ships {date[0]}", r"Unknown placeholder \{date\[0\]\}"),
        ("expected", "Ships {date!r}", r"Unknown placeholder \{date!r\}"),
        ("expected", "Ships {date:>999999999}", r"Unknown placeholder \{date:>999999999\}"),
        ("expected", "Ships {date}\nsoon", "one line"),
        ("expected", "Ships {date} [/backorder]", "mark the block"),
        ("expected", "x" * (LONGEST + 1), "201 characters; the limit is 200"),
    ],
)
def test_a_template_that_could_not_be_filled_is_refused(
    sentence: str, template: str, reason: str
) -> None:
    with pytest.raises(TemplateError, match=reason):
        check_template(sentence, template)


@pytest.mark.parametrize("template", ["", "Soon", "Ships {date}", "{{really}} {date}, {date}"])
def test_any_text_with_the_known_places_will_do(template: str) -> None:
    check_template("expected", template)
