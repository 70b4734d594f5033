"""What a local run keeps: one run a directory, the same secrets tomorrow, files for others."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.state import AlreadyRunning, Keys, Seed, TellingFile, locked
from shared.tokens import TokenSigner

PROJECT = Path(__file__).parents[3]


def test_a_second_run_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    holder = (
        "import sys\nfrom pathlib import Path\nfrom deploy.local.state import locked\n"
        f"with locked(Path({str(tmp_path)!r})):\n  print('held', flush=True)\n  sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"

        with pytest.raises(AlreadyRunning, match=rf"process {process.pid}.*--data-dir"):
            locked(tmp_path).__enter__()

        process.kill()
    with locked(tmp_path) as directory:
        assert directory == tmp_path.resolve()


def test_a_new_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    with locked(tmp_path / "new") as directory:
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_keys_are_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    first = Keys.kept_in(tmp_path)

    assert Keys.kept_in(tmp_path) == first
    assert Keys.kept_in(tmp_path / "..") != first
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_the_keys_are_ones_that_the_services_take(tmp_path: Path) -> None:
    signer = TokenSigner.from_setting(Keys.kept_in(tmp_path).token_keys)

    assert signer.verify("pay", signer.sign("pay", "1")) == "1"


def test_a_seed_keeps_its_ids(tmp_path: Path) -> None:
    seed = Seed.kept_in(tmp_path)
    seed.api_token = "tq_once"
    seed.keep_in(tmp_path)

    assert Seed.kept_in(tmp_path) == seed
    assert stat.S_IMODE((tmp_path / "seed.json").stat().st_mode) == 0o600


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    told = TellingFile(tmp_path / "demo.json")
    told.write({"pids": {"registration": 1}})

    with (tmp_path / "demo.json").open() as reader:
        told.write({"pids": {"registration": 2}})
        assert json.load(reader) == {"pids": {"registration": 1}}

    assert json.loads((tmp_path / "demo.json").read_text()) == {"pids": {"registration": 2}}
    assert os.listdir(tmp_path) == ["demo.json"]
    told.remove()
    told.remove()
    assert os.listdir(tmp_path) == []
