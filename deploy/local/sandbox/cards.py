"""Stripe's test cards: which bank says what; and what a card number tells by itself."""

import hashlib
from dataclasses import dataclass

GENERIC = "Your card was declined."


@dataclass(frozen=True, slots=True)
class Decline:
    code: str
    decline_code: str | None
    message: str = GENERIC


@dataclass(frozen=True, slots=True)
class Card:
    """How one test card behaves."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    needs_authentication: bool = False
    refund: str | None = None  # "succeeds_later" or "fails_later"
    dispute: str | None = None  # the reason
    is_inquiry: bool = False
    cvc_check: str = "pass"

    @property
    def last4(self) -> str:
        return self.number[-4:]


_DECLINED = {
    "4000000000000002": Decline("card_declined", "generic_decline"),
    "4000000000000341": Decline("card_declined", "generic_decline"),
    "4000000000009995": Decline(
        "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "4000000000009987": Decline("card_declined", "lost_card"),
    "4000000000009979": Decline("card_declined", "stolen_card"),
    "4000000000000069": Decline("expired_card", "expired_card", "Your card has expired."),
    "4000000000000127": Decline(
        "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."
    ),
    "4000000000000119": Decline(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "4000000000006975": Decline(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its "
        "amount limit.",
    ),
    "4100000000000019": Decline("card_declined", "fraudulent"),
    "4000008400001629": Decline("card_declined", "generic_decline"),
}
_AUTHENTICATED = (
    "4000002500003155",
    "4000002760003184",
    "4000000000003220",
    "4000000000003063",
    "4000008400001629",
)
_REFUNDS = {"4000000000007726": "succeeds_later", "4000000000005126": "fails_later"}
_DISPUTES = {
    "4000000000000259": "fraudulent",
    "4000000000002685": "product_not_received",
    "4000000000001976": "fraudulent",
}
_INQUIRY = "4000000000001976"
_FUNDING = {
    "4000056655665556": "debit",
    "5200828282828210": "debit",
    "5105105105105100": "prepaid",
    "6011981111111113": "debit",
}
_BRANDS = (
    ("34", "amex"), ("37", "amex"), ("6011", "discover"), ("64", "discover"), ("65", "discover"),
    ("35", "jcb"), ("30", "diners"), ("36", "diners"), ("38", "diners"), ("62", "unionpay"),
    ("5", "mastercard"), ("2", "mastercard"), ("4", "visa"),
)  # fmt: skip

_TOKENS = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210",
    "mastercard_prepaid": "5105105105105100",
    "amex": "378282246310005",
    "discover": "6011111111111117",
    "diners": "3056930009020004",
    "jcb": "3566002020360505",
    "unionpay": "6200000000000005",
    "visa_chargeDeclined": "4000000000000002",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedLostCard": "4000000000009987",
    "visa_chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "chargeCustomerFail": "4000000000000341",
    "threeDSecure2Required": "4000000000003220",
    "threeDSecureRequired": "4000000000003063",
    "threeDSecureRequiredChargeDeclined": "4000008400001629",
    "authenticationRequired": "4000002500003155",
    "authenticationRequiredOnSetup": "4000002500003155",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
}

# What Checkout's restriction of brands calls them.
BLOCKABLE = {
    "visa": "visa",
    "mastercard": "mastercard",
    "amex": "american_express",
    "discover": "discover_global_network",
    "diners": "discover_global_network",
    "jcb": "discover_global_network",
    "unionpay": "discover_global_network",
}

# For people who choose from a list: what each card is good for.
SHOWCASE = (
    ("4242424242424242", "Pays"),
    ("4000000000003220", "Asks for 3-D Secure first"),
    ("4000000000000002", "Declines"),
    ("4000000000009995", "Declines: not enough funds"),
    ("4000000000000259", "Pays, then disputes"),
    ("4000000000005126", "Pays; a refund fails later"),
)


def digits(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def is_card_number(number: str) -> bool:
    """Whether it has a card's length and check digit."""
    if not number.isascii() or not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card(number: str) -> Card:
    """A number without a story of its own pays."""
    brand = next((brand for prefix, brand in _BRANDS if number.startswith(prefix)), "unknown")
    return Card(
        number,
        brand=brand,
        funding=_FUNDING.get(number, "credit"),
        decline=_DECLINED.get(number),
        needs_authentication=number in _AUTHENTICATED,
        refund=_REFUNDS.get(number),
        dispute=_DISPUTES.get(number),
        is_inquiry=number == _INQUIRY,
        cvc_check="fail" if number == "4000000000000127" else "pass",
    )


def number_for(token: str) -> str | None:
    """The card number behind pm_card_visa, tok_visa and their relatives."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return _TOKENS.get(token.removeprefix(prefix))
    return None


def fingerprint(number: str) -> str:
    """The same for the same number, as Stripe's is within an account."""
    return hashlib.sha256(b"card:" + number.encode()).hexdigest()[:16]
