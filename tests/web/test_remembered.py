"""What the applications of the tests remember is what they would compile anew."""

from pathlib import Path

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from werkzeug.routing import Map, Rule


def test_a_remembered_address_is_built_as_werkzeug_builds_it(client: FlaskClient) -> None:
    addresses = client.application.url_map
    for rule in addresses.iter_rules():
        plain = Rule(rule.rule, endpoint=rule.endpoint, methods=rule.methods, defaults=rule.defaults)
        Map([plain], converters=addresses.converters)
        values = dict.fromkeys(rule.arguments, 7) | {"act": "receive", "page": "2"}

        assert rule.build(values) == plain.build(values)
        assert rule.build(values, append_unknown=False) == plain.build(values, append_unknown=False)


@pytest.mark.parametrize("two", [1, 2])
def test_an_address_with_other_defaults_is_another(two: int) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<one>/<two>", "view", defaults={"two": two})

    with app.test_request_context():
        assert app.url_for("view", one="a", two=two) == f"/a/{two}"


@pytest.mark.parametrize("words", ["as it was", "as it is"])
def test_a_template_that_was_changed_is_compiled_anew(
    tmp_path_factory: pytest.TempPathFactory, words: str
) -> None:
    folder = Path(tmp_path_factory.getbasetemp()) / "changed"
    folder.mkdir(exist_ok=True)
    (folder / "page.html").write_text(words)
    app = Flask(__name__, template_folder=str(folder))

    with app.test_request_context():
        assert render_template("page.html") == words
