"""Calls about accounts: reading one, and the OAuth by which an existing account is connected."""

from dataclasses import dataclass
from typing import Any

from services.payments.stripe_gateway.client import StripeGateway
from services.payments.stripe_gateway.failures import StripeUnavailable


@dataclass(frozen=True)
class Grant:
    """What an account's owner allowed us; the access token that comes with it is not kept."""

    stripe_account_id: str
    is_live: bool


async def read_own_account(gateway: StripeGateway) -> dict[str, Any]:
    """The account that the key belongs to; many restricted keys may not read it."""
    return await gateway.raw_request("get", "/v1/account")


async def read_connected_account(gateway: StripeGateway, stripe_account_id: str) -> dict[str, Any]:
    """A connected account; raises StripeAccountRefused once access was revoked."""
    return await gateway.raw_request("get", f"/v1/accounts/{stripe_account_id}")


async def prove_key(gateway: StripeGateway) -> None:
    """Use a right that every key of ours must have; raises StripeAccountRefused without it."""
    await gateway.raw_request("get", "/v1/checkout/sessions", {"limit": 1})


def authorize_url(gateway: StripeGateway, *, state: str, redirect_uri: str) -> str:
    """Stripe's page on which an account's owner says yes; only builds the address."""
    return str(
        gateway.sdk.oauth.authorize_url(
            {
                "response_type": "code",
                "scope": "read_write",
                "state": state,
                "redirect_uri": redirect_uri,
            }
        )
    )


async def exchange_code(gateway: StripeGateway, code: str) -> Grant:
    """What a code stands for; it is good for one exchange, so this is never repeated."""
    answer = await gateway.raw_request(
        "post",
        "/oauth/token",
        {"grant_type": "authorization_code", "code": code},
        on="connect",
    )
    account_id = answer.get("stripe_user_id")
    if not isinstance(account_id, str) or not account_id:
        raise StripeUnavailable("Stripe's answer names no account.")
    return Grant(account_id, bool(answer.get("livemode")))


async def deauthorize(gateway: StripeGateway, stripe_account_id: str) -> None:
    """Give the right to act for an account back; may be repeated."""
    await gateway.raw_request(
        "post",
        "/oauth/deauthorize",
        {"client_id": gateway.client_id, "stripe_user_id": stripe_account_id},
        on="connect",
    )


async def create_account(gateway: StripeGateway, *, idempotency_key: str) -> dict[str, Any]:
    """An account that Stripe makes for an organization; it belongs to whoever fills it in."""
    return await gateway.raw_request(
        "post", "/v1/accounts", {"type": "standard"}, idempotency_key=idempotency_key
    )


async def onboarding_url(
    gateway: StripeGateway, stripe_account_id: str, *, return_url: str, refresh_url: str
) -> str:
    """Stripe's page on which an account is filled in; good once, and for minutes."""
    answer = await gateway.raw_request(
        "post",
        "/v1/account_links",
        {
            "account": stripe_account_id,
            "type": "account_onboarding",
            "return_url": return_url,
            "refresh_url": refresh_url,
        },
    )
    url = answer.get("url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise StripeUnavailable("Stripe's answer holds no address.")
    return url
