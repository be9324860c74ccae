"""Rows of a form that each say something of orders with a tag: some are filled, and some empty."""

from collections.abc import Iterator, Sequence

from app.web.pages.forms import Form

LONGEST_TAG = 40  # of an order; shopify.dev/docs/api/admin-graphql/latest/objects/Order#field-tags
MOST_ROWS, _EMPTY_ROWS = 20, 3


def typed_tags(form: Form) -> Iterator[tuple[int, str]]:
    """The rows that name a tag, by their place."""
    for place in range(MOST_ROWS):
        if tag := form.text(f"tag-{place}", most=LONGEST_TAG):
            yield place, tag


def tag_rows(
    form: Form | None, kept: Sequence[tuple[str, object]], *, field: str, empty: object = ""
) -> list[tuple[int, str, object]]:
    """What stands in each row, its place first: as it was typed where the form came back, else what is
    kept, and some empty rows after. `field` says what is said of orders with the tag."""
    rows: list[tuple[str, object]] = [*kept, *[("", empty)] * _EMPTY_ROWS][:MOST_ROWS]
    if form is not None:
        rows = [
            (form.typed.get(f"tag-{place}", ""), form.typed.get(f"{field}-{place}", ""))
            for place in range(MOST_ROWS)
            if f"tag-{place}" in form.typed
        ]
    return [(place, tag, said) for place, (tag, said) in enumerate(rows)]
