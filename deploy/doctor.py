"""What `taquilla doctor` looks at beside Stripe: databases, bus, mail server, clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import nats.errors
from nats.aio.client import Client
from pydantic import ValidationError

from deploy.databases import SERVICES, SOURCES
from services.notifications.mailer import Mailer, ServerAway
from services.notifications.settings import Settings as NotificationsSettings
from services.payments import doctor as stripe_doctor
from services.payments.doctor import Finding
from services.payments.settings import PaymentsSettings
from services.registration.settings import RegistrationSettings
from shared import topology
from shared.settings import ServiceSettings

T = TypeVar("T")

CONNECT_SECONDS = 5
CLOCK_SECONDS_MAX = 5

SETTINGS: dict[str, type[ServiceSettings]] = {
    "registration": RegistrationSettings,
    "payments": PaymentsSettings,
    "notifications": NotificationsSettings,
}


async def examine() -> list[Finding]:
    """Everything that can be asked without changing anything; reads the environment."""
    findings: list[Finding] = []
    settings: dict[str, ServiceSettings] = {}
    for service in SERVICES:
        try:
            settings[service] = SETTINGS[service]()
        except ValidationError as failure:
            findings += _setting_findings(service, failure)
    looks: list[Awaitable[list[Finding]]] = []
    for service, known in settings.items():
        looks += [_examine_database(service, known), _examine_bus(service, known)]
    match settings.get("payments"):
        case PaymentsSettings() as payments:
            looks += [stripe_doctor.examine(payments), _examine_accounts(payments)]
    match settings.get("notifications"):
        case NotificationsSettings() as notifications:
            looks.append(_examine_mail_server(notifications))
    for found in await asyncio.gather(*looks):
        findings += found
    return findings


def _setting_findings(service: str, failure: ValidationError) -> list[Finding]:
    return [
        Finding(
            f"{service} settings",
            False,
            f"{_variable(service, error['loc'])}: {error['msg']}.",
            "Set it; .env.example describes every variable.",
        )
        for error in failure.errors(include_url=False, include_input=False)
    ]


def _variable(service: str, location: tuple[int | str, ...]) -> str:
    name = "_".join(str(part) for part in location).upper()
    if not name:
        return f"{service.upper()}_…"
    return name if name.startswith("TAQUILLA_") else f"{service.upper()}_{name}"


async def _examine_database(service: str, settings: ServiceSettings) -> list[Finding]:
    subject = f"{service} PostgreSQL"
    try:
        connection = await asyncpg.connect(
            settings.postgres_url.get_secret_value(), timeout=CONNECT_SECONDS
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError) as failure:
        remedy = f"Check {service.upper()}_POSTGRES_URL, and that the server is up."
        return [Finding(subject, False, f"{type(failure).__name__}: {failure}", remedy)]
    try:
        return [
            await _examine_tables(service, subject, connection),
            *await _examine_clock(subject, connection),
        ]
    finally:
        await connection.close()


async def _examine_tables(
    service: str, subject: str, connection: "asyncpg.Connection[asyncpg.Record]"
) -> Finding:
    migrations = {file.name for file in (SOURCES / service / "migrations").glob("*.sql")}
    try:
        applied = {row["name"] for row in await connection.fetch("SELECT name FROM migrations")}
    except asyncpg.PostgresError:
        return Finding(subject, False, "It has no tables.", f"Run taquilla migrate {service}.")
    if missing := sorted(migrations - applied):
        says = f"Its tables are older than this version: {', '.join(missing)} is missing."
        return Finding(subject, False, says, f"Run taquilla migrate {service}.")
    version = await connection.fetchval("SHOW server_version")
    return Finding(subject, True, f"PostgreSQL {version}, tables up to date.")


async def _examine_clock(
    subject: str, connection: "asyncpg.Connection[asyncpg.Record]"
) -> list[Finding]:
    seconds = abs(
        await connection.fetchval("SELECT extract(epoch FROM now())::float8") - time.time()
    )
    if seconds <= CLOCK_SECONDS_MAX:
        return []
    says = f"Its clock and this machine's differ by {seconds:.0f} s."
    return [Finding(subject, False, says, "Set both clocks by NTP.")]


async def _examine_bus(service: str, settings: ServiceSettings) -> list[Finding]:
    subject = f"{service} NATS"
    trouble: list[str] = []

    async def note(failure: Exception) -> None:
        trouble.append(f"{type(failure).__name__}: {failure}".rstrip(": "))

    client = Client()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            # Left to itself the client tries for two minutes, allow_reconnect or not.
            await client.connect(
                settings.nats_url,
                inbox_prefix=topology.inbox_prefix(service),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                error_cb=note,
            )
    except (OSError, TimeoutError, nats.errors.Error) as failure:
        await client.close()
        says = trouble[-1] if trouble else f"{type(failure).__name__}: no answer"
        remedy = f"Check {service.upper()}_NATS_URL, and that the server is up."
        return [Finding(subject, False, says, remedy)]
    try:
        jetstream = client.jetstream(timeout=CONNECT_SECONDS)
        stream = topology.stream_name(service, settings.nats_prefix)
        answer = await _asked(lambda: jetstream.stream_info(stream))
        if isinstance(answer, Exception):
            says = f"Stream {stream}: {type(answer).__name__}: {answer}".rstrip(": ")
            remedy = f"Start NATS with JetStream (-js), then the {service} service, which makes it."
            return [Finding(subject, False, says, remedy)]
        version = client.connected_server_version
        says = (
            f"NATS {version.major}.{version.minor}.{version.patch}, messages in stream {stream}: "
            f"{answer.state.messages}."
        )
        return [Finding(subject, True, says)]
    finally:
        await client.close()


async def _asked(question: Callable[[], Awaitable[T]]) -> T | Exception:
    try:
        return await question()
    except (TimeoutError, nats.errors.Error) as failure:
        return failure


async def _examine_accounts(settings: PaymentsSettings) -> list[Finding]:
    try:
        connection = await asyncpg.connect(
            settings.postgres_url.get_secret_value(), timeout=CONNECT_SECONDS
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError):
        return []  # Said of the database already.
    try:
        return await stripe_doctor.examine_accounts(connection)
    except asyncpg.PostgresError:
        return []  # Said of its tables already.
    finally:
        await connection.close()


async def _examine_mail_server(settings: NotificationsSettings) -> list[Finding]:
    password = settings.smtp_password
    mailer = Mailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
        connections=1,
        connect_seconds=CONNECT_SECONDS,
    )
    where = f"{settings.smtp_host}:{settings.smtp_port} ({settings.smtp_security})"
    try:
        await mailer.check()
    except ServerAway as failure:
        remedy = "Check NOTIFICATIONS_SMTP_HOST, _PORT, _SECURITY, _USERNAME and _PASSWORD."
        return [Finding("SMTP", False, f"{where}: {failure}", remedy)]
    finally:
        await mailer.close()
    return [Finding("SMTP", True, f"{where} takes mail from us.")]
