"""The control panel, in whose frames our pages stand."""

import re

from app.platforms.http import origin
from app.settings import Settings

# A content policy knows no wildcard but for the whole first part of a host's name.
_PART_WITH_HASH = re.compile(r"[^/.\s]*\{hash\}[^/.\s]*")


def ancestors(settings: Settings, store_hash: str | None) -> str:
    """Where the control panel of a store, or (None) of any, is served, and where one signs in to it. A
    stand-in for BigCommerce shows us in frames of its own address."""
    panels = settings.bigcommerce_panel_origins
    if store_hash is None:
        panels = _PART_WITH_HASH.sub("*", panels)
    else:
        panels = panels.replace("{hash}", store_hash)
    return f"{panels} {origin(settings.bigcommerce_login_url)}"
