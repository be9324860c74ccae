"""What is asked and set once a store is connected: profile, scopes, limits, hooks."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import request
from redis import Redis

from app.errors import NeedsMerchant
from app.platforms.base import Platform, Subscription
from app.platforms.bigcommerce.scopes import SCOPES
from app.platforms.bigcommerce.secret import HEADER, hook_secret
from app.sandbox.bigcommerce.access import ALL_SCOPES
from app.sandbox.bigcommerce.webhooks import Hook
from app.settings import Settings
from tests.platforms.bigcommerce.towels import ADDRESS, STORE, Clock, Towels, connected

SUBSCRIBED = [name for name, scope in SCOPES.items() if scope.is_subscribed]


def hooks(store: Towels) -> list[Hook]:
    return list(store.shop.webhooks.subscriptions.values())


def outcomes(platform: Platform, address: str = ADDRESS) -> set[str]:
    return {one.outcome for one in platform.register_webhooks(address)}


class TestHooks:
    def test_there_is_one_for_each_scope_with_the_stores_secret(
        self, platform: Platform, store: Towels, settings: Settings
    ) -> None:
        told = platform.register_webhooks(ADDRESS)

        assert told == [Subscription(scope, "created") for scope in SUBSCRIBED]
        assert sorted(hook.scope for hook in hooks(store)) == sorted(SUBSCRIBED)
        secret = hook_secret(settings.secret_key, STORE)
        assert all(hook.headers == {HEADER: secret} for hook in hooks(store))
        assert {hook.destination for hook in hooks(store)} == {ADDRESS}

    def test_orders_of_channels_and_uninstalls_are_told_anyway(self) -> None:
        left_out = {name for name, scope in SCOPES.items() if not scope.is_subscribed}

        assert left_out == {name for name in SCOPES if name.startswith("store/channel/*/order/")}

    def test_what_is_right_is_kept_without_a_write(self, platform: Platform, store: Towels) -> None:
        platform.register_webhooks(ADDRESS)
        store.shop.requests.clear()

        assert outcomes(platform) == {"kept"}
        assert [one.operation for one in store.shop.requests] == ["GET /v3/hooks", "GET /v3/hooks/admin"]

    def test_one_that_was_deactivated_after_90_quiet_days_is_woken(
        self, platform: Platform, store: Towels
    ) -> None:
        platform.register_webhooks(ADDRESS)
        store.clock.now += timedelta(days=91)
        store.shop.tick()
        assert not any(hook.is_active for hook in hooks(store))

        assert outcomes(platform) == {"updated"}
        assert all(hook.is_active and not hook.is_deactivated for hook in hooks(store))

    @pytest.mark.parametrize("headers", [{}, {HEADER: "another"}])
    def test_one_without_our_secret_gets_it(
        self, platform: Platform, store: Towels, settings: Settings, headers: dict[str, str]
    ) -> None:
        platform.register_webhooks(ADDRESS)
        broken = hooks(store)[0]
        broken.headers = headers

        told = platform.register_webhooks(ADDRESS)

        assert [one.topic for one in told if one.outcome == "updated"] == [broken.scope]
        assert hooks(store)[0].headers == {HEADER: hook_secret(settings.secret_key, STORE)}

    def test_one_that_is_gone_is_made_anew(self, platform: Platform, store: Towels) -> None:
        platform.register_webhooks(ADDRESS)
        gone = hooks(store)[3]
        del store.shop.webhooks.subscriptions[gone.hook_id]

        told = platform.register_webhooks(ADDRESS)

        assert [one.topic for one in told if one.outcome == "created"] == [gone.scope]

    def test_after_a_move_nothing_goes_to_the_old_address(
        self, platform: Platform, store: Towels
    ) -> None:
        platform.register_webhooks("https://old.example/webhooks/bigcommerce")

        assert outcomes(platform) == {"created"}
        assert {hook.destination for hook in hooks(store)} == {ADDRESS}
        assert len(hooks(store)) == len(SUBSCRIBED)

    def test_what_is_wrong_with_a_hook_is_said_and_left(self, platform: Platform, store: Towels) -> None:
        platform.register_webhooks(ADDRESS)
        gone, asleep, open_one, moved, *right = hooks(store)
        del store.shop.webhooks.subscriptions[gone.hook_id]
        asleep.is_active = False
        open_one.headers = {}
        moved.destination = "https://old.example/webhooks/bigcommerce"

        found = {one.topic: one.outcome for one in platform.check_webhooks(ADDRESS)}

        assert found == dict.fromkeys((one.scope for one in right), "kept") | {
            gone.scope: "not registered",
            asleep.scope: "switched off",
            open_one.scope: "sent without the secret of this installation",
            moved.scope: "sent to https://old.example/webhooks/bigcommerce",
        }
        assert not asleep.is_active

    def test_hooks_of_other_scopes_are_left_alone(self, platform: Platform, store: Towels) -> None:
        now = store.clock()
        other = Hook(1, "store/customer/created", "https://x.example", {}, now, now, now)
        store.shop.webhooks.subscriptions[1] = other

        platform.register_webhooks(ADDRESS)

        assert other in hooks(store)

    def test_one_deleted_meanwhile_does_not_stop_the_others(
        self, platform: Platform, store: Towels
    ) -> None:
        platform.register_webhooks("https://old.example/webhooks/bigcommerce")

        def slip_in() -> None:
            if request.method == "DELETE":
                store.shop.before_request = None
                del store.shop.webhooks.subscriptions[int(request.path.rsplit("/", 1)[1])]

        store.shop.before_request = slip_in

        assert outcomes(platform) == {"created"}

    def test_a_blocked_domain_is_said_and_passes(self, platform: Platform, store: Towels) -> None:
        platform.register_webhooks(ADDRESS)
        for _ in range(100):
            store.shop.webhooks._judge(ADDRESS, is_success=False)

        (outcome,) = outcomes(platform)

        assert "backline.example is blocked" in outcome
        assert not platform.register_webhooks(ADDRESS)[0].is_right
        store.clock.sleep(181)
        assert outcomes(platform) == {"kept"}

    def test_the_block_of_another_domain_is_not_ours(self, platform: Platform, store: Towels) -> None:
        platform.register_webhooks(ADDRESS)
        for _ in range(100):
            store.shop.webhooks._judge("https://other.example/x", is_success=False)

        assert outcomes(platform) == {"kept"}

    def test_a_refusal_is_told_in_words(self, platform: Platform) -> None:
        told = platform.register_webhooks("http://backline.example/webhooks/bigcommerce")

        assert [one.topic for one in told] == SUBSCRIBED
        assert all("TLS on port 443" in one.outcome and not one.is_right for one in told)


_REQUIRED = (
    "store_v2_information_read_only",
    "store_v2_orders",
    "store_v2_products_read_only",
    "store_inventory_read_only",
    "store_locations_read_only",
)


class TestProfile:
    def test_it_says_who_the_store_is(self, platform: Platform, store: Towels) -> None:
        profile = platform.fetch_profile()

        assert (profile.domain, profile.name) == (STORE, store.shop.name)
        assert (profile.time_zone, profile.locale) == ("Europe/Lisbon", "en")
        assert profile.missing_scopes == ()
        assert set(profile.scopes) == {
            "store_v2_information_read_only",
            "store_v2_orders",
            "store_v2_products_read_only",
            "store_inventory_read_only",
            "store_locations_read_only",
        }
        assert profile.limits == ()

    @pytest.mark.parametrize(
        ("lost", "missing"),
        [
            ("store_v2_orders", "store_v2_orders"),
            ("store_v2_products_read_only", "store_v2_products_read_only"),
            ("store_inventory", "store_inventory_read_only"),
            ("store_locations_read_only", "store_locations_read_only"),
            ("store_v2_information_read_only", "store_v2_information_read_only"),
        ],
    )
    def test_each_missing_scope_is_named(
        self, platform: Platform, store: Towels, lost: str, missing: str
    ) -> None:
        store.shop.set_scopes(set(ALL_SCOPES) - {lost})

        profile = platform.fetch_profile()

        assert profile.missing_scopes == (missing,)
        assert missing not in profile.scopes
        assert set(profile.scopes) >= {other for other in _REQUIRED if other != missing}

    def test_reading_stock_is_enough_where_selling_is_left_alone(
        self, platform: Platform, store: Towels
    ) -> None:
        stock = {"store_inventory_read_only"}
        store.shop.set_scopes(set(ALL_SCOPES) - {"store_inventory"} | stock)

        assert platform.fetch_profile().missing_scopes == ()
        assert platform.seller is not None
        assert platform.seller.try_scope() is False

    def test_what_changes_selling_is_tried_by_what_changes_nothing(
        self, platform: Platform, store: Towels
    ) -> None:
        assert platform.seller is not None
        assert platform.seller.try_scope() is True
        assert store.shop.journal == []

    def test_reading_orders_is_not_enough(self, platform: Platform, store: Towels) -> None:
        orders = {"store_v2_orders_read_only"}
        store.shop.set_scopes(set(ALL_SCOPES) - {"store_v2_orders"} | orders)

        assert platform.fetch_profile().missing_scopes == ("store_v2_orders",)

    def test_a_void_token_lacks_no_scope(self, platform: Platform, store: Towels) -> None:
        store.revoke_token()

        with pytest.raises(NeedsMerchant, match="connect the shop again"):
            platform.fetch_profile()

    def test_trying_the_scopes_changes_nothing(self, platform: Platform, store: Towels) -> None:
        order_id = store.shop.place_order([(store.variant_id, 1)], note="by staff")
        before = store.shop.orders[order_id].updated_at

        platform.fetch_profile()

        assert store.shop.orders[order_id].staff_notes == "by staff"
        assert store.shop.orders[order_id].updated_at == before
        assert store.shop.journal == []


class TestLimits:
    """Each sentence says what does not work, and which setting to change."""

    @pytest.fixture
    def limits(self, settings: Settings, redis: Redis) -> Callable[[Towels], tuple[str, ...]]:
        def limits_of(store: Towels) -> tuple[str, ...]:
            limits = connected(store, settings, redis).fetch_profile().limits
            assert store.shop.answer_problems == []
            assert store.shop.journal == []
            return limits

        return limits_of

    def test_stock_that_goes_down_at_shipment(
        self, store: Towels, limits: Callable[[Towels], tuple[str, ...]]
    ) -> None:
        store.shop.settings.update_stock_behavior = "order_completed_or_shipped"

        (said,) = limits(store)

        assert "when an order is shipped or completed" in said
        assert "Settings, Inventory" in said

    def test_settings_that_may_not_be_read(
        self, store: Towels, limits: Callable[[Towels], tuple[str, ...]]
    ) -> None:
        def forbid_settings() -> None:
            is_allowed = not request.path.endswith("/v3/settings/inventory")
            store.shop.set_scopes(
                ALL_SCOPES if is_allowed else set(ALL_SCOPES) - {"store_v2_information_read_only"}
            )

        store.shop.before_request = forbid_settings

        (said,) = limits(store)

        assert "grant store_channel_settings_read_only" in said

    def test_native_backorders_that_are_off(
        self, store: Towels, limits: Callable[[Towels], tuple[str, ...]]
    ) -> None:
        store.shop.settings.has_native_backorders = False

        (said,) = limits(store)

        assert "backorders are off" in said

    def test_variants_that_share_their_products_stock_are_no_limit(
        self, store: Towels, limits: Callable[[Towels], tuple[str, ...]]
    ) -> None:
        product_id = store.add("Robe", tracking="product").product_id
        store.add("Robe L", product_id=product_id)

        assert limits(store) == ()

    def test_a_store_that_tracks_nothing(
        self, store: Towels, limits: Callable[[Towels], tuple[str, ...]]
    ) -> None:
        store.add("Gift card", tracking="none")
        assert limits(store) == ()
        store.shop.set_tracking(store.towel.product_id, "none")

        (said,) = limits(store)

        assert "None of the products" in said

    def test_an_empty_store_has_none(
        self, store: Towels, limits: Callable[[Towels], tuple[str, ...]]
    ) -> None:
        store.shop.delete_product(store.towel.product_id)

        assert limits(store) == ()

    def test_several_are_said_together(self, limits: Callable[[Towels], tuple[str, ...]]) -> None:
        store = Towels(Clock(), quota_requests=300)
        store.shop.settings.has_native_backorders = False
        store.shop.settings.update_stock_behavior = "order_completed_or_shipped"

        assert len(limits(store)) == 2
