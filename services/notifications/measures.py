"""What operators see of the mails, with bounded labels."""

from prometheus_client import Counter, Gauge, Histogram

mails = Counter("taquilla_mails_total", "Tries to hand a mail over", ["kind", "result"])
mail_seconds = Histogram(
    "taquilla_mail_seconds",
    "Seconds from a mail being queued to the server accepting it",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600, 86_400),
)
bounces = Counter("taquilla_bounces_total", "Bounces that were handed in", ["result"])
connections_opened = Counter("taquilla_smtp_connections_total", "SMTP connections opened")
mails_in_state = Gauge("taquilla_mails_in_state", "Mails that are not settled yet", ["state"])
oldest_seconds = Gauge(
    "taquilla_mails_oldest_seconds", "Age of the oldest unsettled mail", ["state"]
)


_UNSETTLED = ("waiting", "queued", "sending")


def show_unsettled(counts: dict[str, tuple[int, float]]) -> None:
    """Set the gauges of what is not settled; a state that no mail is in shows zero."""
    for state in _UNSETTLED:
        number, oldest = counts.get(state, (0, 0.0))
        mails_in_state.labels(state).set(number)
        oldest_seconds.labels(state).set(oldest)
