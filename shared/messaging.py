"""The bus: FastStream subscribers with one inbox, one retry rule and one place for dead letters.

A handler is `async def on_x(event: X, connection: Connection) -> None`. It is called once for each
event, in the transaction that notes the event in the inbox, and acknowledged after the commit.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import nats
import nats.errors
import structlog
from faststream.exceptions import HandlerException, NackMessage, RejectMessage
from faststream.middlewares import AckPolicy, BaseMiddleware
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.nats.response import NatsResponse
from faststream.specification import AsyncAPI
from nats.aio.client import Client
from pydantic import BaseModel, ValidationError

from shared import dead_letters, telemetry, topology
from shared.events import EVENTS, Event, subjects_of
from shared.handling import Handler, Handling
from shared.postgres import UNAVAILABLE, Database
from shared.pulling import continuous
from shared.refusals import Refusal
from shared.relay import Relay

log = structlog.get_logger(__name__)

RETRY_DELAYS_SECONDS = (1, 5, 30)
DATABASE_DELAY_SECONDS = 30
PROVISION_SECONDS = 5
PULL_SECONDS = 5  # A pull that a restarted server forgot is repeated after this time.
WORKERS_PER_CONSUMER = 32  # What is handled together is bounded by it too.
UNREADABLE = (ValidationError, json.JSONDecodeError, UnicodeDecodeError)


@dataclass(frozen=True)
class Answer:
    """What a request is answered with, as HTTP would."""

    status: int
    body: dict[str, Any]


class NoAnswer(Exception):
    """Nobody answered a request in time, or not as it is done here."""


Answerer = Callable[[bytes, dict[str, str]], Awaitable[Answer]]


class Bus:
    """One service's connection to the others: its relay, its consumers, its answers to requests."""

    def __init__(self, *, service: str, url: str, prefix: str, database: Database) -> None:
        self.service = service
        self.client: Client = Client()
        self._url = url
        self._prefix = prefix
        self._database = database
        self._handlers: dict[type[Event], Handling] = {}
        self.is_receiving = False
        self._broker = NatsBroker(
            url,
            name=f"taquilla-{service}",
            inbox_prefix=topology.inbox_prefix(service),
            logger=None,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            graceful_timeout=10,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            middlewares=(self._retry_middleware(),),
        )
        for subject in subjects_of(service):
            # Only for the AsyncAPI document: everything is published by the relay.
            self._broker.publisher(
                topology.subject_prefix(prefix) + subject,
                schema=EVENTS[subject],
                title=EVENTS[subject].__name__,
                description=EVENTS[subject].__doc__,
            )

    def on(self, event: type[Event], handler: Handler, workers: int = WORKERS_PER_CONSUMER) -> None:
        """Call the handler once for each event of this type, in its own transaction."""
        consumer = topology.durable_name(self.service, event)
        self._handlers[event] = Handling(self._database, consumer, handler)

        async def receive(event: Event) -> None:
            await self.handle(event)

        receive.__annotations__ = {"event": event, "return": None}
        subscriber = self._broker.subscriber(
            topology.subject_prefix(self._prefix) + event.subject,
            stream=JStream(
                topology.stream_name(topology.publisher_of(event), self._prefix), declare=False
            ),
            durable=consumer,
            pull_sub=PullSub(batch_size=1, timeout=PULL_SECONDS),
            max_workers=workers,
            title=f"{event.__name__} in {self.service}",
            description=event.__doc__,
        )
        subscriber(receive)
        continuous(subscriber)

    def answer(self, command: str, answerer: Answerer, schema: type[BaseModel]) -> None:
        """Answer requests to `<service>.command.<command>`; replicas share them."""

        async def receive(message: NatsMessage) -> NatsResponse:
            headers = {key: str(value) for key, value in (message.headers or {}).items()}
            try:
                answer = await answerer(bytes(message.body), headers)
            except Refusal as refusal:
                answer = Answer(refusal.status, problem_of(refusal))
            except UNAVAILABLE:
                answer = Answer(503, {"code": "unavailable", "title": "Try again in a moment."})
            except Exception:
                log.exception("request failed", command=command)
                answer = Answer(500, {"code": "internal", "title": "This is a fault of ours."})
            return NatsResponse(
                json.dumps(answer.body).encode(),
                headers={"Status": str(answer.status), "content-type": "application/json"},
            )

        self._broker.subscriber(
            f"{topology.subject_prefix(self._prefix)}{self.service}.command.{command}",
            queue=self.service,
            title=f"{command} at {self.service}",
            description=f"Request; the body is {schema.__name__}: {schema.__doc__}",
        )(receive)

    async def ask(self, service: str, command: str, body: bytes, *, seconds: float) -> Answer:
        """Ask another service and wait for its answer; raises NoAnswer when there is none."""
        subject = f"{topology.subject_prefix(self._prefix)}{service}.command.{command}"
        try:
            message = await self.client.request(subject, body, timeout=seconds)
            return Answer(int((message.headers or {})["Status"]), json.loads(message.data))
        except (nats.errors.Error, TimeoutError, OSError, KeyError, ValueError) as failure:
            raise NoAnswer(f"{subject}: {type(failure).__name__}") from failure

    async def handle(self, event: Event) -> None:
        """Handle one event: claim it in the inbox and apply it, in one transaction."""
        await self._handlers[type(event)].handle(event)

    async def replay(self, subject: str, body: bytes) -> None:
        """Handle a parked message again, under the inbox key that it always had."""
        event = EVENTS[subject.removeprefix(topology.subject_prefix(self._prefix))]
        await self.handle(event.model_validate_json(body))

    async def start(self) -> None:
        """Connect, provision, receive; NATS may be away meanwhile, the service waits for it."""
        await self.client.connect(
            self._url,
            name=f"taquilla-{self.service}-relay",
            inbox_prefix=topology.inbox_prefix(self.service),
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            pending_size=64 * 1024 * 1024,
            error_cb=_log_nats_error,
        )
        await self.provision()
        await self._broker.start()
        # The server has our subscriptions only once it has answered to something behind them.
        connection = await self._broker.connect()
        await connection.flush()
        self.is_receiving = True

    async def provision(self) -> None:
        """Bring streams and consumers to what this service needs."""
        jetstream = self.client.jetstream()
        streams = {self.service} | {topology.publisher_of(event) for event in self._handlers}
        for service in sorted(streams):
            await topology.ensure_stream(jetstream, service, self._prefix)
        for event in self._handlers:
            await topology.ensure_consumer(jetstream, self.service, event, self._prefix)

    async def keep_provisioned(self) -> None:
        """Bring back what someone deleted; what a lost stream held comes from the outbox."""
        jetstream = self.client.jetstream()
        while True:
            await asyncio.sleep(PROVISION_SECONDS)
            try:
                for event in self._handlers:
                    await jetstream.consumer_info(
                        topology.stream_name(topology.publisher_of(event), self._prefix),
                        topology.durable_name(self.service, event),
                    )
            except nats.js.errors.NotFoundError:
                log.warning("a stream or consumer is gone, making it again")
                await self.provision()
            except (nats.errors.Error, TimeoutError) as failure:
                log.warning("cannot look at the bus", failure=type(failure).__name__)

    def relay(self) -> Relay:
        """The relay of this service's outbox."""
        return Relay(
            self._database,
            self.client,
            stream=topology.stream_name(self.service, self._prefix),
            prefix=topology.subject_prefix(self._prefix),
            ensure_stream=self.provision,
        )

    async def stop(self) -> None:
        """Finish what is being handled, then leave."""
        self.is_receiving = False
        await self._broker.stop()
        if not self.client.is_closed:
            await self.client.close()

    def asyncapi(self) -> str:
        """The AsyncAPI 3 document, JSON."""
        return str(
            AsyncAPI(
                self._broker,
                title=f"Taquilla {self.service}",
                version="1",
                description="Events are JSON; unknown fields are to be ignored.",
            )
            .to_specification()
            .to_json()
        )

    def _retry_middleware(self) -> type[BaseMiddleware]:
        database = self._database

        class Retry(BaseMiddleware):
            """Try again after 1, 5 and 30 s, then park; our own database is waited for."""

            async def consume_scope(self, call_next: Any, msg: Any) -> Any:
                message = msg.raw_message
                if not message.reply.startswith("$JS.ACK"):
                    return await call_next(msg)
                metadata = message.metadata
                consumer = str(metadata.consumer)
                delivery = f"{metadata.stream}:{metadata.sequence.stream}"
                tries = 0
                try:
                    if metadata.num_delivered > 1:
                        # Counted before the try: a message that kills the process counts too.
                        tries = await dead_letters.count_try(database, consumer, delivery)
                        if tries > len(RETRY_DELAYS_SECONDS):
                            await self._park(message, "gave no answer: crash or time-out", tries)
                            raise RejectMessage
                    return await call_next(msg)
                except HandlerException:
                    raise
                except UNAVAILABLE as failure:
                    log.warning("database away", consumer=consumer, failure=type(failure).__name__)
                    if tries:
                        await dead_letters.forget_try(database, consumer, delivery)
                    raise NackMessage(delay=DATABASE_DELAY_SECONDS) from failure
                except Exception as failure:
                    cause = _cause(failure)
                    is_unreadable = isinstance(failure, UNREADABLE)
                    if tries >= len(RETRY_DELAYS_SECONDS) or is_unreadable:
                        await self._park(message, cause, tries)
                        raise RejectMessage from failure
                    log.warning("event will be tried again", consumer=consumer, cause=cause)
                    telemetry.events_handled.labels(consumer, "retried").inc()
                    raise NackMessage(delay=RETRY_DELAYS_SECONDS[tries]) from failure

            async def _park(self, message: Any, cause: str, tries: int) -> None:
                consumer = str(message.metadata.consumer)
                try:
                    await dead_letters.park(
                        database,
                        consumer=consumer,
                        delivery=f"{message.metadata.stream}:{message.metadata.sequence.stream}",
                        subject=message.subject,
                        body=message.data,
                        headers=dict(message.headers or {}),
                        cause=cause,
                        tries=tries + 1,
                    )
                except UNAVAILABLE as failure:
                    raise NackMessage(delay=DATABASE_DELAY_SECONDS) from failure
                telemetry.dead_letters.labels(consumer).inc()
                log.error("event parked as dead letter", consumer=consumer, cause=cause)

        return Retry


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """A refusal as an RFC 9457 problem document."""
    errors = [{"field": refusal.field, "message": refusal.detail}] if refusal.field else []
    return {
        "type": "about:blank",
        "title": refusal.detail,
        "status": refusal.status,
        "code": refusal.code,
        "errors": errors,
    }


def _cause(failure: Exception) -> str:
    """What went wrong without what was in the message: a validation error names fields only."""
    if isinstance(failure, ValidationError):
        fields = sorted({".".join(map(str, error["loc"])) for error in failure.errors()})
        return f"unreadable: {', '.join(fields)}"
    return f"{type(failure).__name__}: {failure}"[:400]


async def _log_nats_error(failure: Exception) -> None:
    # Permission errors arrive only here; without this line they would be silent.
    log.warning("nats", failure=type(failure).__name__, detail=str(failure)[:200])
