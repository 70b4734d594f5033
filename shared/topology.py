"""Streams and consumers: one per publishing service, one per event that a service follows.

Provisioning may be repeated at any time and by anyone; what is there is brought to what is said
here. FastStream and nats-py never declare anything: their defaults overwrite stream settings.
"""

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from shared.events import Event, subjects_of

STREAM_AGE_SECONDS = 7 * 86_400  # Outbox rows are kept for 14 days, inbox rows for 30.
DUPLICATE_WINDOW_SECONDS = 600
ACK_WAIT_SECONDS = 30  # A handler only touches PostgreSQL, whose transactions end after 15 s.
ACK_PENDING_MAX = 256


def stream_name(service: str, prefix: str) -> str:
    """`PAYMENTS`, or `ACME_PAYMENTS` for an installation with the prefix `acme`."""
    return "_".join(filter(None, (prefix.replace(".", "_"), service))).upper()


def subject_prefix(prefix: str) -> str:
    """What stands before every subject: nothing, or `acme.`."""
    return f"{prefix}." if prefix else ""


def durable_name(service: str, event: type[Event]) -> str:
    """`payments-registrant-created`: shared by all replicas of the service."""
    _, entity, verb = event.subject.split(".")
    return f"{service}-{entity}-{verb}".replace("_", "-")


def inbox_prefix(service: str) -> str:
    """Where answers to the service arrive: its NATS user may listen nowhere else."""
    return f"_INBOX_{service}"


def publisher_of(event: type[Event]) -> str:
    """The service whose stream holds the event."""
    return event.subject.split(".")[0]


async def ensure_stream(
    jetstream: JetStreamContext, service: str, prefix: str, *, replicas: int = 1
) -> None:
    """Create the service's stream or bring its settings back to these."""
    config = StreamConfig(
        name=stream_name(service, prefix),
        # One by one, so that no request to the service lands in its stream.
        subjects=[subject_prefix(prefix) + subject for subject in subjects_of(service)],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_age=STREAM_AGE_SECONDS,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        num_replicas=replicas,
        allow_direct=True,
        allow_atomic=True,
    )
    try:
        current = await jetstream.stream_info(stream_name(service, prefix))
    except NotFoundError:
        await jetstream.add_stream(config)
        return
    # An operator may have raised the replicas; that is theirs.
    config.num_replicas = current.config.num_replicas
    await jetstream.update_stream(config)


async def ensure_consumer(
    jetstream: JetStreamContext, service: str, event: type[Event], prefix: str
) -> None:
    """Create the service's durable for an event or bring its settings back to these."""
    name = durable_name(service, event)
    config = ConsumerConfig(
        name=name,
        durable_name=name,
        filter_subject=subject_prefix(prefix) + event.subject,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=ACK_PENDING_MAX,
    )
    await jetstream.add_consumer(stream_name(publisher_of(event), prefix), config)
