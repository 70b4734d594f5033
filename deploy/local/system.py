"""The whole of Taquilla on this machine: what it consists of, and in which order it comes and goes.

What does not wait for each other starts at the same time; a start takes as long as its longest
chain: PostgreSQL, migrations, services, webinars.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp

from deploy.databases import SERVICES, prepare_service
from deploy.local import logs
from deploy.local.children import Launch, private_directory
from deploy.local.environment import ENVIRONMENTS, Wiring, without_settings
from deploy.local.nats import NatsServer
from deploy.local.ports import LOOPBACK, free_port, is_free
from deploy.local.postgres import PostgresServer
from deploy.local.servers import Server
from deploy.local.state import ADMIN_EMAIL, Keys, Seed, TellingFile
from deploy.local.summary import Summary
from deploy.local.supervision import Child

OFFSETS = {
    "registration": 80,
    "payments": 81,
    "notifications": 82,
    "sandbox": 90,
    "mailbox": 25,
    "mailbox's SMTP": 26,
}
PORT_BASE = 8000
PROJECT = Path(__file__).parents[2]


class PortTaken(Exception):
    """A port that is ours by its number is in use."""


@dataclass(frozen=True)
class Options:
    """What `taquilla up` was told."""

    directory: Path
    port_base: int = PORT_BASE
    scale: Mapping[str, int] = field(default_factory=dict)
    postgres_url: str | None = None
    nats_url: str | None = None
    nats_prefix: str = ""


class LocalSystem:
    """Everything that `taquilla up` runs; `start` and `stop` are called once each."""

    def __init__(self, options: Options, report: Callable[[str], None]) -> None:
        self._options = options
        self._report = report
        self._directory = private_directory(options.directory)
        self._ports = {name: options.port_base + offset for name, offset in OFFSETS.items()}
        self._demo = TellingFile(self._directory / "demo.json")
        # For commands such as `taquilla token create` beside a local run.
        self._environments = TellingFile(self._directory / "environment.json")
        self._logs = logs.LogWatch(report)
        self._children: list[Child] = []
        self._replica_urls: dict[str, str] = {}
        self._postgres_url = options.postgres_url or ""
        self._wiring: Wiring | None = None
        self._seed: Seed | None = None
        self._watch: asyncio.Task[None] | None = None
        self._is_ready = False

    async def start(self) -> Summary:
        """Return when every part is ready; what is started before a failure `stop` still stops."""
        began = time.monotonic()
        self._demo.remove()
        self._environments.remove()
        self._check_ports()
        self._watch = asyncio.create_task(self._logs.run(), name="watch the logs")
        keys, seed = Keys.kept_in(self._directory), Seed.kept_in(self._directory)
        self._seed = seed
        async with aiohttp.ClientSession() as http, together() as group:
            databases = group.create_task(self._start_databases(keys, seed))
            bus = group.create_task(self._start_bus())
            sandbox = group.create_task(self._start_sandbox(http))
            group.create_task(self._start_mailbox(http))
            wiring = Wiring(
                host=LOOPBACK,
                registration_port=self._ports["registration"],
                payments_port=self._ports["payments"],
                notifications_port=self._ports["notifications"],
                sandbox_url=self._url("sandbox"),
                smtp_port=self._ports["mailbox's SMTP"],
                postgres_urls=await databases,
                nats_url=await bus,
                nats_prefix=self._options.nats_prefix,
                token_keys=keys.token_keys,
                organization_id=seed.organization_id,
            )
            for service in ("registration", "notifications"):
                group.create_task(self._start_service(service, wiring, http))
            # Only payments waits for Stripe's side.
            self._wiring = wiring = replace(wiring, webhook_secrets=await sandbox)
            group.create_task(self._start_service("payments", wiring, http))
        self._environments.write({service: ENVIRONMENTS[service](wiring) for service in SERVICES})
        from deploy.local.seeding import seed_webinars

        paid, free = await seed_webinars(self._directory, seed, wiring.registration_url)
        self._is_ready = True
        self._write_demo()
        return Summary(
            paid=paid,
            free=free,
            mailbox_url=self._url("mailbox"),
            sandbox_url=self._url("sandbox"),
            registration_url=wiring.registration_url,
            api_token=seed.api_token or "",
            admin_email=ADMIN_EMAIL,
            admin_password=seed.admin_password or "",
            directory=self._directory,
            seconds=time.monotonic() - began,
        )

    async def stop(self) -> None:
        """Stop everything, those first that use the others; no process is left."""
        self._is_ready = False
        self._demo.remove()
        self._environments.remove()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        for names in (SERVICES, ("sandbox", "mailbox"), ("nats",), ("postgres",)):
            children = [child for child in self._children if child.name.startswith(names)]
            for outcome in await asyncio.gather(
                *(child.stop() for child in children), return_exceptions=True
            ):
                if isinstance(outcome, Exception):
                    self._report(f"While stopping: {outcome}")
        self._logs.look()

    def kill(self) -> None:
        """End everything at once, for someone who does not want to wait for `stop`."""
        for child in self._children:
            child.kill()

    def _check_ports(self) -> None:
        for name, port in self._ports.items():
            if not is_free(port):
                raise PortTaken(
                    f"Port {port} ({name}) is in use by another program. Stop that program, or "
                    f"move all ports: taquilla up --port-base {self._options.port_base + 1000}"
                )

    async def _start_databases(self, keys: Keys, seed: Seed) -> dict[str, str]:
        """Each service's URL, its tables made."""
        if not self._postgres_url:
            server = PostgresServer(self._directory / "postgres")
            await self._start_server(server)
            self._postgres_url = server.url
        urls = {
            service: _as_user(self._postgres_url, service, keys.database_passwords[service])
            for service in SERVICES
        }
        async with together() as group:
            for service, url in urls.items():
                group.create_task(prepare_service(service, self._postgres_url, url))
        # Imported only now: the services' code takes a while, and everything else has started.
        from deploy.local.seeding import seed_organization

        await seed_organization(self._directory, seed, urls["registration"])
        return urls

    async def _start_bus(self) -> str:
        if self._options.nats_url:
            return self._options.nats_url
        server = NatsServer(self._directory / "nats")
        await self._start_server(server)
        return server.url

    async def _start_sandbox(self, http: aiohttp.ClientSession) -> list[str]:
        """The webhook secrets."""
        await self._start_module(
            "sandbox",
            "deploy.local.sandbox",
            ["--port", str(self._ports["sandbox"])],
            f"{self._url('sandbox')}/livez",
            http,
        )
        # Imported only now, as above.
        from deploy.local.webhooks import webhook_secrets

        return await webhook_secrets(
            self._directory, self._url("sandbox"), f"{self._url('payments')}/stripe/webhooks"
        )

    async def _start_mailbox(self, http: aiohttp.ClientSession) -> None:
        ports = ["--port", str(self._ports["mailbox"])]
        ports += ["--smtp-port", str(self._ports["mailbox's SMTP"])]
        url = f"{self._url('mailbox')}/livez"
        await self._start_module("mailbox", "deploy.local.mailbox", ports, url, http)

    async def _start_server(self, server: Server) -> None:
        async def is_ready(pid: int) -> bool:
            return server.is_ready(pid)

        await self._start_child(server.name, server.prepare, is_ready)

    async def _start_module(
        self,
        name: str,
        module: str,
        arguments: list[str],
        ready_url: str,
        http: aiohttp.ClientSession,
    ) -> None:
        launch = Launch(
            arguments=[
                *(sys.executable, "-m", module),
                *arguments,
                *("--data-dir", str(self._directory / name)),
            ],
            directory=PROJECT,
            environment=without_settings(dict(os.environ)),
            log=self._begin_log(name),
        )
        await self._start_child(name, lambda: launch, _answers(http, ready_url))

    async def _start_service(
        self, service: str, wiring: Wiring, http: aiohttp.ClientSession
    ) -> None:
        async with together() as group:
            for number in range(1, self._options.scale.get(service, 1) + 1):
                group.create_task(self._start_replica(service, number, wiring, http))

    async def _start_replica(
        self, service: str, number: int, wiring: Wiring, http: aiohttp.ClientSession
    ) -> None:
        """The first has the service's own port, the others free ones."""
        name = service if number == 1 else f"{service}-{number}"
        port = self._ports[service] if number == 1 else free_port()
        url = f"http://{LOOPBACK}:{port}"
        if number > 1:
            self._replica_urls[name] = url
        log = self._begin_log(name)
        self._logs.add(log)
        launch = Launch(
            arguments=[sys.executable, "-m", f"services.{service}"],
            directory=PROJECT,
            environment=without_settings(dict(os.environ)) | ENVIRONMENTS[service](wiring, port),
            log=log,
        )
        await self._start_child(name, lambda: launch, _answers(http, f"{url}/readyz"))

    async def _start_child(
        self, name: str, prepare: Callable[[], Launch], is_ready: Callable[[int], Awaitable[bool]]
    ) -> None:
        child = Child(
            name,
            prepare=prepare,
            is_ready=is_ready,
            pid_changed=self._write_demo,
            report=self._report,
        )
        self._children.append(child)
        await child.start()

    def _begin_log(self, name: str) -> Path:
        return logs.begin(self._directory / "logs" / f"{name}.log")

    def _url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self._ports[name]}"

    def _write_demo(self) -> None:
        if not self._is_ready or self._wiring is None or self._seed is None:
            return
        self._demo.write(
            {
                "registration_url": self._wiring.registration_url,
                "payments_url": self._wiring.payments_url,
                "notifications_url": self._wiring.notifications_url,
                "sandbox_url": self._url("sandbox"),
                "mailbox_url": self._url("mailbox"),
                "smtp_port": self._ports["mailbox's SMTP"],
                "postgres_url": self._postgres_url,
                "nats_url": self._wiring.nats_url,
                "admin_email": ADMIN_EMAIL,
                "admin_password": self._seed.admin_password,
                "api_token": self._seed.api_token,
                "organization_id": self._seed.organization_id,
                "paid_webinar_id": self._seed.paid_webinar_id,
                "free_webinar_id": self._seed.free_webinar_id,
                "replica_urls": self._replica_urls,
                "pids": {child.name: child.pid for child in self._children},
            }
        )


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """Work that is done when all of it is; the first failure ends the rest, raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _answers(http: aiohttp.ClientSession, url: str) -> Callable[[int], Awaitable[bool]]:
    async def answers(_pid: int) -> bool:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with http.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status == 200
        return False

    return answers


def _as_user(postgres_url: str, user: str, password: str) -> str:
    """The same server and database for a service's role."""
    parts = urlsplit(postgres_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password)}@{host}"))
