"""The mails that were accepted, in one SQLite file; read and split into parts only when asked."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.mailbox.parts import Mail, parse

PARSED_MAX = 5_000

SCHEMA = """
PRAGMA journal_mode = WAL;
-- A power cut may lose mails of a test run; a kill of the process may not.
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS mails (
  id integer PRIMARY KEY AUTOINCREMENT, -- never used again, also after the mailbox was emptied
  recipient text NOT NULL,
  sender text NOT NULL,
  received_at text NOT NULL,
  raw blob NOT NULL
);
CREATE INDEX IF NOT EXISTS mails_recipient ON mails (recipient COLLATE NOCASE, id);
"""


class Mails:
    """All mails of one folder, oldest first; they outlive the process."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = sqlite3.connect(directory / "mails.sqlite3", isolation_level=None)
        self._database.executescript(SCHEMA)
        self._parsed: OrderedDict[int, Mail] = OrderedDict()

    def close(self) -> None:
        self._database.close()

    def add(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Keep one copy for each recipient; none of them is lost once this returns."""
        now = datetime.now(UTC).isoformat()
        self._database.executemany(
            "INSERT INTO mails (recipient, sender, received_at, raw) VALUES (?, ?, ?, ?)",
            [(recipient, sender, now, raw) for recipient in recipients],
        )

    def find(self, *, to: str | None = None, after: int = 0, limit: int = -1) -> Iterator[Mail]:
        """Mails for one address or for all, oldest first."""
        condition, parameters = _for_recipient(to)
        for row in self._database.execute(
            "SELECT id, recipient, sender, received_at, raw FROM mails "
            f"WHERE id > ? {condition} ORDER BY id LIMIT ?",
            (after, *parameters, limit),
        ).fetchall():
            yield self._parse(row)

    def latest(self, *, to: str | None = None, limit: int) -> list[Mail]:
        """The newest mails, newest first."""
        condition, parameters = _for_recipient(to)
        rows = self._database.execute(
            "SELECT id, recipient, sender, received_at, raw FROM mails "
            f"WHERE true {condition} ORDER BY id DESC LIMIT ?",
            (*parameters, limit),
        ).fetchall()
        return [self._parse(row) for row in rows]

    def get(self, mail_id: int) -> Mail | None:
        row = self._database.execute(
            "SELECT id, recipient, sender, received_at, raw FROM mails WHERE id = ?", (mail_id,)
        ).fetchone()
        return self._parse(row) if row else None

    def count(self, *, to: str | None = None) -> int:
        condition, parameters = _for_recipient(to)
        row = self._database.execute(
            f"SELECT count(*) FROM mails WHERE true {condition}", parameters
        ).fetchone()
        return int(row[0])

    def clear(self) -> None:
        self._database.execute("DELETE FROM mails")
        self._parsed.clear()

    def _parse(self, row: tuple[int, str, str, str, bytes]) -> Mail:
        mail = self._parsed.get(row[0])
        if mail is None:
            mail = self._parsed[row[0]] = parse(*row)
            if len(self._parsed) > PARSED_MAX:
                self._parsed.popitem(last=False)
        return mail


def _for_recipient(to: str | None) -> tuple[str, tuple[str, ...]]:
    return ("", ()) if to is None else ("AND recipient = ? COLLATE NOCASE", (to,))
