"""Idempotency keys: the first answer to a key is the answer, for 24 hours."""

import hashlib

from deploy.local.sandbox.api.refusals import Refusal, idempotency_in_use, idempotency_mismatch
from deploy.local.sandbox.world import Entry, World

KEPT_SECONDS = 86_400
LONGEST_KEY = 255


def fingerprint(method: str, path: str, pairs: list[tuple[str, str]]) -> str:
    """The same for requests that ask for the same thing."""
    digest = hashlib.sha256(f"{method} {path}".encode())
    for name, value in sorted(pairs):
        digest.update(f"\x00{name}\x01{value}".encode())
    return digest.hexdigest()


class Idempotency:
    """Remembers answers by account and key."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._in_flight: set[str] = set()

    def find(self, account: str, key: str, print_of_request: str) -> Entry | None:
        """The stored answer, if there is one; refuses a key in use or of another request."""
        name = f"{account}:{key}"
        if name in self._in_flight:
            raise idempotency_in_use(key)
        known = self._world.find("idempotency", name)
        if known is None:
            return None
        if known.object["created"] + KEPT_SECONDS <= self._world.clock.seconds():
            self._world.remove(known)
            return None
        if known.object["fingerprint"] != print_of_request:
            raise idempotency_mismatch(key)
        return known

    def begin(self, account: str, key: str) -> None:
        self._in_flight.add(f"{account}:{key}")

    def end(self, account: str, key: str) -> None:
        self._in_flight.discard(f"{account}:{key}")

    def keep(
        self, account: str, key: str, print_of_request: str, request_id: str, status: int, body: str
    ) -> None:
        self._world.add(
            "idempotency",
            account,
            {
                "id": f"{account}:{key}",
                "fingerprint": print_of_request,
                "created": self._world.clock.seconds(),
                "request_id": request_id,
                "status": status,
                "body": body,
            },
        )


def check_key(key: str) -> None:
    if len(key) > LONGEST_KEY:
        raise Refusal(
            400,
            f"Idempotency-Key must be at most {LONGEST_KEY} characters long.",
            type="idempotency_error",
        )
