"""Which OAuth scope opens what. A scope that ends in `_read_only` opens reads alone.

https://docs.bigcommerce.com/developer/docs/integrations/authentication/api-accounts#oauth-scopes
"""

from collections.abc import Collection, Mapping

ALL_SCOPES = (
    "store_v2_orders",
    "store_v2_products_read_only",
    "store_inventory",
    "store_locations_read_only",
    "store_v2_information_read_only",
)

# By the beginning of a path below its version; the longest one that fits counts.
NEEDS: Mapping[str, str] = {
    "/orders": "store_v2_orders",
    "/order_statuses": "store_v2_orders",
    "/catalog": "store_v2_products",
    "/inventory": "store_inventory",
    "/inventory/locations": "store_locations",
    "/settings": "store_v2_information",
    "/store": "store_v2_information",
    "/time": "",
    "/hooks": "",
}


def is_open(granted: Collection[str], method: str, template: str) -> bool:
    """Whether the granted scopes let an operation be called."""
    fitting = [path for path in NEEDS if template == path or template.startswith(f"{path}/")]
    is_stock = template.startswith("/inventory/locations/{location_id}/items")
    wanted = "store_inventory" if is_stock else NEEDS[max(fitting, key=len)]
    return not wanted or wanted in granted or (method == "GET" and f"{wanted}_read_only" in granted)
