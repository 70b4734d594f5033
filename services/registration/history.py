"""What happened to a registration, told from what is stored of it. No I/O here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.registration.registrants import Registrant


class Moment(BaseModel):
    """One thing that happened; `about` says which refund, dispute or mail, or why."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    what: str
    about: str | None = None
    amount_minor: int | None = None


def history_of(
    registrant: Registrant,
    refunds: Sequence[Mapping[str, Any]],
    disputes: Sequence[Mapping[str, Any]],
    mails: Sequence[Mapping[str, Any]],
    joins: Sequence[datetime],
) -> list[Moment]:
    """All that is known, oldest first."""
    moments = [Moment(at=registrant.created_at, what="registered")]

    def add(at: datetime | None, what: str, about: str | None = None, **more: Any) -> None:
        if at is not None:
            moments.append(Moment(at=at, what=what, about=about, **more))

    add(registrant.declined_at, "declined", registrant.decline_code)
    add(registrant.hold_ended_at, "hold_ended", registrant.hold_end_reason)
    add(registrant.paid_at, "paid", amount_minor=registrant.amount_minor)
    add(registrant.confirmed_at, "confirmed")
    add(registrant.released_at, "released", registrant.hold_end_reason)
    add(registrant.cancelled_at, "cancelled", registrant.cancel_cause)
    for refund in refunds:
        amount = refund["amount_minor"]
        add(refund["requested_at"], "refund_requested", str(refund["id"]), amount_minor=amount)
        if refund["status"] in ("succeeded", "failed"):
            what = f"refund_{refund['status']}"
            add(refund["settled_at"], what, str(refund["id"]), amount_minor=amount)
    for dispute in disputes:
        what = "dispute_opened" if dispute["is_open"] else "dispute_closed"
        add(dispute["told_at"], what, dispute["id"], amount_minor=dispute["amount_minor"])
    for mail in mails:
        add(mail["told_at"], f"mail_{mail['status']}", mail["kind"])
    for joined_at in joins:
        add(joined_at, "joined")
    return sorted(moments, key=lambda moment: moment.at)
