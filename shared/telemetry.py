"""What operators see: JSON logs without names or addresses, metrics with bounded labels."""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer

http_requests = Counter(
    "taquilla_http_requests_total", "HTTP answers", ["method", "route", "status"]
)
http_seconds = Histogram(
    "taquilla_http_request_seconds",
    "Seconds to answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
events_handled = Counter(
    "taquilla_events_handled_total", "Events received", ["consumer", "outcome"]
)
dead_letters = Counter("taquilla_dead_letters_total", "Messages parked", ["consumer"])
outbox_waiting = Gauge("taquilla_outbox_waiting", "Outbox rows in the relay's last look")
relay_published = Counter("taquilla_relay_published_total", "Events sent to the stream")
worker_failures = Counter("taquilla_worker_failures_total", "Failed rounds", ["worker"])
work_due = Gauge("taquilla_work_due", "Due rows in the worker's last round", ["worker"])

# Never logged, whoever passes them: who registers is nobody's business but the organizer's.
_PERSONAL = frozenset(("name", "email", "address", "recipient", "token", "secret", "authorization"))


class _StandardOutput:
    """Writes lines to whatever standard output is at that moment."""

    def __init__(self, *_arguments: object) -> None:
        """Called for each logger; there is nothing to keep."""

    def msg(self, message: str) -> None:
        print(message, flush=True)

    debug = info = warning = warn = error = critical = exception = failure = log = msg


def configure_logging(service: str, level: int = logging.INFO) -> None:
    """Log to standard output as JSON, one event a line; libraries' warnings come the same way."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _drop_personal,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without local variables: those hold names, addresses and secrets.
            ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_StandardOutput,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    root = logging.getLogger()
    root.handlers[:] = [_StructlogHandler()]
    root.setLevel(logging.WARNING)


def _drop_personal(
    _logger: Any, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in _PERSONAL.intersection(entry):
        entry[key] = "[personal]"
    return entry


class _StructlogHandler(logging.Handler):
    """Carries the standard library's log records into our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        # Libraries may put anything into a message's arguments: only its template is kept.
        failure = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger(record.name).log(
            record.levelno, "library", template=str(record.msg)[:200], failure=failure
        )
