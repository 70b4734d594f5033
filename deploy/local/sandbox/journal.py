"""Keeps the world on disk: a file of JSON lines, each an object as it was last seen."""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from deploy.local.sandbox.api.idempotency import KEPT_SECONDS
from deploy.local.sandbox.world import Entry, World

FLUSH_SECONDS = 0.05
# Below this share of current lines the file is written anew at the start.
_WORTH_KEEPING = 0.5

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _line(entry: Entry) -> str:
    return _dump([entry.kind, entry.account, entry.id, entry.object, entry.hidden]) + "\n"


class Journal:
    """Writes what changed every 50 ms; a restart reads it back and drops what was overwritten."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._path = folder / "journal.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        self._flush_planned = False

    def load(self) -> None:
        """Read everything back, and write the file anew if half of it is out of date."""
        lines = 0
        for entry in self._remembered():
            self._world.restore(entry)
            lines += 1
        clock = self._world.find("clock", "clock")
        if clock is not None:
            self._world.clock.offset = clock.object["offset"]
        self._forget_what_is_over()
        alive = sum(1 for _ in self._world.everything())
        if alive < lines * _WORTH_KEEPING or not self._ends_well():
            self._compact()

    def _forget_what_is_over(self) -> None:
        """Keys that may be used again, and deliveries that nobody will ask about."""
        now = self._world.clock.seconds()
        for entry in list(self._world.everything("idempotency")):
            if entry.object["created"] + KEPT_SECONDS <= now:
                self._world.remove(entry)

    def _ends_well(self) -> bool:
        if not self._path.exists():
            return True
        with self._path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def start(self) -> None:
        self._world.on_change = self._plan_flush
        if self._world.dirty:
            self._plan_flush()

    def close(self) -> None:
        self._world.on_change = lambda: None
        self.flush()

    def flush(self) -> None:
        self._flush_planned = False
        if not self._world.dirty:
            return
        lines = "".join(map(_line, self._world.dirty.values()))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(lines)
        # Only what is written is clean: after a failure the next flush takes it along.
        self._world.dirty.clear()

    def erase(self) -> None:
        self._world.dirty.clear()
        self._path.unlink(missing_ok=True)

    def _plan_flush(self) -> None:
        if not self._flush_planned:
            self._flush_planned = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def _remembered(self) -> Iterator[Entry]:
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as file:
            for line in file:
                # A kill in the middle of a write leaves half a last line: that change is lost.
                with contextlib.suppress(json.JSONDecodeError):
                    yield Entry(*json.loads(line))

    def _compact(self) -> None:
        fresh = self._path.with_suffix(".fresh")
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(map(_line, self._world.everything()))
        os.replace(fresh, self._path)
