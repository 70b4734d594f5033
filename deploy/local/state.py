"""What a local run keeps in its data directory: the lock, the secrets, and what it has made."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from deploy.local.children import private_directory, write_private
from deploy.local.environment import ENVIRONMENTS

ADMIN_EMAIL = "admin@faro.example"
"""Who administers the organization that a local run begins with."""


class AlreadyRunning(Exception):
    """Another `taquilla up` uses this data directory."""


class NotSeeded(Exception):
    """The services did not accept the first webinars; the message says what they answered."""


@contextmanager
def locked(directory: Path) -> Iterator[Path]:
    """The directory, ours alone while the block runs; raises AlreadyRunning.

    The lock is the kernel's: it goes with the process, however that ends.
    """
    directory = private_directory(directory)
    with open(os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = lock.read().strip()
            raise AlreadyRunning(
                f"Taquilla is already running in {directory} (process {owner}). Stop it there with "
                f"Ctrl-C, or choose another folder: taquilla up --data-dir DIR --port-base N"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield directory


@dataclass(frozen=True)
class Keys:
    """Secrets of one local run: made once, so that links in old mails still work tomorrow."""

    token_keys: str
    database_passwords: dict[str, str]

    @classmethod
    def kept_in(cls, directory: Path) -> Self:
        """Those of the directory; made on the first call."""
        file = directory / "keys.json"
        if file.exists():
            return cls(**json.loads(file.read_text()))
        made = cls(
            token_keys=f"local:{secrets.token_urlsafe(32)}",
            database_passwords={service: secrets.token_urlsafe(24) for service in ENVIRONMENTS},
        )
        write_private(file, json.dumps(asdict(made), indent=2))
        return made


@dataclass
class Seed:
    """What the first start makes in the services, so that there is something to click on."""

    organization_id: str
    api_token: str | None = None
    admin_password: str | None = None
    paid_webinar_id: str | None = None
    free_webinar_id: str | None = None

    @classmethod
    def kept_in(cls, directory: Path) -> Self:
        """That of the directory; an organization's id is chosen on the first call."""
        file = directory / "seed.json"
        if file.exists():
            return cls(**json.loads(file.read_text()))
        made = cls(organization_id=str(uuid4()))
        made.keep_in(directory)
        return made

    def keep_in(self, directory: Path) -> None:
        write_private(directory / "seed.json", json.dumps(asdict(self), indent=2))


class TellingFile:
    """A file for others to read: there while the run is ready, and true while it is there."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, facts: dict[str, Any]) -> None:
        """Replace it at once, since scripts read it at any time."""
        write_private(self._file, json.dumps(facts, indent=2) + "\n")

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)
