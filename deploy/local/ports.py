"""Loopback ports: free ones, and ones that stay the same over restarts."""

import contextlib
import errno
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: connections of an earlier run that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def kept_port(file: Path) -> int:
    """The port noted in the file while it is free, else a new one, noted there."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        port = int(file.read_text())
        if 0 < port < 65536 and is_free(port):
            return port
    port = free_port()
    file.write_text(f"{port}\n")
    return port


def free_port_base(first: int = 20_000, last: int = 32_000) -> int:
    """A --port-base whose ports were all free a moment ago, for a system beside others.

    Below the ports that systems give to clients. Who starts several at once gives each a range.
    """
    for base in range(first, last, 100):
        if all(is_free(base + offset) for offset in (25, 26, 80, 81, 82, 90)):
            return base
    raise OSError(f"no hundred of ports is free between {first} and {last}")
