"""The faults and the test cards that the sandbox promises, each with the test that uses it."""

# Every fault of the API and the test that meets it.
FAULTS = {
    "rate_limit": "api/test_faults.py::test_a_rate_limit_says_its_reason_and_stores_nothing",
    "lock_timeout": "api/test_faults.py::test_a_lock_timeout_is_a_429_that_may_be_tried_again",
    "server_error": "api/test_faults.py::test_an_error_before_execution_leaves_the_key_free",
    "server_error_stored": "api/test_faults.py::"
    "test_a_stored_error_is_the_keys_answer_whether_it_happened_or_not",
    "unavailable": "api/test_faults.py::test_unavailable_is_a_503_before_anything_happens",
    "invalid_key": "api/test_faults.py::test_a_key_that_is_turned_away_has_done_nothing",
    "timeout_before_commit": "api/test_faults.py::"
    "test_a_hanging_call_ends_with_the_callers_patience",
    "timeout_after_commit": "api/test_faults.py::"
    "test_a_hanging_call_ends_with_the_callers_patience",
    "reset_before_commit": "api/test_faults.py::"
    "test_a_reset_connection_is_repaired_by_the_same_key",
    "reset_after_commit": "api/test_faults.py::test_a_reset_connection_is_repaired_by_the_same_key",
    "truncated_body": "api/test_faults.py::test_a_truncated_body_is_half_of_what_was_promised",
    "bad_gateway": "api/test_faults.py::test_a_bad_gateway_answers_html_after_the_commit",
    "latency": "api/test_faults.py::test_latency_only_takes_time",
    "slow_execution": "api/test_idempotency.py::test_a_key_in_use_is_a_conflict_and_then_answers",
}

# Every fault of the deliveries and the test that meets it.
DELIVERY_FAULTS = {
    "drop": "test_deliveries.py::test_dropped_letters_are_never_sent_but_can_be_sent_again",
    "duplicate": "test_deliveries.py::test_duplicates_are_the_same_event",
    "reorder": "test_deliveries.py::test_a_window_mixes_the_order",
    "delay": "test_deliveries.py::test_a_delay_passes_on_the_virtual_clock",
    "timestamp_age": "test_deliveries.py::test_an_old_timestamp_is_outside_the_tolerance",
    "bad_signature": "test_deliveries.py::test_a_bad_signature_is_somebody_elses",
    "wrong_livemode": "test_deliveries.py::test_a_wrong_mode_is_signed_all_the_same",
    "truncate": "test_deliveries.py::test_a_truncated_letter_is_half_a_body",
    "types": "test_deliveries.py::test_a_fault_may_meet_some_types_only",
    "times": "test_deliveries.py::test_a_counted_fault_spoils_so_many_letters_and_no_retry",
}

# Every card with a story, and the test that tells it.
CARDS = {
    "4242424242424242": "test_journey.py::test_a_session_is_paid_told_and_settled",
    "4000000000000002": "objects/test_checkout_payment.py::test_each_declining_card_says_why",
    "4000000000009995": "objects/test_checkout_payment.py::test_each_declining_card_says_why",
    "4000002500003155": "objects/test_checkout_payment.py::"
    "test_a_card_with_3d_secure_pays_when_the_payer_passes",
    "4000000000003220": "objects/test_checkout_payment.py::"
    "test_a_card_with_3d_secure_pays_when_the_payer_passes",
    "4000008400001629": "objects/test_checkout_payment.py::"
    "test_one_card_declines_after_a_passed_3d_secure",
    "4000000000007726": "objects/test_refunds.py::test_one_card_refunds_after_a_while",
    "4000000000005126": "objects/test_refunds.py::test_one_cards_refund_fails_after_it_succeeded",
    "4000000000000259": "objects/test_disputes.py::test_some_cards_dispute_at_once",
    "4000000000001976": "objects/test_disputes.py::test_some_cards_dispute_at_once",
    "378282246310005": "objects/test_checkout_payment.py::"
    "test_blocked_cards_are_refused_without_a_charge",
    "6011111111111117": "objects/test_checkout_payment.py::"
    "test_blocked_cards_are_refused_without_a_charge",
    "AT611904300234573201": "objects/test_checkout_payment.py::"
    "test_a_bank_debit_completes_unpaid_and_pays_later",
    "AT861904300235473202": "objects/test_checkout_payment.py::test_a_bank_debit_may_fail_later",
}
