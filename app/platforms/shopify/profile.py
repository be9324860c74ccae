"""Who a shop is and what it lets us do."""

from shopify.api_access import ApiAccess

from app.platforms.base import OrderReach, ReservationKind, ShopProfile
from app.platforms.shopify import queries
from app.platforms.shopify.client import ShopifyClient
from app.platforms.text import printable

REQUIRED_SCOPES = (
    "read_orders",
    "write_orders",
    "read_inventory",
    "read_products",
    "read_locations",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)
INBOUND_SCOPES = ("read_inventory_shipments", "read_inventory_transfers")
PURCHASE_ORDERS_SCOPE = "read_inventory_purchase_orders"
RESERVATION_SCOPES = {
    "read_draft_orders": ReservationKind.DRAFT,
    "read_inventory_transfers": ReservationKind.TRANSFER,
}
_WORTH_HAVING = (*INBOUND_SCOPES, *RESERVATION_SCOPES, PURCHASE_ORDERS_SCOPE)
ASKED_SCOPES = tuple(dict.fromkeys((*REQUIRED_SCOPES, *_WORTH_HAVING)))
"""What an install asks for: without the last ones a shop works, and is told what it does without."""
# https://shopify.dev/docs/api/usage/access-scopes: the last 60 days of orders, all with the scope.
ORDER_REACH = OrderReach(days=60, scope="read_all_orders")
LOCALE_SCOPES = ("read_locales", "read_markets_home")
DEFAULT_LOCALE = "en"


def fetch_profile(client: ShopifyClient) -> ShopProfile:
    """The shop's name, time zone, language and currency, and the scopes that we hold and lack."""
    data = client.execute(queries.PROFILE, {}, cost=queries.PROFILE_COST)
    scopes = tuple(sorted(scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]))
    granted = _access(scopes)
    return ShopProfile(
        domain=data["shop"]["myshopifyDomain"],
        name=printable(data["shop"]["name"]),
        time_zone=data["shop"]["ianaTimezone"],
        locale=_locale(client, granted),
        scopes=scopes,
        missing_scopes=tuple(scope for scope in REQUIRED_SCOPES if not granted.covers(ApiAccess(scope))),
        api_version=client.api_version,
        limits=_limits(scopes),
        currency=data["shop"]["currencyCode"],
    )


def _limits(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """What a shop does without for want of a scope that is worth having."""
    limits = []
    if lacking := [scope for scope in INBOUND_SCOPES if scope not in scopes]:
        limits.append(
            f"Inbound shipments are not fully used for dates: grant "
            f"{' and '.join(lacking)} to include them."
        )
    if PURCHASE_ORDERS_SCOPE not in scopes:
        limits.append(
            f"Shopify's purchase orders are not read: grant {PURCHASE_ORDERS_SCOPE} to learn lead times "
            "from them."
        )
    if unseen := [scope for scope in RESERVATION_SCOPES if scope not in scopes]:
        kinds = " and ".join(f"{RESERVATION_SCOPES[scope]}s" for scope in unseen)
        limits.append(
            f"Stock that is reserved for {kinds} can't be told apart from open orders: grant "
            f"{' and '.join(unseen)} to see what it is for."
        )
    return tuple(limits)


def _access(scopes: tuple[str, ...]) -> ApiAccess:
    """Scopes as ShopifyAPI compares them: a write scope covers its read scope. Those of other kinds
    (customer_read_…), which it refuses to read, are of no use to us."""
    known = [scope for scope in scopes if scope.startswith(("read_", "write_"))]
    return ApiAccess(known)


def _locale(client: ShopifyClient, granted: ApiAccess) -> str:
    """The shop's own language where we may ask for it: the scope is not worth requiring."""
    if not any(granted.covers(ApiAccess(scope)) for scope in LOCALE_SCOPES):
        return DEFAULT_LOCALE
    locales = client.execute(queries.LOCALES, {}, cost=queries.LOCALE_COST)["shopLocales"]
    return next((str(one["locale"]) for one in locales if one["primary"]), DEFAULT_LOCALE)
