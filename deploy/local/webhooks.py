"""The sandbox's webhook endpoints for the payments service, and their secrets."""

import json
from pathlib import Path

from deploy.local.children import write_private
from deploy.local.environment import SANDBOX_SECRET_KEY
from services.payments.provision import provision_endpoints
from services.payments.stripe_gateway import StripeGateway
from services.payments.stripe_gateway.endpoints import list_endpoints, remove_endpoint

KINDS = {"account", "connect"}


async def webhook_secrets(directory: Path, sandbox_url: str, webhook_url: str) -> list[str]:
    """The secrets of the endpoints for our own events and for connected accounts' events.

    A secret is told only when its endpoint is made, so the directory keeps it.
    """
    file = directory / "webhooks.json"
    kept: dict[str, dict[str, str]] = json.loads(file.read_text()) if file.exists() else {}
    secrets = kept.get(webhook_url, {})
    for former_url in kept.keys() - {webhook_url}:
        # Of an earlier --port-base: it would be told everything in vain.
        await _remove(sandbox_url, former_url)
    secrets |= await _provision(sandbox_url, webhook_url)
    if secrets.keys() != KINDS:
        # The endpoints are there and their secrets are not.
        await _remove(sandbox_url, webhook_url)
        secrets = await _provision(sandbox_url, webhook_url)
    write_private(file, json.dumps({webhook_url: secrets}, indent=2))
    return list(secrets.values())


async def _provision(sandbox_url: str, webhook_url: str) -> dict[str, str]:
    provisioned = await provision_endpoints(
        secret_key=SANDBOX_SECRET_KEY, api_url=sandbox_url, webhook_url=webhook_url, connect=True
    )
    return {str(each.kind): each.secret for each in provisioned if each.secret is not None}


async def _remove(sandbox_url: str, webhook_url: str) -> None:
    async with StripeGateway(SANDBOX_SECRET_KEY, api_url=sandbox_url) as gateway:
        for endpoint in await list_endpoints(gateway, webhook_url):
            await remove_endpoint(gateway, endpoint.endpoint_id)
