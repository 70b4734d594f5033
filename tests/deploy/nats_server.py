"""A NATS server on deploy/nats/nats.conf as compose starts it, for tests."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from deploy.local.nats import NatsServer

SERVICES = ("registration", "payments", "notifications")
CONFIGURATION = Path(__file__).parents[2] / "deploy/nats/nats.conf"
READY_SECONDS = 10

_USER = re.compile(
    r"user: (?P<user>\w+)\s.*?publish: \[(?P<publish>.*?)\]\s*subscribe: \[(?P<subscribe>.*?)\]",
    re.DOTALL,
)


@dataclass(frozen=True)
class ComposeNats:
    """The running server: where it is, and what it wrote of clients that it refused."""

    port: int
    passwords: dict[str, str]
    log: Path

    def url(self, service: str) -> str:
        return f"nats://{service}:{self.passwords[service]}@127.0.0.1:{self.port}"

    def violations(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if "Violation" in line]


def permissions() -> dict[str, dict[str, list[str]]]:
    """Per user what it may publish and subscribe to, in the order of the file."""
    return {
        match["user"]: {
            kind: re.findall(r'"([^"]+)"', match[kind]) for kind in ("publish", "subscribe")
        }
        for match in _USER.finditer(CONFIGURATION.read_text())
    }


@contextlib.contextmanager
def compose_nats() -> Iterator[ComposeNats]:
    """The server while the block runs, on a free port of this machine."""
    with tempfile.TemporaryDirectory(prefix="taquilla-test-") as name:
        folder = Path(name)
        passwords = {service: uuid4().hex for service in SERVICES}
        log = folder / "nats.log"
        program = NatsServer(folder / "unused").prepare().arguments[0]
        arguments = ["-c", str(CONFIGURATION), "-sd", str(folder), "-l", str(log)]
        arguments += ["-a", "127.0.0.1", "-p", "-1", "-m", "-1", "--ports_file_dir", str(folder)]
        server = subprocess.Popen(
            [program, *arguments],
            env={
                **os.environ,
                **{
                    f"NATS_{service.upper()}_PASSWORD": f'"{password}"'
                    for service, password in passwords.items()
                },
            },
            stderr=subprocess.DEVNULL,
        )
        try:
            port = _port(server, folder / f"nats-server_{server.pid}.ports", log)
            yield ComposeNats(port, passwords, log)
        finally:
            server.terminate()
            server.wait(10)


def _port(server: "subprocess.Popen[bytes]", ports: Path, log: Path) -> int:
    deadline = time.monotonic() + READY_SECONDS
    while not ports.exists() or not ports.read_text():
        if server.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"nats-server did not start: {log.read_text()}")
        time.sleep(0.005)
    return urlsplit(json.loads(ports.read_text())["nats"][0]).port or 0
