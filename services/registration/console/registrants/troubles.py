"""Words of Stripe's and of payments' for what went wrong, as people say them. No I/O here."""

from services.registration.catalogues import msgid

FAILURES = {
    "nothing_left": msgid("Nothing was left to refund"),
    "disputed": msgid("The payment is disputed"),
    "account_refused": msgid("Stripe refused access to the account"),
    "over_refund": msgid("It was more than what is left"),
    "charge_for_pending_refund_disputed": msgid("The payment is disputed"),
    "declined": msgid("The bank refused it"),
    "expired_or_canceled_card": msgid("The card has expired or was cancelled"),
    "insufficient_funds": msgid("Your Stripe balance is too low"),
    "lost_or_stolen_card": msgid("The card was lost or stolen"),
    "merchant_request": msgid("You stopped it at Stripe"),
    "canceled": msgid("It was stopped at Stripe"),
    "unknown": msgid("Stripe does not know why"),
}
"""Why a refund failed."""

DISPUTE_REASONS = {
    "credit_not_processed": msgid("A refund that was promised did not come"),
    "duplicate": msgid("Charged twice"),
    "fraudulent": msgid("The card’s owner did not pay this"),
    "general": msgid("No reason given"),
    "product_not_received": msgid("The seat was not received"),
    "product_unacceptable": msgid("It was not as described"),
    "subscription_canceled": msgid("It was cancelled before"),
    "unrecognized": msgid("The card’s owner does not recognize it"),
}
"""What the card's owner told the bank."""

DISPUTE_ENDS = {
    "won": msgid("Decided for you"),
    "lost": msgid("Decided against you"),
    "warning_closed": msgid("The bank asked and took nothing"),
    "prevented": msgid("Settled before it began"),
}

FLAGS = {
    "money_elsewhere": msgid("Money came to another Stripe account, or in another mode"),
    "odd_money": msgid("Another amount or currency came than was asked for"),
    "unknown_status": msgid("Stripe says something that Taquilla does not know"),
    "may_have_been_paid": msgid("Stripe does not say whether this was paid"),
    "still_processing": msgid("The bank has neither paid nor refused for a day"),
    "refund_failed": msgid("A refund failed"),
    "refund_unmatched": msgid("A refund was asked for, and its payment is not known"),
    "odd_refund": msgid("Stripe gave back another amount than was asked for"),
    "settled_in_two_currencies": msgid("The fee cannot be summed: it came in two currencies"),
    "call_refused": msgid("Stripe refused to open a payment"),
    "key_reused": msgid("Stripe refused a call as a repetition of another one"),
    "unmerged_event": msgid("A message of Stripe’s could not be read"),
    "unknown_session": msgid("Stripe knows a payment page that Taquilla did not open"),
}
"""What payments found odd, by its cause."""
