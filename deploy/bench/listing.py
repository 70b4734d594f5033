"""A webinar with a million registrants: what the organizer waits for its list.

Asked of the service over HTTP, as a signed-in browser asks: the first page, the thousandth, which
is reached by keyset, and a search. Of several orders or words the slowest counts.
"""

import asyncio
import html
import statistics
import sys
import time
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg

from deploy.bench.alone import (
    create_webinar,
    make_database,
    make_organization,
    role_url,
    running_process,
    until_ready,
)
from deploy.local.environment import Wiring, registration_environment
from deploy.local.nats import NatsServer
from deploy.local.ports import free_port
from deploy.local.postgres import PostgresServer
from deploy.local.servers import running_beside_others
from services.registration.console import cookies
from services.registration.console.registrants.listing import PAGE_ROWS
from services.registration.store import people, sessions
from shared.postgres import Connection
from shared.tokens import new_secret

REGISTRANTS = 1_000_000
FAR_PAGE = 1_000
TRIES = 15
SEARCHES = ("ruiz", "guest-77", "chloé m")
_ORDERS = {
    "newest": "number DESC",
    "name": 'folded(name) COLLATE "C", number',
    "amount": "paid_minor DESC, number DESC",
}

# Names as they are, statuses as they come, most of them paid.
_LOAD = """
INSERT INTO registration.registrants (id, organization_id, webinar_id, version, status, holds_seat,
    name, email, email_key, locale, amount_minor, currency, description_version, starts_at,
    confirmed_at, paid_at, paid_minor, refunded_minor, fee_minor, net_minor, settlement_currency,
    created_at)
SELECT gen_random_uuid(), $1, $2, 2, status, status = 'confirmed', name,
    'guest-' || n || '@example.org', 'guest-' || n || '@example.org', 'en', 4900, 'EUR', 1,
    now() + interval '30 days', CASE WHEN has_paid THEN made END, CASE WHEN has_paid THEN made END,
    CASE WHEN has_paid THEN 4900 ELSE 0 END, CASE WHEN status = 'cancelled' THEN 4900 ELSE 0 END,
    CASE WHEN has_paid THEN 99 END, CASE WHEN has_paid THEN 4801 END,
    CASE WHEN has_paid THEN 'EUR' END, made
FROM (
    SELECT n, now() - interval '1 second' * ($3 - n) AS made,
        (ARRAY['confirmed', 'confirmed', 'confirmed', 'confirmed', 'confirmed', 'confirmed',
            'confirmed', 'released', 'released', 'cancelled'])[1 + n % 10] AS status,
        n % 10 NOT IN (7, 8) AS has_paid,
        (ARRAY['Ana', 'Chloé', 'Jonas', 'Lucía', 'Marek', 'Oluwaseun', 'Priya', 'Rui', 'Sofie',
            'Tom'])[1 + n / 10 % 10] || ' ' || chr(65 + n / 100 % 26) || '. ' ||
        (ARRAY['Adeyemi', 'Ashworth', 'Fernández', 'Kessler', 'Lindqvist', 'Martin', 'Nowak',
            'Raman', 'Ruiz', 'Tavares'])[1 + n / 2600 % 10] || CASE WHEN n % 3 = 0
            THEN n::text ELSE '' END AS name
    FROM generate_series(1, $3::int) AS n
) AS made
ORDER BY n
"""
# The sums that triggers keep, made at once.
_SUMS = (
    "INSERT INTO registration.registrant_counts "
    "SELECT webinar_id, registration.quarter_of(created_at), organization_id, count(*), 0, "
    "count(*) FILTER (WHERE status = 'confirmed'), count(*) FILTER (WHERE status = 'released'), "
    "count(*) FILTER (WHERE status = 'cancelled') FROM registration.registrants GROUP BY 1, 2, 3",
    "INSERT INTO registration.registrant_money "
    "SELECT webinar_id, registration.quarter_of(created_at), currency, organization_id, "
    "count(paid_at), sum(paid_minor), sum(refunded_minor), sum(fee_minor), sum(net_minor) "
    "FROM registration.registrants WHERE paid_at IS NOT NULL GROUP BY 1, 2, 3, 4",
)


async def measure_listing(directory: Path) -> dict[str, float]:
    """Milliseconds of the first page, of page 1,000 and of a search, medians; loads on its own."""
    async with (
        running_beside_others(PostgresServer(directory / "postgres")) as postgres_url,
        running_beside_others(NatsServer(directory / "nats")) as nats_url,
    ):
        url = await make_database(postgres_url, "listing")
        organization_id, token = await make_organization(url)
        wiring = Wiring(
            host="127.0.0.1",
            registration_port=free_port(),
            payments_port=9,
            notifications_port=9,
            sandbox_url="",
            smtp_port=9,
            postgres_urls={"registration": role_url(url)},
            nats_url=nats_url,
            nats_prefix="",
            token_keys=f"bench:{new_secret()}",
            organization_id=str(organization_id),
        )
        async with running_process("services.registration", registration_environment(wiring)):
            await until_ready(f"{wiring.registration_url}/readyz")
            webinar_id = await create_webinar(wiring.registration_url, token)
            await _load(url, organization_id, UUID(webinar_id))
            cookie = await _sign_in(url, organization_id)
            path = f"/console/{organization_id}/webinars/{webinar_id}"
            async with aiohttp.ClientSession(
                wiring.registration_url, headers={"Cookie": cookie, "Accept": "text/html"}
            ) as browser:
                far = await _far_pages(url, UUID(webinar_id))
                return {
                    "list_first_page_ms": max(
                        [
                            await _median_ms(browser, f"{path}?sort={order}", f"1–{PAGE_ROWS} of")
                            for order in _ORDERS
                        ]
                    ),
                    "list_page_1000_ms": max(
                        [await _median_ms(browser, f"{path}?{query}", _FAR) for query in far]
                    ),
                    "list_search_ms": max(
                        [
                            await _median_ms(browser, f"{path}?q={search}", f"1–{PAGE_ROWS}")
                            for search in SEARCHES
                        ]
                    ),
                }


_FAR = f"{(FAR_PAGE - 1) * PAGE_ROWS + 1:,}–{FAR_PAGE * PAGE_ROWS:,} of"


async def _load(url: str, organization_id: UUID, webinar_id: UUID) -> None:
    """A million rows in one statement, their indexes made afterwards."""
    connection = await asyncpg.connect(url)
    try:
        indexes = await connection.fetch(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = 'registration' "
            "AND i.tablename = 'registrants' AND i.indexname <> 'registrants_pkey'"
        )
        for index in indexes:
            await connection.execute(f"DROP INDEX registration.{index['indexname']}")
        await connection.execute("ALTER TABLE registration.registrants DISABLE TRIGGER USER")
        await connection.execute(_LOAD, organization_id, webinar_id, REGISTRANTS)
        await connection.execute("ALTER TABLE registration.registrants ENABLE TRIGGER USER")
        await connection.execute("SET maintenance_work_mem = '256MB'")
        for index in indexes:
            await connection.execute(index["indexdef"])
        for sums in _SUMS:
            await connection.execute(sums)
        await connection.execute("VACUUM ANALYZE registration.registrants")
    finally:
        await connection.close()


async def _sign_in(url: str, organization_id: UUID) -> str:
    """The cookie of a browser in which an organizer is signed in."""
    token = cookies.new_token()
    connection: Connection = await asyncpg.connect(role_url(url))
    try:
        person_id = await people.add(
            connection, email="bench@example.org", name="Bench", locale="en", password_hash=None
        )
        await people.put_membership(connection, person_id, organization_id, "organizer")
        await sessions.add(connection, cookies.hash_of(token), person_id, "the benchmark")
    finally:
        await connection.close()
    return f"{cookies.SESSION}={token}"


async def _far_pages(url: str, webinar_id: UUID) -> list[str]:
    """For each order the address that "Older" of page 999 leads to."""
    behind = (FAR_PAGE - 1) * PAGE_ROWS
    connection = await asyncpg.connect(role_url(url))
    try:
        return [
            f"sort={order}&from={behind + 1}&after="
            + str(
                await connection.fetchval(
                    "SELECT number FROM registrants WHERE webinar_id = $1 "
                    f"ORDER BY {columns} OFFSET {behind - 1} LIMIT 1",
                    webinar_id,
                )
            )
            for order, columns in _ORDERS.items()
        ]
    finally:
        await connection.close()


async def _median_ms(browser: aiohttp.ClientSession, path: str, expected: str) -> float:
    """What a page takes once the service is warm; raises if it shows other rows."""
    taken: list[float] = []
    for number in range(TRIES + 3):
        started = time.perf_counter()
        async with browser.get(path) as answer:
            body = await answer.text()
        if number >= 3:
            taken.append((time.perf_counter() - started) * 1_000)
        if answer.status != 200 or expected not in html.unescape(body):
            raise RuntimeError(f"{path} answered {answer.status} without {expected!r}")
    return statistics.median(taken)


if __name__ == "__main__":
    for name, value in asyncio.run(measure_listing(Path(sys.argv[1]))).items():
        print(f"{name} {value:.1f}")
