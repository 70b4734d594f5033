"""What `taquilla doctor` finds out about Stripe: each finding a line with what to do."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from services.payments import store_accounts
from services.payments.account_checks import KEY_REMEDY, read_own_facts
from services.payments.accounts import AccountFacts, in_words
from services.payments.provision import endpoint_problem
from services.payments.settings import PaymentsSettings
from services.payments.stripe_events import API_VERSION
from services.payments.stripe_gateway import (
    StripeAccountRefused,
    StripeFailure,
    StripeGateway,
    StripeRefused,
)
from services.payments.stripe_gateway.endpoints import Kind, list_endpoints
from shared.postgres import Connection

# Stripe's signatures are good for 300 seconds; the margin is for slow deliveries.
CLOCK_SECONDS_MAX = 60
WEBHOOK_PATH = "/stripe/webhooks"


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    is_good: bool
    says: str
    remedy: str = ""


async def examine(settings: PaymentsSettings) -> list[Finding]:
    """Everything about Stripe that can be asked without changing anything; never raises."""
    secret_key = settings.stripe_secret_key.get_secret_value()
    async with StripeGateway(
        secret_key,
        api_url=settings.stripe_api_url,
        connect_url=settings.stripe_connect_url,
        client_id=settings.stripe_client_id,
    ) as gateway:
        findings, is_usable = await _examine_key(gateway, secret_key)
        if not is_usable:
            return findings
        findings += await _examine_account(gateway, settings)
        findings += await _examine_webhooks(gateway, settings)
    return findings + await examine_rehearsals(settings)


async def examine_accounts(connection: Connection) -> list[Finding]:
    """The accounts that organizations have connected, as this installation last saw them."""
    return [
        Finding(
            f"account …{account.last_four}",
            account.may_sell,
            f"{account.display_name or account.stripe_account_id} takes payments."
            if account.may_sell
            else f"{account.display_name or account.stripe_account_id} is "
            + ("being disconnected." if account.status == "disconnecting" else "not ready."),
            "" if account.may_sell else _what_to_do(account.missing),
        )
        for account in await store_accounts.list_accounts(connection)
    ]


async def _examine_key(gateway: StripeGateway, secret_key: str) -> tuple[list[Finding], bool]:
    kind = "restricted key" if secret_key.startswith("rk_") else "secret key"
    mode = "live mode: cards are charged" if gateway.is_live else "test mode: no card is charged"
    try:
        # The smallest read that every key of ours needs the right for anyway.
        answer = await gateway.raw_answer("get", "/v1/checkout/sessions", {"limit": 1})
    except StripeAccountRefused as refused:
        remedy = (
            "Copy the key again from Stripe's dashboard, Developers, API keys, into "
            "PAYMENTS_STRIPE_SECRET_KEY."
            if refused.is_key_refused
            else "Give the restricted key write permission for Checkout Sessions and Refunds."
        )
        return [
            Finding("Stripe key", False, f"Stripe refuses it: {refused.message}", remedy)
        ], False
    except StripeRefused as refused:
        remedy = "Check PAYMENTS_STRIPE_API_URL: it does not answer as Stripe does."
        return [Finding("Stripe key", False, f"Stripe says: {refused.message}", remedy)], False
    except StripeFailure as failure:
        remedy = "Check the network and PAYMENTS_STRIPE_API_URL; then look at status.stripe.com."
        return [Finding("Stripe", False, f"No answer: {failure}", remedy)], False
    return [
        Finding("Stripe key", True, f"The {kind} works, in {mode}."),
        *_examine_clock(answer.headers),
    ], True


def _examine_clock(headers: Mapping[str, str]) -> list[Finding]:
    try:
        stripes = parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return []
    difference = round(time.time() - stripes)
    if abs(difference) <= CLOCK_SECONDS_MAX:
        return [Finding("clock", True, f"Within {max(abs(difference), 1)} s of Stripe's.")]
    word = "ahead of" if difference > 0 else "behind"
    return [
        Finding(
            "clock",
            False,
            f"This machine is {abs(difference)} s {word} Stripe.",
            "Set the clock by NTP: webhooks older than 300 s are refused.",
        )
    ]


async def _examine_account(gateway: StripeGateway, settings: PaymentsSettings) -> list[Finding]:
    if settings.stripe_organization_id is None:
        if settings.stripe_client_id is not None:
            return [Finding("account", True, "Organizations connect their own accounts by OAuth.")]
        return [
            Finding(
                "account",
                False,
                "No organization is paid into the key's account.",
                "Set PAYMENTS_STRIPE_ORGANIZATION_ID to the organization that the key belongs to, "
                "or PAYMENTS_STRIPE_CLIENT_ID to let organizations connect their own accounts.",
            )
        ]
    try:
        facts = await read_own_facts(gateway)
    except StripeAccountRefused:
        return [Finding("account", False, "The key may not read its own account.", KEY_REMEDY)]
    except StripeFailure as failure:
        return [Finding("account", False, f"No answer: {failure}", "Try again in a moment.")]
    return [_account_finding(facts)]


def _account_finding(facts: AccountFacts) -> Finding:
    name = f"{facts.display_name or 'The account'} (…{facts.stripe_account_id[-4:]})"
    if not facts.is_ready:
        says, remedy = f"{name} cannot take card payments.", _what_to_do(facts.missing)
    else:
        says = f"{name} takes card payments."
        wanted = "; ".join(in_words("en", facts.missing))
        remedy = f"Stripe still asks for: {wanted}." if wanted else ""
    return Finding("account", facts.is_ready, says, remedy)


def _what_to_do(missing: tuple[str, ...]) -> str:
    wanted = f" It needs: {'; '.join(in_words('en', missing))}." if missing else ""
    return f"Open Stripe's dashboard and finish what it asks for.{wanted}"


async def examine_rehearsals(settings: PaymentsSettings) -> list[Finding]:
    """The key by which rehearsals are paid, where one is set."""
    if settings.stripe_test_secret_key is None:
        return []
    if settings.rehearsal_key is None:
        says = "PAYMENTS_STRIPE_TEST_SECRET_KEY is ignored: the main key is a test key itself."
        return [Finding("rehearsals", True, says)]
    remedy = (
        "Copy a test key of the same account into PAYMENTS_STRIPE_TEST_SECRET_KEY, with the "
        "permissions of the live one; until then no rehearsal can be paid."
    )
    async with StripeGateway(settings.rehearsal_key, api_url=settings.stripe_api_url) as gateway:
        try:
            facts = await read_own_facts(gateway)
        except StripeRefused as refused:
            says = f"Stripe refuses the test key: {refused.message}"
            return [Finding("rehearsals", False, says, remedy)]
        except StripeFailure as failure:
            return [Finding("rehearsals", False, f"No answer: {failure}", "Try again in a moment.")]
    return [
        Finding(
            "rehearsals",
            True,
            f"Paid in test mode, into …{facts.stripe_account_id[-4:]}: no card is charged.",
        )
    ]


async def _examine_webhooks(gateway: StripeGateway, settings: PaymentsSettings) -> list[Finding]:
    if not settings.webhook_secrets:
        return [
            Finding(
                "webhooks",
                True,
                "Off (none): payments are found by asking Stripe, minutes later than by webhook.",
            )
        ]
    url = settings.public_url + WEBHOOK_PATH
    try:
        endpoints = await list_endpoints(gateway, url)
    except StripeAccountRefused as refused:
        remedy = "Give the restricted key read permission for Webhook Endpoints."
        return [Finding("webhooks", False, f"Cannot be looked at: {refused.message}", remedy)]
    except StripeFailure as failure:
        return [Finding("webhooks", False, f"No answer: {failure}", "Try again in a moment.")]

    kinds: list[Kind] = ["account"] if settings.stripe_organization_id is not None else []
    if settings.stripe_client_id is not None:
        kinds.append("connect")
    findings: list[Finding] = []
    for kind in kinds:
        own = [endpoint for endpoint in endpoints if endpoint.kind == kind]
        problems = [endpoint_problem(endpoint) for endpoint in own]
        if not own:
            says: str | None = f"Stripe has no {kind} endpoint for {url}."
        elif None in problems:
            says = None
        else:
            says = f"{own[0].endpoint_id}: {problems[0]}."
        findings.append(
            Finding(
                f"{kind} webhooks",
                says is None,
                says
                or f"{own[problems.index(None)].endpoint_id} sends what we need, "
                f"in version {API_VERSION}.",
                "Run taquilla stripe provision." if says is not None else "",
            )
        )
    return findings
