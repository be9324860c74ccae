"""What the shop and the app answer, and what they keep: metafields, subscriptions, bulk operations."""

import json
from collections.abc import Mapping

from app.sandbox.shopify import marks
from app.sandbox.shopify.answers.fields import always, gid_of, metafields_of, text_of, time_of, value_of
from app.sandbox.shopify.call import Answer, read_gid
from app.sandbox.shopify.nodes import find_node
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.webhooks import API_VERSION

JSON_TYPES = ("json", "number_integer", "boolean")

METAFIELD: dict[str, Answer] = {
    "id": gid_of("Metafield", "metafield_id"),
    "legacyResourceId": text_of("metafield_id"),
    "namespace": value_of("namespace"),
    "key": value_of("key"),
    "type": value_of("type"),
    "value": value_of("value"),
    "jsonValue": lambda one, call, args: json.loads(one.value) if one.type in JSON_TYPES else one.value,
    "compareDigest": lambda one, call, args: marks.digest(one),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "ownerType": lambda one, call, args: read_gid(one.owner_gid)[0].upper(),
    "owner": lambda one, call, args: find_node(call, one.owner_gid),
}

SHOP: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("Shop", shop.books.shop_id),
    "name": value_of("name"),
    "myshopifyDomain": value_of("domain"),
    "ianaTimezone": value_of("time_zone"),
    "currencyCode": always("EUR"),
    "primaryDomain": lambda shop, call, args: shop,
    "plan": lambda shop, call, args: shop,
    "email": lambda shop, call, args: f"owner@{shop.domain}",
    "contactEmail": lambda shop, call, args: f"owner@{shop.domain}",
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("created_at"),
    "url": lambda shop, call, args: f"https://{shop.domain}",
    "metafield": lambda shop, call, args: marks.find_metafield(
        call.books, gid("Shop", shop.books.shop_id), args.get("namespace"), key=args["key"]
    ),
    "metafields": lambda shop, call, args: metafields_of("Shop", "shop_id")(shop.books, call, args),
}

SHOP_PLAN: dict[str, Answer] = {
    "displayName": lambda shop, call, args: shop.plan.capitalize(),
    "publicDisplayName": lambda shop, call, args: shop.plan.capitalize(),
    "partnerDevelopment": always(False),
    "shopifyPlus": lambda shop, call, args: shop.plan == "plus",
}

DOMAIN: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("Domain", shop.books.shop_id),
    "host": value_of("domain"),
    "sslEnabled": always(True),
    "url": lambda shop, call, args: f"https://{shop.domain}",
}

APP_INSTALLATION: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("AppInstallation", shop.books.app_id),
    "accessScopes": lambda shop, call, args: sorted(shop.scopes),
    "app": lambda shop, call, args: shop,
    "metafield": lambda shop, call, args: marks.find_metafield(
        call.books, gid("AppInstallation", shop.books.app_id), args.get("namespace"), key=args["key"]
    ),
    "metafields": lambda shop, call, args: metafields_of("AppInstallation", "app_id")(
        shop.books, call, args
    ),
}

APP: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("App", shop.books.app_id),
    "handle": always("backline"),
    "title": always("Backline"),
    "apiKey": value_of("client_id"),
}

ACCESS_SCOPE: dict[str, Answer] = {
    "handle": lambda scope, call, args: scope,
    "description": lambda scope, call, args: scope.replace("_", " ").capitalize(),
}

SUBSCRIPTION: dict[str, Answer] = {
    "id": gid_of("WebhookSubscription", "subscription_id"),
    "legacyResourceId": text_of("subscription_id"),
    "topic": lambda one, call, args: one.topic.replace("/", "_").upper(),
    "uri": value_of("uri"),
    "filter": value_of("filter"),
    "format": always("JSON"),
    "includeFields": lambda one, call, args: list(one.include_fields),
    "metafieldNamespaces": always([]),
    "name": value_of("name"),
    "apiVersion": always({"displayName": API_VERSION, "handle": API_VERSION, "supported": True}),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
}

BULK_OPERATION: dict[str, Answer] = {
    "id": gid_of("BulkOperation", "operation_id"),
    "status": value_of("status"),
    "type": value_of("kind"),
    "errorCode": value_of("error_code"),
    "query": value_of("query"),
    "url": value_of("url"),
    "partialDataUrl": value_of("partial_data_url"),
    "fileSize": lambda one, call, args: None if one.result is None else str(len(one.result)),
    "objectCount": lambda one, call, args: str(one.object_count),
    "rootObjectCount": lambda one, call, args: str(one.root_object_count),
    "createdAt": time_of("created_at"),
    "completedAt": time_of("completed_at"),
}

STAGED_UPLOAD: dict[str, Answer] = {
    "parameters": value_of("parameters"),
    "resourceUrl": lambda upload, call, args: f"{upload.url}/{upload.key}",
    "url": value_of("url"),
}

SHOP_LOCALE: dict[str, Answer] = {
    "locale": lambda locale, call, args: locale,
    "name": lambda locale, call, args: locale,
    "primary": always(True),
    "published": always(True),
}


ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "Metafield": METAFIELD,
    "Shop": SHOP,
    "ShopPlan": SHOP_PLAN,
    "ShopLocale": SHOP_LOCALE,
    "Domain": DOMAIN,
    "App": APP,
    "AppInstallation": APP_INSTALLATION,
    "AccessScope": ACCESS_SCOPE,
    "WebhookSubscription": SUBSCRIPTION,
    "BulkOperation": BULK_OPERATION,
    "StagedMediaUploadTarget": STAGED_UPLOAD,
}
