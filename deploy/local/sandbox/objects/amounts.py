"""What Stripe checks about an amount before it lets anybody pay it."""

from deploy.local.sandbox import money
from deploy.local.sandbox.api.refusals import Refusal, invalid_value
from deploy.local.sandbox.objects.balance import settlement_currency
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import PLATFORM


def currency(code: str, param: str) -> str:
    """The currency in lower case, as Stripe answers it."""
    lower = code.lower()
    if lower not in money.CURRENCIES:
        raise invalid_value(
            param,
            f"Invalid currency: {lower}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(money.CURRENCIES))}",
        )
    return lower


def check_exact(amount: int, code: str, param: str) -> None:
    if not money.is_exact(amount, code):
        ending = "0" if code in money.THREE_DECIMAL else "00"
        raise invalid_value(
            param,
            f"Invalid amount: amounts in {code.upper()} must end in {ending}.",
            "parameter_invalid_integer",
        )


def check_range(sandbox: Sandbox, account: str, amount: int, code: str, *, total: bool) -> None:
    """`total` is Checkout's wording; a payment intent names its amount."""
    settlement = settlement_currency(sandbox, account)
    param = None if total else "amount"
    if not money.is_enough(amount, code, settlement):
        least = money.least_words(code, settlement)
        raise Refusal(
            400,
            f"The Checkout Session's total amount due must add up to at least {least}"
            if total
            else f"Amount must be at least {least}",
            code="amount_too_small",
            param=param,
        )
    if amount > money.most(code):
        most = money.words(money.most(code), code)
        raise Refusal(
            400,
            f"The Checkout Session's total amount must be no more than {most}"
            if total
            else f"Amount must be no more than {most}",
            code="amount_too_large",
            param=param,
        )


def check_application_fee(account: str, fee: int | None, amount: int, param: str) -> None:
    if fee is None:
        return
    if account == PLATFORM:
        raise Refusal(
            400,
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a "
            "direct payment (using an OAuth key or Stripe-Account header) or destination payment "
            "(using `transfer_data[destination]`).",
            param=param,
        )
    if fee > amount:
        raise Refusal(
            400,
            "The application fee amount must be less than or equal to the amount being charged.",
            param=param,
        )
