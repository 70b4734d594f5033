"""Checkout Sessions: what is asked for, and the four calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.payments.facts import SessionSeen
from services.payments.payment import Payment
from services.payments.stripe_gateway.client import StripeGateway
from services.payments.stripe_gateway.failures import StripeRefused
from services.payments.stripe_gateway.reading import read_session

PAGE_ROWS = 100
LOOK_UP_PAGES_MAX = 50

_LOCALES = {
    locale.lower(): locale
    for locale in (
        *("bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr"),
        *("fr-CA", "hi-IN", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb"),
        *("nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh"),
        *("zh-HK", "zh-TW"),
    )
}
_NEIGHBOURS = {"no": "nb", "nn": "nb", "hi": "hi-IN", "tl": "fil"}
_LATIN_AMERICA = frozenset(
    ("ar", "bo", "cl", "co", "cr", "cu", "do", "ec", "gt", "hn", "mx", "ni", "pa", "pe", "pr")
) | frozenset(("py", "sv", "uy", "ve", "us"))
_BRANDS = frozenset(("american_express", "discover_global_network", "mastercard", "visa"))


def metadata_of(payment: Payment, number: int) -> dict[str, str]:
    """Our ids, so that whatever Stripe tells of later can be matched."""
    ids = {
        "payment_id": str(payment.payment_id),
        "attempt": str(number),
        "registrant_id": str(payment.registrant_id),
        "webinar_id": str(payment.webinar_id),
        "organization_id": str(payment.organization_id),
    }
    return ids | ({"rehearsal": "true"} if payment.is_rehearsal else {})


def description_of(payment: Payment) -> str:
    """How the charge is found in Stripe's dashboard."""
    return f"{payment.webinar_title[:350]}, {payment.registrant_name[:140]}"


def session_params(
    payment: Payment, number: int, *, expires_at: datetime, return_url: str
) -> dict[str, Any]:
    """Everything that the call sends, to be frozen with the attempt."""
    metadata = metadata_of(payment, number)
    params: dict[str, Any] = {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": payment.currency.lower(),
                    "unit_amount": payment.amount_minor,
                    "product_data": {"name": payment.webinar_title[:250]},
                },
            }
        ],
        "client_reference_id": str(payment.payment_id),
        "customer_email": payment.email,
        "expires_at": int(expires_at.timestamp()),
        "locale": stripe_locale(payment.locale),
        "metadata": metadata,
        "payment_intent_data": {"description": description_of(payment), "metadata": metadata},
        "success_url": return_url,
        # Not their own page itself: its address may change while the session is open.
        "cancel_url": return_url,
    }
    blocked = sorted(_BRANDS.intersection(payment.card_brands_blocked))
    if blocked:
        params["payment_method_options"] = {"card": {"restrictions": {"brands_blocked": blocked}}}
    return params


def stripe_locale(locale: str) -> str:
    """The nearest language that Checkout speaks; it refuses others."""
    tag = locale.replace("_", "-").lower()
    language, _, region = tag.partition("-")
    if language == "es" and region in _LATIN_AMERICA:
        return "es-419"
    return _LOCALES.get(tag) or _LOCALES.get(_NEIGHBOURS.get(language, language), "auto")


async def create_session(
    stripe: StripeGateway, params: dict[str, Any], acting_for: str | None, key: str
) -> SessionSeen:
    """The session behind this key: made now, or when it was called before."""
    document = await stripe.raw_request(
        "post", "/v1/checkout/sessions", params, account=acting_for, idempotency_key=key
    )
    # A repeated call is answered with what was true at first.
    return read_session(document, acting_for, is_fresh=False)


async def get_session(
    stripe: StripeGateway, session_id: str, acting_for: str | None
) -> SessionSeen:
    document = await stripe.raw_request(
        "get", f"/v1/checkout/sessions/{session_id}", account=acting_for
    )
    return read_session(document, acting_for, is_fresh=True)


async def expire_session(
    stripe: StripeGateway, session_id: str, acting_for: str | None
) -> SessionSeen:
    """End a session, or learn that it had ended before: complete means paid, not cancelled."""
    try:
        # Without a key of ours: a failure that Stripe stored under it would be repeated for a day,
        # and expiring twice does nothing.
        document = await stripe.raw_request(
            "post", f"/v1/checkout/sessions/{session_id}/expire", account=acting_for
        )
    except StripeRefused as refusal:
        if refusal.status != 400:
            raise
        return await get_session(stripe, session_id, acting_for)
    return read_session(document, acting_for, is_fresh=True)


async def find_session(
    stripe: StripeGateway,
    payment_id: UUID,
    number: int,
    acting_for: str | None,
    *,
    since: datetime,
) -> SessionSeen | None:
    """The session that an attempt made, if it made one; every page since then is read."""
    params: dict[str, Any] = {
        "limit": PAGE_ROWS,
        "created": {"gte": int(since.timestamp())},
    }
    for _ in range(LOOK_UP_PAGES_MAX):
        page = await stripe.raw_request("get", "/v1/checkout/sessions", params, account=acting_for)
        for document in page["data"]:
            if document.get("client_reference_id") != str(payment_id):
                continue
            session = read_session(document, acting_for, is_fresh=True)
            if session.labels.attempt == number:
                return session
        if not page["has_more"]:
            return None
        params["starting_after"] = page["data"][-1]["id"]
    raise TooManySessions(TooManySessions.__doc__)


class TooManySessions(Exception):
    """More was made since then than can be looked through: nothing is decided."""
