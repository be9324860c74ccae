"""`shopify.app.toml` says what the code reads: the same topics, fields, scopes and addresses."""

import tomllib
from pathlib import Path
from typing import Any

from app.platforms.shopify.profile import ASKED_SCOPES
from app.platforms.shopify.selling import SCOPE as SELLING_SCOPE
from app.platforms.shopify.topics import TOPICS
from app.settings import Settings

APP: dict[str, Any] = tomllib.loads((Path(__file__).parents[3] / "shopify.app.toml").read_text())
SUBSCRIPTIONS: list[dict[str, Any]] = APP["webhooks"]["subscriptions"]


def test_every_topic_is_subscribed_once_with_the_fields_that_are_read() -> None:
    told = [
        (topic, tuple(each.get("include_fields", ())))
        for each in SUBSCRIPTIONS
        for topic in each.get("topics", ())
    ]

    wanted = {name: topic.fields for name, topic in TOPICS.items() if topic.is_subscribed}
    assert dict(told) == wanted
    assert len(told) == len(wanted)


def test_every_compliance_topic_is_subscribed() -> None:
    told = [topic for each in SUBSCRIPTIONS for topic in each.get("compliance_topics", ())]

    assert told == [name for name, topic in TOPICS.items() if not topic.is_subscribed]


def test_fields_are_chosen_with_the_time_of_the_change() -> None:
    """Without it Shopify may take two changes for one. A refund has none: it never changes."""
    chosen = [each for each in SUBSCRIPTIONS if "include_fields" in each]

    without = [each["topics"] for each in chosen if "updated_at" not in each["include_fields"]]
    assert without == [["refunds/create"]]


def test_scopes_version_and_addresses_are_those_of_the_code() -> None:
    assert APP["access_scopes"]["scopes"].split(",") == list(ASKED_SCOPES)
    assert APP["access_scopes"]["optional_scopes"] == [SELLING_SCOPE]
    assert APP["webhooks"]["api_version"] == Settings.model_fields["shopify_api_version"].default
    assert {each["uri"] for each in SUBSCRIPTIONS} == {"/webhooks/shopify"}
    assert APP["application_url"].endswith("/shopify/app")
    assert [url.endswith("/shopify/callback") for url in APP["auth"]["redirect_urls"]] == [True]
