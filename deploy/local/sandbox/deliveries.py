"""The postman: signs events, posts them to webhook endpoints, and tries until it is told 2xx."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from deploy.local.sandbox.sender import NoAnswer, Sender
from deploy.local.sandbox.world import PLATFORM, Entry, World

# After the last one Stripe gives up; together about three days.
RETRY_SECONDS = (1, 5, 30, 120, 600, 3600, 10800, 21600, 43200, 86400, 86400)
ANSWER_SECONDS = 20
_MOST_AT_ONCE = 100

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass
class Policy:
    """What goes wrong on the way to the endpoints."""

    drop: float = 0.0  # share that is never sent, nor tried again
    duplicate: int = 0  # further copies of each delivery
    reorder: float = 0.0  # each waits a random part of so many seconds
    delay: float = 0.0  # each waits so many seconds
    timestamp_age: float = 0.0  # seconds by which the signature is too old
    bad_signature: bool = False
    wrong_livemode: bool = False
    truncate: bool = False  # half of the body, signed in full
    types: list[str] = field(default_factory=list)  # only these event types; none means all
    times: int | None = None  # only the next so many deliveries

    @classmethod
    def read(cls, values: dict[str, Any]) -> "Policy":
        """Raises ValueError for what is no policy."""
        names = {one.name for one in fields(cls)}
        for name in values:
            if name not in names:
                raise ValueError(f"There is no webhook fault {name}.")
        policy = cls(**values)
        policy.drop = float(policy.drop)
        return policy

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def concerns(self, event_type: str) -> bool:
        return (not self.types or event_type in self.types) and self.times != 0

    def flaws(self) -> dict[str, Any]:
        """What is wrong with the letter itself."""
        names = ("timestamp_age", "bad_signature", "wrong_livemode", "truncate")
        return {name: value for name in names if (value := getattr(self, name))}


def signature(secret: str, body: bytes, timestamp: int) -> str:
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def event_text(event: Entry, pending: int) -> str:
    """The event as JSON; its snapshot was rendered once, when it happened."""
    shown = {**event.object, "pending_webhooks": pending}
    data = shown.pop("data")
    previous = data.get("previous_attributes")
    tail = "" if previous is None else ',"previous_attributes":' + _dump(previous)
    snapshot: str = event.hidden["snapshot"]
    return f'{_dump(shown)[:-1]},"data":{{"object":{snapshot}{tail}}}}}'


def in_live_mode(text: str) -> str:
    """The same JSON of ours, as if it came from live mode; strings in it cannot look like this."""
    return text.replace('"livemode":false', '"livemode":true')


class Postman:
    """Delivers each event at least once to every endpoint that wants it, in no promised order."""

    def __init__(self, world: World, *, is_live: bool = False) -> None:
        self._world = world
        self._is_live = is_live
        self.policy = Policy()
        self._sender: Sender | None = None
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._settled: dict[str, list[asyncio.Future[None]]] = {}

    def start(self) -> None:
        """Open for business, and take up what was pending when the sandbox stopped."""
        self._sender = Sender(
            {
                "User-Agent": "Stripe/1.0 (+https://docs.stripe.com/webhooks)",
                "Content-Type": "application/json; charset=utf-8",
                "Accept": "*/*; q=0.5, application/xml",
            }
        )
        for delivery in self._world.everything("delivery"):
            if delivery.object["status"] == "pending":
                self._attempt_at(delivery, delivery.object["next_attempt"])

    async def stop(self) -> None:
        await self.drop_everything()
        if self._sender is not None:
            await self._sender.close()
            self._sender = None

    async def drop_everything(self) -> None:
        """Forget what is under way, and the faults with it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.policy = Policy()

    def post(self, event: Entry) -> None:
        for endpoint in self._recipients(event):
            self._send(event, endpoint)

    def resend(self, event: Entry) -> int:
        """Post an event again to everyone who wants it, delivered before or not."""
        endpoints = list(self._recipients(event))
        for endpoint in endpoints:
            self._send(event, endpoint)
        return len(endpoints)

    def pending(self, event: Entry) -> int:
        deliveries = self._world.where("delivery", event.account, "event", event.id)
        reached = {d.object["endpoint"] for d in deliveries if d.object["status"] == "delivered"}
        return len({d.object["endpoint"] for d in deliveries} - reached)

    def is_delivered(self, event: Entry) -> bool:
        return self.pending(event) == 0

    async def wait_until_delivered(self, event: Entry, seconds: float) -> bool:
        """Wait for a 2xx of every endpoint that the event goes to."""
        if self.is_delivered(event):
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._settled.setdefault(event.id, []).append(waiter)
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            return False
        finally:
            waiters = self._settled.get(event.id, [])
            if waiter in waiters:
                waiters.remove(waiter)
            if not waiters:
                self._settled.pop(event.id, None)
        return True

    async def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until no delivery is under way; retries that are due later do not count."""
        deadline = time.monotonic() + seconds
        while self._tasks:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await asyncio.wait(set(self._tasks), timeout=left)
        return True

    def _recipients(self, event: Entry) -> Iterator[Entry]:
        wants_connect = event.account != PLATFORM
        if wants_connect and not self._is_heard(event):
            return
        for endpoint in self._world.newest_first("webhook_endpoint", PLATFORM):
            wanted = endpoint.object["enabled_events"]
            if (
                endpoint.object["status"] == "enabled"
                and endpoint.hidden["connect"] == wants_connect
                and ("*" in wanted or event.object["type"] in wanted)
            ):
                yield endpoint

    def _is_heard(self, event: Entry) -> bool:
        """A platform hears of an account while connected, and of the end of the connection."""
        if event.object["type"] == "account.application.deauthorized":
            return True
        account = self._world.find("account", event.account)
        return account is not None and bool(account.hidden.get("connected"))

    def _send(self, event: Entry, endpoint: Entry) -> None:
        policy = self.policy
        copies, wait, spread, is_dropped = 1, 0.0, 0.0, False
        flaws: dict[str, Any] = {}
        if policy.concerns(event.object["type"]):
            if policy.times is not None:
                policy.times -= 1
            copies += policy.duplicate
            is_dropped = policy.drop > 0 and random.random() < policy.drop
            wait, spread, flaws = policy.delay, policy.reorder, policy.flaws()
        for number in range(copies):
            before = len(self._world.where("delivery", event.account, "event", event.id))
            now = self._world.clock.now()
            delivery = self._world.add(
                "delivery",
                event.account,
                {
                    "id": f"{event.id}:{endpoint.id}:{before}",
                    "event": event.id,
                    "endpoint": endpoint.id,
                    "status": "dropped" if is_dropped else "pending",
                    "attempts": 0,
                    "next_attempt": now,
                    "last_answer": None,
                },
                {"flaws": flaws},
            )
            if is_dropped:
                continue
            own_wait = wait + random.random() * spread
            if own_wait or number:
                self._attempt_at(delivery, now + own_wait)
            else:
                self._attempt_soon(delivery)

    def _attempt_at(self, delivery: Entry, due: float) -> None:
        self._world.agenda.add(due, lambda: self._attempt_soon(delivery))

    def _attempt_soon(self, delivery: Entry) -> None:
        if self._sender is None:
            return  # A restart takes it up: the delivery is stored as pending.
        task = asyncio.create_task(self._attempt(self._sender, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, sender: Sender, delivery: Entry) -> None:
        event = self._world.find("event", delivery.object["event"])
        endpoint = self._world.find("webhook_endpoint", delivery.object["endpoint"])
        if event is None or endpoint is None or endpoint.object["status"] != "enabled":
            delivery.object["status"] = "failed"
            self._world.save(delivery)
            return
        body, headers = self._letter(event, endpoint, self._flaws(event, delivery))
        async with self._places:
            try:
                status = await sender.post(endpoint.object["url"], body, headers, ANSWER_SECONDS)
                answer, is_delivered = str(status), 200 <= status < 300
            except NoAnswer as failure:
                answer, is_delivered = str(failure), False
        self._note(delivery, answer, is_delivered)

    def _flaws(self, event: Entry, delivery: Entry) -> dict[str, Any]:
        """A counted fault spoils the first attempt, a lasting one every attempt while it lasts."""
        if delivery.object["attempts"] == 0:
            flaws: dict[str, Any] = delivery.hidden["flaws"]
            return flaws
        if self.policy.times is None and self.policy.concerns(event.object["type"]):
            return self.policy.flaws()
        return {}

    def _letter(
        self, event: Entry, endpoint: Entry, flaws: dict[str, Any]
    ) -> tuple[bytes, dict[str, str]]:
        text = event_text(event, max(1, self.pending(event)))
        if self._is_live is not ("wrong_livemode" in flaws):
            text = in_live_mode(text)
        secret = "whsec_somebody_elses" if "bad_signature" in flaws else endpoint.hidden["secret"]
        # The receiver compares with the real time, however far the virtual clock has moved.
        timestamp = int(time.time() - flaws.get("timestamp_age", 0))
        body = text.encode()
        headers = {"Stripe-Signature": signature(secret, body, timestamp)}
        return body[: len(body) // 2] if "truncate" in flaws else body, headers

    def _note(self, delivery: Entry, answer: str, is_delivered: bool) -> None:
        state = delivery.object
        state["attempts"] += 1
        state["last_answer"] = answer
        if is_delivered:
            state["status"] = "delivered"
        elif state["attempts"] > len(RETRY_SECONDS):
            state["status"] = "failed"
        else:
            due = self._world.clock.now() + RETRY_SECONDS[state["attempts"] - 1]
            state["next_attempt"] = due
            self._attempt_at(delivery, due)
        self._world.save(delivery)
        event = self._world.get("event", state["event"])
        if is_delivered and self.is_delivered(event):
            for waiter in self._settled.pop(event.id, []):
                if not waiter.done():
                    waiter.set_result(None)
