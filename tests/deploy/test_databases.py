"""Roles and schemas: each service reads its own tables and nobody else's."""

import asyncio

import asyncpg
import pytest

from deploy.databases import SERVICES, create_role, prepare_service
from tests.servers import fresh_database


async def query(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_works_in_its_own_schema_without_naming_it(
    postgres_url: str, service: str
) -> None:
    async with fresh_database(postgres_url, *SERVICES) as database:
        await query(database.admin_url, f"CREATE TABLE {service}.notes (text text)")

        await query(database[service], "INSERT INTO notes VALUES ('mine')")

        assert await query(database[service], "SELECT text FROM notes") == "mine"
        assert await query(database[service], "SELECT current_schema()") == service


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_is_denied_in_the_schemas_of_the_others(
    postgres_url: str, service: str
) -> None:
    async with fresh_database(postgres_url, *SERVICES) as database:
        for other in set(SERVICES) - {service}:
            await query(database.admin_url, f"CREATE TABLE {other}.notes (text text)")

            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await query(database[service], f"SELECT text FROM {other}.notes")


async def test_a_service_cannot_change_tables_or_make_new_ones(postgres_url: str) -> None:
    async with fresh_database(postgres_url, "payments") as database:
        await query(database.admin_url, "CREATE TABLE payments.notes (text text)")

        for statement in (
            "CREATE TABLE payments.others (text text)",
            "CREATE TABLE public.others (text text)",
            "ALTER TABLE notes ADD COLUMN more text",
            "DROP TABLE notes",
            "TRUNCATE notes",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await query(database["payments"], statement)


async def test_a_stopped_process_cannot_hold_locks_for_long(postgres_url: str) -> None:
    async with fresh_database(postgres_url, "payments") as database:
        settings = {
            name: await query(database["payments"], f"SHOW {name}")
            for name in (
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "transaction_timeout",
                "timezone",
            )
        }

    assert settings == {
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "5s",
        "transaction_timeout": "15s",
        "timezone": "UTC",
    }


async def test_roles_may_be_made_again_and_by_several_at_once(postgres_url: str) -> None:
    async with (
        fresh_database(postgres_url) as first,
        fresh_database(postgres_url) as second,
    ):
        connections = [
            await asyncpg.connect(database.admin_url) for database in (first, second) * 4
        ]
        try:
            await asyncio.gather(
                *(
                    create_role(connection, role="raced_test", password="one", schema="raced")
                    for connection in connections
                )
            )

            assert await query(
                first.admin_url, "SELECT has_schema_privilege('raced_test', 'raced', 'usage')"
            )
        finally:
            for connection in connections:
                await connection.close()


async def test_names_and_passwords_are_quoted(postgres_url: str) -> None:
    role, password = 'ro"le_test', "it's; DROP ROLE postgres"
    async with fresh_database(postgres_url) as database:
        connection = await asyncpg.connect(database.admin_url)
        try:
            await create_role(connection, role=role, password=password, schema='sche"ma')
        finally:
            await connection.close()

        as_role = await asyncpg.connect(database.admin_url, user=role, password=password)
        assert await as_role.fetchval("SELECT current_user") == role
        await as_role.close()


async def test_preparing_a_service_again_applies_nothing_and_keeps_its_rows(
    postgres_url: str,
) -> None:
    async with fresh_database(postgres_url, "payments") as database:
        await query(database.admin_url, "CREATE TABLE payments.notes (text text)")
        await query(database["payments"], "INSERT INTO notes VALUES ('kept')")

        applied = await prepare_service("payments", database.admin_url, database["payments"])

        assert applied == []
        assert await query(database["payments"], "SELECT text FROM notes") == "kept"
