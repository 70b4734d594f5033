"""Settings > Accept payments, and Administration > Add payment: both lead to Stripe.

Connecting happens at payments and at Stripe; here is what is known of the account, the way there
and the way out.
"""

from dataclasses import replace
from typing import Any, get_args
from uuid import uuid4

from aiohttp import web

from services.registration.catalogues import msgid
from services.registration.console.settings.reading import Errors, read_choices, shown_again
from services.registration.console.table import ConsoleRoute
from services.registration.console.visit import Visit
from services.registration.links import ConnectWay
from services.registration.organizations import CARD_BRANDS, Organization
from services.registration.pages.rendering import see_other
from services.registration.store import audit, organizations, people, refund_limits
from services.registration.store.selling import selling_now
from services.registration.stripe_requirements import requirements
from shared import outbox
from shared.events import StripeDisconnectRequested
from shared.money import currency_codes, major_units

STRIPE_CONNECT = "https://connect.stripe.com"
DASHBOARD = "https://dashboard.stripe.com"
LOOKS_MAX = 20  # For an account that Stripe has connected and payments not yet told of.
DEFAULT_CURRENCY = "EUR"

BRAND_NAMES = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "american_express": "American Express",
    "discover_global_network": msgid("Discover, Diners Club, JCB and UnionPay"),
}

_PATH = "/console/{organization_id}/settings/payments"


async def show_payments(visit: Visit) -> web.Response:
    """GET …/settings/payments and …/administration/payments."""
    return await _payments(visit)


async def connect(visit: Visit) -> web.Response:
    """POST …/settings/payments/connect: on to payments with a ticket that works once."""
    asked = visit.fields.get("way")
    way: ConnectWay | None = next((way for way in get_args(ConnectWay) if way == asked), None)
    async with visit.database.transaction() as connection:
        now = await connection.fetchval("SELECT now()")
        await audit.add(
            connection, visit.organization.id, visit.person.id, "stripe_connect_started", way or ""
        )
    return see_other(
        visit.links.connect_url(
            uuid4(),
            visit.organization.id,
            person=str(visit.person.id),
            now=now,
            way=way,
            return_path=_own_path(visit),
            locale=visit.locale,
            organization_name=visit.organization.name,
        )
    )


async def show_disconnection(visit: Visit) -> web.Response:
    """GET …/settings/payments/disconnect: what will happen, before it does."""
    if not _may_disconnect(visit.organization):
        return see_other(_own_path(visit))
    await visit.require_recent_sign_in()
    async with visit.database.connection() as connection:
        selling = await selling_now(connection, visit.organization.id)
    return visit.page(
        "console/stripe_disconnect.html", account=account_view(visit.organization), selling=selling
    )


async def disconnect(visit: Visit) -> web.Response:
    """POST …/settings/payments/disconnect: asks payments, which lets the account go."""
    async with visit.database.transaction() as connection:
        organization = await organizations.lock(connection, visit.organization.id)
        account_id = organization.stripe_account_id
        if account_id is None or not _may_disconnect(organization):
            return see_other(_own_path(visit))
        await outbox.enqueue(
            connection,
            StripeDisconnectRequested(
                organization_id=organization.id,
                account_id=account_id,
                person=str(visit.person.id),
            ),
        )
        await audit.add(
            connection,
            organization.id,
            visit.person.id,
            "stripe_disconnect_asked",
            f"acct_…{account_id[-4:]}",
        )
    return visit.go(
        _own_path(visit),
        msgid("The account is being disconnected. Sales stop within a few seconds."),
    )


async def save_choices(visit: Visit) -> web.Response:
    """POST …/settings/payments/choices: cards, and when refunds ask for the password."""
    brands = visit.all("brands")
    blocked, limit, errors = read_choices(visit.fields, brands)
    if errors:
        typed = shown_again(visit.fields) | {"brands": brands}
        return await _payments(visit, typed=typed, errors=errors)
    async with visit.database.transaction() as connection:
        before = await organizations.lock(connection, visit.organization.id)
        old_limit = await refund_limits.find(connection, before.id)
        if limit != old_limit:
            await visit.require_recent_sign_in()
        await organizations.save(connection, replace(before, card_brands_blocked=blocked))
        await refund_limits.save(connection, before.id, limit)
        changed = [
            *(["card_brands"] if sorted(before.card_brands_blocked) != blocked else []),
            *(["refund_limit"] if old_limit != limit else []),
        ]
        if changed:
            await audit.add(
                connection, before.id, visit.person.id, "settings_changed", ", ".join(changed)
            )
    return visit.go(_own_path(visit), msgid("The settings are saved."))


def account_view(organization: Organization) -> dict[str, Any]:
    """What is shown of the connected account; `missing` are message keys."""
    account_id = organization.stripe_account_id or ""
    return {
        "name": organization.stripe_display_name or organization.name,
        "last_four": account_id[-4:],
        "is_live": organization.is_live,
        "is_ready": organization.is_ready,
        "may_pay_out": organization.stripe_may_pay_out,
        "missing": requirements(organization.stripe_requirements) or organization.stripe_missing,
        "is_unfinished": not organization.stripe_is_submitted,
        "is_of_key": organization.stripe_mode == "direct_key",
        "currency": organization.default_currency,
        "statement": organization.statement_descriptor,
        "dashboard_url": DASHBOARD if organization.is_live else f"{DASHBOARD}/test",
    }


def _may_disconnect(organization: Organization) -> bool:
    return organization.stripe_account_id is not None and organization.stripe_mode != "direct_key"


def _own_path(visit: Visit) -> str:
    return visit.path("settings", "payments")


def _looks(visit: Visit) -> int:
    """How often someone who is back from Stripe has looked; 0 for everybody else."""
    asked = visit.query.get("connected", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 3 else 0


async def _payments(
    visit: Visit, *, typed: dict[str, Any] | None = None, errors: Errors | None = None
) -> web.Response:
    organization = visit.organization
    async with visit.database.connection() as connection:
        admins = await people.admins_of(connection, organization.id)
        limit = await refund_limits.find(connection, organization.id)
        selling = await selling_now(connection, organization.id)
    looks = _looks(visit)
    is_connected = organization.stripe_account_id is not None
    stored = {
        "brands": organization.card_brands,
        "limit": "" if limit is None else str(major_units(limit.amount_minor, limit.currency)),
        "limit_currency": (limit and limit.currency)
        or organization.default_currency
        or DEFAULT_CURRENCY,
    }
    return visit.page(
        "console/settings_payments.html",
        status=422 if errors else 200,
        leads_to=(STRIPE_CONNECT,),
        is_connected=is_connected,
        account=account_view(organization),
        may_disconnect=_may_disconnect(organization),
        is_back=looks > 0,
        next_look=looks + 1 if not is_connected and 0 < looks < LOOKS_MAX else None,
        admins=admins,
        selling=selling,
        brands={brand: BRAND_NAMES[brand] for brand in CARD_BRANDS},
        currencies=currency_codes(),
        typed=stored | (typed or {}),
        errors=errors or {},
    )


ROUTES = [
    ConsoleRoute("GET", _PATH, show_payments, "organizer"),
    ConsoleRoute(
        "GET", "/console/{organization_id}/administration/payments", show_payments, "organizer"
    ),
    ConsoleRoute("POST", f"{_PATH}/connect", connect, "admin", needs_recent_sign_in=True),
    ConsoleRoute("GET", f"{_PATH}/disconnect", show_disconnection, "admin"),
    ConsoleRoute("POST", f"{_PATH}/disconnect", disconnect, "admin", needs_recent_sign_in=True),
    ConsoleRoute("POST", f"{_PATH}/choices", save_choices, "admin"),
]
