"""The children's logs: one file each, the last run's beside it, errors passed on to the console."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.3
LINES_MAX = 20
SERIOUS = {"error", "critical"}


def begin(log: Path) -> Path:
    """Start a log anew; the one before stays readable as `.previous`."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    log.touch(mode=0o600)
    return log


class LogWatch:
    """Reads what services append to their logs and reports the errors among it."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._read: dict[Path, int] = {}

    def add(self, log: Path) -> None:
        self._read[log] = 0

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(POLL_SECONDS)

    def look(self) -> None:
        """Report the errors since the last look; a line that is still being written waits."""
        for log, position in self._read.items():
            with log.open("rb") as file:
                file.seek(position)
                appended, newline, _ = file.read().rpartition(b"\n")
            self._read[log] = position + len(appended) + len(newline)
            sentences = errors_in(appended.decode(errors="replace"))
            for sentence in sentences[:LINES_MAX]:
                self._report(f"{log.stem}: {sentence}")
            if len(sentences) > LINES_MAX:
                self._report(f"{log.stem}: {len(sentences) - LINES_MAX} more errors in {log}")


def errors_in(text: str) -> list[str]:
    """What whole lines of a service's log say of errors.

    Lines that are not JSON come from Python itself: of a traceback its last line tells most.
    """
    errors: list[str] = []
    plain = ""
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            level = entry["level"]
        except (ValueError, KeyError, TypeError):
            plain = line.strip() or plain
            continue
        if plain:
            errors.append(plain)
            plain = ""
        if level in SERIOUS:
            errors.append(_sentence(entry))
    return [*errors, plain] if plain else errors


def _sentence(entry: dict[str, Any]) -> str:
    facts = [
        f"{name}={value}"
        for name, value in entry.items()
        if name not in ("level", "event", "timestamp", "service", "exception") and value is not None
    ]
    return str(entry.get("event", "error")) + (f" ({', '.join(facts)})" if facts else "")
