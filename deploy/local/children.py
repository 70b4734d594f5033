"""Child processes: how one is started, how it is stopped, and that none outlives us."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

STOP_SECONDS = 20.0
LOG_TAIL_BYTES = 2_000

# Looked up before any fork: between fork and exec nothing may be imported.
_prctl: Callable[..., int] | None = (
    ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    """The operating system's user that a child runs as."""

    uid: int
    gid: int

    def options(self) -> dict[str, Any]:
        """What subprocess takes to run a program as this user and with no other group."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Everything that starting and stopping one child takes."""

    arguments: Sequence[str]
    log: Path
    directory: Path | None = None
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    # Sent by the kernel should this process die without stopping the child (Linux only).
    orphan_signal: signal.Signals = signal.SIGKILL

    def options(self, log: IO[bytes]) -> dict[str, Any]:
        """What Popen and asyncio's create_subprocess_exec take beside the arguments.

        The child leads a session of its own, so that a Ctrl-C at the terminal reaches us alone.
        """
        options: dict[str, Any] = {
            "cwd": self.directory,
            "env": None if self.environment is None else dict(self.environment),
            "stdin": subprocess.DEVNULL,
            "stdout": log,
            "stderr": log,
            "start_new_session": True,
            "preexec_fn": self._tie_to_parent(),
        }
        if self.account is not None:
            options |= self.account.options()
        return options

    def open_log(self) -> IO[bytes]:
        return self.log.open("ab")

    def log_tail(self) -> str:
        """The end of the child's log, for a message about why it died."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()

    def _tie_to_parent(self) -> Callable[[], None] | None:
        if _prctl is None:
            return None
        prctl, orphan_signal, parent = _prctl, int(self.orphan_signal), os.getpid()

        def tie() -> None:
            prctl(_PR_SET_PDEATHSIG, orphan_signal)
            # The parent may have died before the line above took effect.
            if os.getppid() != parent:
                os._exit(1)

        return tie


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner may enter; an existing one stays as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.resolve()


def write_private(path: Path, text: str) -> None:
    """Replace a file at once; nobody else can read it, not even for a moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
