"""What the sandbox promises, area by area, and the tests that prove each promise.

`test_promises.py` checks that every area and operation is here and that every test exists.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Area:
    """One part of Stripe: the operations it has, and what must be true of it."""

    operations: tuple[str, ...]
    promises: dict[str, tuple[str, ...]]


AREAS: dict[str, Area] = {
    "common": Area(
        operations=(),
        promises={
            "Bearer and Basic authentication with sk_test_ and rk_test_ keys": (
                "api/test_gate.py::test_test_keys_of_both_kinds_open_the_platforms_account",
                "api/test_gate.py::test_a_key_may_come_as_basic_authentication",
            ),
            "401 in Stripe's shape": (
                "api/test_gate.py::test_a_live_key_is_refused",
                "api/test_gate.py::test_no_key_is_refused",
            ),
            "Stripe-Account scoping, 403 account_invalid before and after a connection": (
                "api/test_gate.py::test_an_account_that_is_not_connected_is_refused",
                "api/test_gate.py::test_an_account_is_refused_again_after_its_disconnection",
            ),
            "'No such ..' for reads across accounts": (
                "api/test_gate.py::test_objects_of_one_account_are_missing_in_another",
            ),
            "unknown and missing parameters, wrong values": (
                "api/test_parameters.py::test_a_wrong_parameter_is_refused_by_name",
                "api/test_against_sdk.py::test_an_operation_knows_exactly_the_sdks_parameters",
                "api/test_parameters.py::test_a_parameter_that_is_not_played_is_refused_openly",
            ),
            "Request-Id, Stripe-Version, Idempotency-Key echo": (
                "api/test_gate.py::test_every_answer_carries_a_request_id_and_the_version",
                "api/test_gate.py::test_the_account_asked_for_is_echoed",
            ),
            "form arrays by index or by []": (
                "api/test_parameters.py::test_arrays_come_by_index_or_by_empty_brackets",
                "api/test_parameters.py::test_arrays_of_objects_keep_their_order_by_index",
            ),
            "expand, nested": (
                "api/test_expansion.py::test_several_levels_expand_in_one_path",
                "api/test_expansion.py::test_a_field_that_cannot_be_expanded_is_refused",
            ),
            "cursor lists newest first, limit 1 to 100": (
                "api/test_lists.py::test_a_list_is_newest_first_and_ten_long",
                "api/test_lists.py::test_the_limit_stays_between_one_and_a_hundred",
                "api/test_lists.py::test_paging_by_itself_sees_everything_once_in_both_directions",
            ),
            "every answer and event fits the SDK's types (checked in every test)": (
                "test_sdk_types.py::test_a_wrong_object_is_found",
                "test_sdk_types.py::test_expanded_objects_lists_and_events_are_looked_into",
            ),
        },
    ),
    "idempotency": Area(
        operations=(),
        promises={
            "replays for 24 hours by account and key": (
                "api/test_idempotency.py::test_the_same_key_answers_the_same_object_and_says_so",
                "api/test_idempotency.py::test_a_key_belongs_to_one_account",
                "api/test_idempotency.py::test_a_key_is_forgotten_after_a_day",
            ),
            "replays 500s": (
                "api/test_faults.py::"
                "test_a_stored_error_is_the_keys_answer_whether_it_happened_or_not",
            ),
            "400 for other parameters": (
                "api/test_idempotency.py::test_another_request_with_the_key_is_refused",
            ),
            "409 in flight": (
                "api/test_idempotency.py::test_a_key_in_use_is_a_conflict_and_then_answers",
            ),
            "validation errors are not stored": (
                "api/test_idempotency.py::"
                "test_a_request_that_failed_validation_leaves_its_key_free",
            ),
            "what was refused in execution is stored, declined cards too": (
                "api/test_idempotency.py::test_a_refusal_in_execution_is_kept",
                "api/test_idempotency.py::test_a_declined_card_is_kept_with_its_charge",
            ),
        },
    ),
    "checkout": Area(
        operations=(
            "POST /v1/checkout/sessions",
            "GET /v1/checkout/sessions",
            "GET /v1/checkout/sessions/:id",
            "POST /v1/checkout/sessions/:id",
            "POST /v1/checkout/sessions/:id/expire",
            "GET /v1/checkout/sessions/:id/line_items",
            "GET /v1/payment_pages/:id",
            "POST /v1/payment_pages/:id/confirm",
        ),
        promises={
            "price_data and price, amount_total": (
                "objects/test_checkout.py::test_the_total_is_the_sum_of_its_lines",
                "objects/test_checkout.py::test_a_price_made_before_can_be_sold",
            ),
            "least and most amounts": (
                "objects/test_checkout.py::test_a_total_out_of_range_is_refused",
                "objects/test_checkout.py::test_an_amount_that_a_currency_cannot_hold_is_refused",
            ),
            "expires_at from 30 minutes to 24 hours": (
                "objects/test_checkout.py::test_an_end_too_near_or_too_far_is_refused",
                "objects/test_checkout.py::test_a_session_lives_a_day_unless_told_otherwise",
            ),
            "brands and fundings blocked": (
                "objects/test_checkout.py::test_blocked_brands_are_kept_and_unknown_ones_refused",
                "objects/test_checkout_payment.py::test_blocked_cards_are_refused_without_a_charge",
            ),
            "payment_method_types is refused": (
                "objects/test_checkout.py::test_the_old_parameter_for_payment_methods_is_unknown",
            ),
            "the payment intent is null until the payer submits": (
                "objects/test_checkout.py::test_a_session_is_open_unpaid_and_has_a_page",
                "objects/test_checkout_payment.py::test_a_declined_card_leaves_the_session_open",
            ),
            "url is null when closed; expiry by time and by call": (
                "objects/test_checkout.py::test_a_session_ends_at_its_time_and_says_so",
                "objects/test_checkout.py::test_an_open_session_can_be_expired_once",
                "objects/test_checkout.py::test_a_paid_session_cannot_be_expired",
            ),
            "lists and line items": (
                "objects/test_checkout.py::test_sessions_are_found_by_intent_status_and_email",
                "objects/test_checkout.py::test_line_items_come_in_pages",
            ),
            "metadata can be changed": (
                "objects/test_checkout.py::test_a_sessions_metadata_can_be_changed",
            ),
            "payment pages for Stripe's command line": (
                "objects/test_payment_pages.py::test_a_page_shows_its_session_and_takes_a_payment",
            ),
        },
    ),
    "hosted page": Area(
        operations=(),
        promises={
            "card form without JavaScript, test cards": (
                "pages/test_checkout.py::test_the_page_says_what_is_asked_and_that_it_is_a_test",
                "pages/test_checkout.py::test_a_typed_card_pays_and_leads_on",
            ),
            "a decline is said and the page stays": (
                "pages/test_checkout.py::test_a_declined_card_is_said_and_the_page_stays",
            ),
            "3-D Secure challenge page": (
                "pages/test_checkout.py::test_the_bank_asks_and_the_payer_completes",
                "pages/test_checkout.py::test_the_bank_asks_and_the_payer_fails",
            ),
            "waits up to 10 seconds for the completed webhook, then 303 to success_url": (
                "pages/test_checkout.py::test_the_payer_is_held_back_until_the_webhook_was_taken",
                "pages/test_checkout.py::test_the_payer_is_not_held_back_for_ever",
            ),
            "back to cancel_url; pages of their own for closed sessions": (
                "pages/test_checkout.py::test_a_complete_session_has_a_page_of_its_own",
                "pages/test_checkout.py::test_an_expired_session_has_a_page_of_its_own",
            ),
        },
    ),
    "products, prices, payment methods": Area(
        operations=(
            "POST /v1/products",
            "GET /v1/products",
            "GET /v1/products/:id",
            "POST /v1/prices",
            "GET /v1/prices",
            "GET /v1/prices/:id",
            "POST /v1/payment_methods",
            "GET /v1/payment_methods/:id",
            "POST /v1/payment_methods/:id",
        ),
        promises={
            "create and get": (
                "objects/test_catalogue.py::test_a_product_and_its_price_are_made_and_read",
                "objects/test_payment_methods.py::test_a_number_is_a_card_with_its_owner",
            ),
            "tok_ and pm_card_ names": (
                "objects/test_payment_methods.py::test_a_token_is_a_card",
                "test_cards.py::test_names_of_test_cards_come_with_either_prefix",
            ),
        },
    ),
    "payment intents, charges": Area(
        operations=(
            "POST /v1/payment_intents",
            "GET /v1/payment_intents",
            "GET /v1/payment_intents/:id",
            "POST /v1/payment_intents/:id",
            "POST /v1/payment_intents/:id/confirm",
            "POST /v1/payment_intents/:id/cancel",
            "GET /v1/charges",
            "GET /v1/charges/:id",
            "POST /v1/charges/:id",
        ),
        promises={
            "get and list, latest_charge": (
                "objects/test_payment_intents.py::test_intents_are_listed",
                "objects/test_charges.py::test_charges_are_found_by_their_intent",
                "test_journey.py::test_a_session_is_paid_told_and_settled",
            ),
            "balance_transaction null at first, then charge.updated": (
                "objects/test_charges.py::test_the_balance_transaction_is_null_until_it_is_told",
            ),
            "create and confirm with a payment method": (
                "objects/test_payment_intents.py::test_creating_and_confirming_charges_at_once",
                "objects/test_payment_intents.py::test_a_method_made_before_is_charged",
            ),
            "declined, requires_action, cancel": (
                "objects/test_payment_intents.py::"
                "test_a_declined_card_is_a_402_with_everything_about_it",
                "objects/test_payment_intents.py::"
                "test_3d_secure_waits_for_the_payer_and_can_be_cancelled",
            ),
            "the old parameter is refused by its own code": (
                "objects/test_payment_intents.py::test_a_wrong_intent_is_refused",
            ),
        },
    ),
    "refunds": Area(
        operations=(
            "POST /v1/refunds",
            "GET /v1/refunds",
            "GET /v1/refunds/:id",
            "POST /v1/refunds/:id",
            "POST /v1/refunds/:id/cancel",
        ),
        promises={
            "whole and partial": (
                "objects/test_refunds.py::test_a_refund_without_an_amount_takes_all_that_is_left",
            ),
            "too much, already refunded, disputed": (
                "objects/test_refunds.py::test_more_than_is_left_is_refused_in_money",
                "objects/test_refunds.py::test_a_charge_that_went_back_whole_is_refused_by_name",
                "objects/test_refunds.py::test_a_disputed_charge_is_refused",
            ),
            "cards whose refunds change their mind": (
                "objects/test_refunds.py::test_one_card_refunds_after_a_while",
                "objects/test_refunds.py::test_one_cards_refund_fails_after_it_succeeded",
            ),
            "made in the dashboard": (
                "control/test_money.py::test_an_organizers_refund_has_no_request_of_ours",
                "pages/test_dashboard.py::test_a_part_and_then_the_rest_are_refunded",
            ),
            "update and cancel": (
                "objects/test_refunds.py::test_a_refunds_metadata_can_be_changed",
                "objects/test_refunds.py::"
                "test_a_pending_refund_can_be_cancelled_and_a_succeeded_one_cannot",
            ),
        },
    ),
    "disputes": Area(
        operations=(
            "GET /v1/disputes",
            "GET /v1/disputes/:id",
            "POST /v1/disputes/:id",
            "POST /v1/disputes/:id/close",
        ),
        promises={
            "from cards and from the control API": (
                "objects/test_disputes.py::test_some_cards_dispute_at_once",
                "objects/test_disputes.py::test_a_dispute_withdraws_the_money_and_a_fee",
            ),
            "won and lost": (
                "objects/test_disputes.py::"
                "test_a_won_dispute_brings_back_the_money_but_not_the_fee",
                "objects/test_disputes.py::test_a_lost_dispute_changes_no_balance",
            ),
            "get, list, update and close": (
                "objects/test_disputes.py::test_disputes_are_found_by_intent",
                "objects/test_disputes.py::test_evidence_decides_or_is_looked_at",
                "objects/test_disputes.py::test_closing_accepts_the_loss_once",
            ),
        },
    ),
    "balance transactions, balance, payouts": Area(
        operations=(
            "GET /v1/balance_transactions",
            "GET /v1/balance_transactions/:id",
            "GET /v1/balance",
            "GET /v1/payouts",
            "GET /v1/payouts/:id",
            "GET /v1/application_fees",
            "GET /v1/application_fees/:id",
        ),
        promises={
            "fee schedule and exchange": (
                "objects/test_charges.py::test_the_fee_is_a_share_and_a_fixed_part",
                "objects/test_charges.py::test_another_currency_is_exchanged_into_the_accounts_own",
            ),
            "application fee detail": (
                "objects/test_application_fees.py::test_the_fee_is_booked_on_both_sides",
                "objects/test_application_fees.py::"
                "test_the_fee_is_kept_on_a_refund_unless_it_is_given_back",
            ),
            "list and get": (
                "objects/test_balance.py::test_transactions_are_found_by_source_type_and_currency",
                "objects/test_balance.py::test_the_balance_is_the_sum_of_all_movements",
                "objects/test_payouts.py::test_what_is_in_a_payout_can_be_listed",
            ),
        },
    ),
    "events": Area(
        operations=("GET /v1/events", "GET /v1/events/:id"),
        promises={
            "get, list by types, created and delivery_success, cursors": (
                "objects/test_events.py::test_events_are_found_by_types_and_patterns",
                "objects/test_events.py::"
                "test_undelivered_events_can_be_asked_for_and_read_in_order",
                "api/test_lists.py::test_a_list_can_be_bounded_in_time",
            ),
            "30 days": ("objects/test_events.py::test_events_are_forgotten_after_thirty_days",),
            "snapshots with the request behind them": (
                "objects/test_events.py::test_an_event_is_a_snapshot_of_its_moment",
                "api/test_gate.py::test_events_name_the_request_that_caused_them",
            ),
        },
    ),
    "webhook endpoints": Area(
        operations=(
            "POST /v1/webhook_endpoints",
            "GET /v1/webhook_endpoints",
            "GET /v1/webhook_endpoints/:id",
            "POST /v1/webhook_endpoints/:id",
            "DELETE /v1/webhook_endpoints/:id",
        ),
        promises={
            "create, read, update, delete; the secret once": (
                "objects/test_webhook_endpoints.py::test_the_secret_is_shown_once",
                "objects/test_webhook_endpoints.py::test_an_endpoint_hears_what_it_was_changed_to",
                "objects/test_webhook_endpoints.py::"
                "test_a_removed_endpoint_is_gone_and_hears_nothing",
            ),
            "connect endpoints and `account`": (
                "test_deliveries.py::test_own_and_connected_accounts_have_their_own_endpoints",
            ),
            "signature, api_version, pending_webhooks": (
                "test_deliveries.py::test_a_letter_is_signed_as_stripe_signs",
            ),
            "retries on the virtual clock and in real time": (
                "test_deliveries.py::test_a_refused_letter_comes_again_later_signed_anew",
                "test_deliveries.py::test_the_first_retry_needs_no_virtual_time",
                "test_deliveries.py::test_the_postman_gives_up_after_three_days",
            ),
            "concurrent delivery in the typical order": (
                "test_deliveries.py::test_letters_travel_at_the_same_time",
                "test_journey.py::test_a_session_is_paid_told_and_settled",
            ),
        },
    ),
    "accounts": Area(
        operations=(
            "GET /v1/account",
            "GET /v1/accounts",
            "POST /v1/accounts",
            "GET /v1/accounts/:id",
            "POST /v1/account_links",
            "POST /v2/core/accounts",
            "GET /v2/core/accounts/:id",
            "POST /v2/core/accounts/:id/close",
            "POST /v2/core/account_links",
        ),
        promises={
            "the platform and connected accounts": (
                "objects/test_accounts.py::test_the_platforms_account_is_ready",
                "objects/test_accounts.py::"
                "test_a_connected_account_is_seen_and_an_unconnected_one_is_not",
            ),
            "toggles send account.updated": (
                "objects/test_accounts.py::test_a_toggle_is_told_to_the_platform",
            ),
            "hosted onboarding, both versions": (
                "objects/test_accounts.py::"
                "test_onboarding_makes_an_account_that_completes_itself_on_a_page",
                "objects/test_accounts_v2.py::"
                "test_a_new_account_is_restricted_until_its_details_are_given",
            ),
        },
    ),
    "oauth": Area(
        operations=("POST /oauth/token", "POST /oauth/deauthorize"),
        promises={
            "the page: approve or deny, state round trip, redirect allow-list": (
                "pages/test_connect.py::test_agreeing_sends_back_a_code_and_the_state",
                "pages/test_connect.py::test_denying_sends_back_that_it_was_denied",
                "pages/test_connect.py::test_a_wrong_request_is_refused_on_the_page",
            ),
            "single-use codes, invalid_grant": (
                "objects/test_oauth.py::test_a_code_becomes_a_connection",
                "objects/test_oauth.py::test_a_code_is_good_once",
                "objects/test_oauth.py::test_an_unknown_code_is_an_invalid_grant",
            ),
            "deauthorize": ("objects/test_oauth.py::test_the_platform_ends_a_connection",),
        },
    ),
    "control": Area(
        operations=(),
        promises={
            "reset": ("control/test_conditions.py::test_resetting_begins_again",),
            "clock": ("control/test_conditions.py::test_time_goes_forward_and_is_told",),
            "pay and expire a session": (
                "control/test_money.py::test_paying_waits_for_nothing",
                "control/test_money.py::test_a_session_is_expired",
            ),
            "refund and dispute as organizer and bank": (
                "control/test_money.py::test_an_organizers_refund_has_no_request_of_ours",
                "objects/test_disputes.py::test_a_dispute_can_be_opened_in_a_later_state",
            ),
            "disconnect an account": (
                "control/test_conditions.py::test_an_account_is_connected_and_disconnected_once",
            ),
            "the ledger": (
                "test_ledger.py::test_every_movement_of_a_payment_is_one_positive_line",
            ),
            "rules by method, path, account and nth": (
                "api/test_faults.py::test_a_rule_meets_only_its_method_path_and_account",
                "api/test_faults.py::"
                "test_a_rule_begins_with_the_nth_request_and_ends_after_its_times",
            ),
            "state survives a restart and a kill": (
                "test_journal.py::test_a_restart_keeps_sessions_charges_and_books",
                "test_main.py::test_a_kill_loses_no_more_than_a_moment",
            ),
        },
    ),
}
