#!/usr/bin/env bash
# openapi-core 0.23.1 does not read application/problem+json (RFC 9457) as JSON when it checks an answer.
#
# Guess, before it was run: the suffix "+json" (RFC 6839) says that such a body is JSON, so an answer of
# {"title": "Not found", "status": 404} is valid against {"type": "object"}, as it is when the same body
# is called application/json.
#
# Seen: as application/json it is valid; as application/problem+json, with that very media type in the
# document, validation fails with InvalidData, because the body is handed to the schema as bytes, "not of
# type 'object'". A deserializer of one's own for the media type (extra_media_type_deserializers) helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q openapi-core==0.23.1 werkzeug==3.1.9
cat > "$folder/try.py" <<'PYTHON'
import json

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse


def outcome(media_type, **config):
    content = {media_type: {"schema": {"type": "object"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/x": {"get": {"responses": {"404": {"description": "none", "content": content}}}}},
    }
    api = OpenAPI.from_dict(document, config=Config(**config))
    body = json.dumps({"title": "Not found", "status": 404}).encode()
    answer = MockResponse(body, status_code=404, content_type=media_type)
    try:
        api.validate_response(MockRequest("http://localhost", "get", "/x"), answer)
    except Exception as error:
        return type(error).__name__
    return "valid"


problem = "application/problem+json"
seen = (
    outcome("application/json"),
    outcome(problem),
    outcome(problem, extra_media_type_deserializers={problem: json.loads}),
)
print(seen)
assert seen == ("valid", "InvalidData", "valid"), seen
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
