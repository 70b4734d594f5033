"""Something to click on: an organization with an API token, a paid webinar and a free one."""

import asyncio
import contextlib
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp

from deploy.local.state import ADMIN_EMAIL, NotSeeded, Seed
from deploy.local.summary import SeededWebinar
from services.registration.access import SCOPES
from services.registration.administration import (
    create_admin,
    create_organization,
    create_token,
    has_account,
    list_tokens,
)
from services.registration.passwords import hash_of
from shared.postgres import Database, open_pool

ORGANIZATION_NAME = "Faro Studio"
ADMIN_NAME = "Inés Carvajal"
READY_SECONDS = 20.0
POLL_SECONDS = 0.05

PAID_WEBINAR = {
    "title": "Price your work: a workshop for independent consultants",
    "duration_minutes": 90,
    "time_zone": "Europe/Madrid",
    "price_minor": 4900,
    "currency": "EUR",
    "capacity": 100,
    "description": (
        "## What you take home\n\n"
        "- A price for your next offer, and the sentence that carries it\n"
        "- Three ways to answer *“that is too much”*\n"
        "- The worksheet that we fill in together\n\n"
        "Bring one offer that you are about to send. We work on it live, in small groups."
    ),
    "refund_policy": {
        "kind": "brackets",
        "brackets": [
            {"hours_before": 168, "percent": 100},
            {"hours_before": 24, "percent": 50},
        ],
    },
    "join_url": "https://meet.example.org/price-your-work",
}
FREE_WEBINAR = {
    "title": "Ask us anything: working for yourself",
    "duration_minutes": 45,
    "time_zone": "Europe/Madrid",
    "description": "An open hour. Bring your questions, or listen to those of others.",
    "join_url": "https://meet.example.org/ask-us-anything",
}
DAYS_AHEAD = {"paid": 30, "free": 14}


async def seed_organization(directory: Path, seed: Seed, registration_postgres_url: str) -> None:
    """Make the organization, and on the first start its token and its admin.

    Needs no running service.
    """
    if seed.admin_password is None:
        seed.admin_password = secrets.token_urlsafe(12)
    pool = await open_pool(registration_postgres_url, name="taquilla-up", size_max=1)
    try:
        async with Database(pool).transaction() as connection:
            organization_id = UUID(seed.organization_id)
            await create_organization(connection, organization_id, ORGANIZATION_NAME)
            # The database may be newer than the directory that remembers the token.
            if seed.api_token is None or not await list_tokens(connection, organization_id):
                seed.api_token = await create_token(
                    connection, organization_id, "taquilla up", list(SCOPES)
                )
            if not await has_account(connection, ADMIN_EMAIL):
                await create_admin(
                    connection,
                    organization_id,
                    email=ADMIN_EMAIL,
                    name=ADMIN_NAME,
                    password_hash=await hash_of(seed.admin_password),
                )
    finally:
        await pool.close()
    seed.keep_in(directory)


async def seed_webinars(
    directory: Path, seed: Seed, registration_url: str
) -> tuple[SeededWebinar, SeededWebinar]:
    """The paid and the free webinar: those of an earlier start while they are ahead, else new."""
    async with aiohttp.ClientSession(
        registration_url, headers={"Authorization": f"Bearer {seed.api_token}"}
    ) as api:
        free, paid = await asyncio.gather(
            _webinar(api, seed.free_webinar_id, FREE_WEBINAR, DAYS_AHEAD["free"]),
            _webinar(api, seed.paid_webinar_id, PAID_WEBINAR, DAYS_AHEAD["paid"]),
        )
    seed.paid_webinar_id, seed.free_webinar_id = paid["id"], free["id"]
    seed.keep_in(directory)
    return (
        SeededWebinar(paid["title"], paid["public_url"]),
        SeededWebinar(free["title"], free["public_url"]),
    )


async def _webinar(
    api: aiohttp.ClientSession, known_id: str | None, facts: dict[str, Any], days_ahead: int
) -> dict[str, Any]:
    if known_id is not None:
        async with api.get(f"/api/v1/webinars/{known_id}") as answer:
            if answer.status == 200:
                webinar: dict[str, Any] = await answer.json()
                if datetime.fromisoformat(webinar["starts_at"]) > datetime.now(UTC):
                    return webinar
    starts_at = (datetime.now(UTC) + timedelta(days=days_ahead)).replace(
        hour=17, minute=0, second=0, microsecond=0
    )
    deadline = time.monotonic() + READY_SECONDS
    while True:
        # A price is refused until payments has told that the organization's account is ready.
        last = "no answer"
        with contextlib.suppress(aiohttp.ClientConnectionError):
            async with api.post(
                "/api/v1/webinars", json={**facts, "starts_at": starts_at.isoformat()}
            ) as answer:
                if answer.status == 201:
                    made: dict[str, Any] = await answer.json()
                    return made
                last = f"{answer.status} {await answer.text()}"
        if time.monotonic() > deadline:
            raise NotSeeded(f"The webinar “{facts['title']}” was not accepted: {last}")
        await asyncio.sleep(POLL_SECONDS)
