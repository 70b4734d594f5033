"""Tiny programs that play the part of a service."""

import sys
from pathlib import Path

from deploy.local.children import Launch

# Says its number when it is ready, and leaves a word when it is asked to stop.
OBEDIENT = """
import os, pathlib, signal, sys
folder = pathlib.Path(sys.argv[1])
def stop(*_):
    (folder / "stopped").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(folder / "ready").write_text(str(os.getpid()))
while True:
    signal.pause()
"""
DEAF = OBEDIENT.replace("signal.signal(signal.SIGTERM, stop)", "signal.signal(15, signal.SIG_IGN)")
DYING = "print('no such table', flush=True); raise SystemExit(3)"


def launch(folder: Path, program: str) -> Launch:
    return Launch(
        arguments=[sys.executable, "-S", "-c", program, str(folder)], log=folder / "program.log"
    )


def ready_pid(folder: Path) -> int:
    """Of the program that got ready last; 0 when none has."""
    file = folder / "ready"
    return int(file.read_text() or 0) if file.exists() else 0


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be noticed does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
