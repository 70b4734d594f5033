"""What happened to a registration, in words: an organizer reads it from top to bottom. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.registration.catalogues import msgid
from services.registration.console.registrants.troubles import (
    DISPUTE_ENDS,
    DISPUTE_REASONS,
    FAILURES,
)
from services.registration.history import Moment
from services.registration.registrants import Registrant

MAIL_KINDS = {
    "confirmation": msgid("Confirmation"),
    "payment_due": msgid("Payment reminder"),
    "released": msgid("Seat released"),
    "repeated": msgid("Link to an earlier registration"),
    "cancelled": msgid("Cancellation"),
    "refund": msgid("Refund"),
    "refund_failed": msgid("Failed refund"),
    "rescheduled": msgid("New time"),
    "starts_soon": msgid("Reminder before the start"),
}
ADDED_AS = {
    "guest": msgid("Added as a guest"),
    "paid_elsewhere": msgid("Added, paid elsewhere"),
}
_HOLD_ENDED = {
    "lapsed": msgid("The time to pay is over, Stripe is asked whether anything was paid"),
    "cancelled": msgid("Stripe is asked whether anything was paid before the cancellation"),
    "superseded": msgid("Another registration of this address was paid"),
}
_RELEASED = {
    "lapsed": msgid("Seat released: nothing was paid in time"),
    "superseded": msgid("Seat released: another registration of this address was paid"),
}
_CANCELLED = {
    "registrant": msgid("Cancelled by the registrant"),
    "organizer": msgid("Cancelled by an organizer"),
    "webinar_cancelled": msgid("Cancelled with the whole event"),
    "refund": msgid("Cancelled: all of the money goes back"),
    "superseded": msgid("Cancelled: another registration of this address was paid"),
    "late": msgid("Cancelled: the money came too late"),
}
_REFUND_ASKED = {
    "organizer": msgid("Refund of %(amount)s asked for by an organizer"),
    "registrant": msgid("Refund of %(amount)s asked for by the registrant"),
    "automatic": msgid("Refund of %(amount)s asked for by Taquilla"),
}
_CAUSES = {
    "late": msgid("The money came after the seat was gone"),
    "duplicate": msgid("This address had paid already"),
    "webinar_cancelled": msgid("The event was cancelled"),
    "policy": msgid("As the refund policy says"),
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened: a key of the catalogues, with what goes into it and beside it."""

    at: datetime
    words: str
    tone: Literal["", "good", "warn", "bad"] = ""
    amount_minor: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    note: str = ""  # A key of the catalogues too.
    detail: str = ""  # In somebody's own words.
    person: str | None = None


def timeline(
    registrant: Registrant,
    history: Sequence[Moment],
    refunds: Sequence[Mapping[str, Any]],
    disputes: Sequence[Mapping[str, Any]],
    mails: Sequence[Mapping[str, Any]],
    moments: Sequence[Mapping[str, Any]],
) -> list[Entry]:
    """Everything that is known, the latest first."""
    of_refund = {str(refund["id"]): refund for refund in refunds}
    of_dispute = {dispute["id"]: dispute for dispute in disputes}
    lost_at = {mail["told_at"]: mail for mail in mails if mail["status"] in ("failed", "bounced")}
    was_declined = any(moment["what"] == "declined" for moment in moments)
    entries = [_of_moment(moment) for moment in moments]
    for past in history:
        if past.what == "declined" and was_declined:
            continue
        if past.what.startswith("refund_"):
            refund = of_refund[past.about or ""]
            if past.what != "refund_requested" or refund["origin"] != "dashboard":
                entries.append(_of_refund(past, refund))
        elif past.what.startswith("dispute_"):
            entries.append(_of_dispute(past, of_dispute[past.about or ""]))
        else:
            entries.append(_of_history(past, registrant, lost_at.get(past.at)))
    # Of two at the same moment the one that was told later is the latest.
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def _of_history(past: Moment, registrant: Registrant, lost_mail: Mapping[str, Any] | None) -> Entry:
    about = past.about or ""
    if past.what == "registered":
        return Entry(past.at, msgid("Registered"))
    if past.what == "declined":
        return Entry(
            past.at, msgid("Card declined"), "bad", detail=registrant.decline_message or about
        )
    if past.what == "hold_ended":
        return Entry(past.at, _HOLD_ENDED.get(about, about), "warn")
    if past.what == "paid":
        return Entry(
            past.at,
            msgid("%(amount)s paid", "by a registrant"),
            "good",
            amount_minor=past.amount_minor,
        )
    if past.what == "confirmed":
        return Entry(past.at, msgid("Seat confirmed"), "good")
    if past.what == "released":
        return Entry(past.at, _RELEASED.get(about, msgid("Seat released")))
    if past.what == "cancelled":
        return Entry(past.at, _CANCELLED.get(about, msgid("Cancelled")))
    if past.what == "joined":
        return Entry(past.at, msgid("Joined"), "good")
    kind = {"kind": MAIL_KINDS.get(about, about)}
    reason = "" if lost_mail is None else lost_mail["failure_reason"] or ""
    if past.what == "mail_failed":
        return Entry(past.at, msgid("Mail failed: %(kind)s"), "bad", values=kind, detail=reason)
    if past.what == "mail_bounced":
        return Entry(past.at, msgid("Mail bounced: %(kind)s"), "bad", values=kind, detail=reason)
    return Entry(past.at, msgid("Mail accepted: %(kind)s"), values=kind)


def _of_refund(past: Moment, refund: Mapping[str, Any]) -> Entry:
    if past.what == "refund_requested":
        return Entry(
            past.at,
            _REFUND_ASKED[refund["origin"]],
            "warn" if refund["status"] in ("requested", "pending") else "",
            amount_minor=past.amount_minor,
            note=_CAUSES.get(refund["cause"], ""),
            detail=refund["reason"] or "",
        )
    if past.what == "refund_failed":
        reason = refund["failure_reason"] or ""
        return Entry(
            past.at,
            msgid("Refund of %(amount)s failed"),
            "bad",
            amount_minor=past.amount_minor,
            note=FAILURES.get(reason, ""),
            detail="" if reason in FAILURES else reason,
        )
    is_elsewhere = refund["origin"] == "dashboard"
    words = (
        msgid("%(amount)s refunded in Stripe’s dashboard")
        if is_elsewhere
        else msgid("%(amount)s refunded")
    )
    return Entry(past.at, words, amount_minor=past.amount_minor)


def _of_dispute(past: Moment, dispute: Mapping[str, Any]) -> Entry:
    is_open = past.what == "dispute_opened"
    known = DISPUTE_REASONS if is_open else DISPUTE_ENDS
    reason = str(dispute["reason"] or "") if is_open else str(dispute["status"])
    return Entry(
        past.at,
        msgid("The bank disputes %(amount)s") if is_open else msgid("Dispute over %(amount)s over"),
        "bad" if is_open else "",
        amount_minor=past.amount_minor,
        note=known.get(reason, ""),
        detail="" if reason in known else reason.replace("_", " "),
    )


def _of_moment(moment: Mapping[str, Any]) -> Entry:
    at, words, person = moment["happened_at"], moment["words"] or "", moment["person"]
    if moment["what"] == "checkout_opened":
        return Entry(at, msgid("Opened Stripe’s payment page"))
    if moment["what"] == "declined":
        return Entry(at, msgid("Card declined"), "bad", detail=words)
    if moment["what"] == "added":
        added_as, _, note = words.partition(": ")
        return Entry(at, ADDED_AS.get(added_as, msgid("Added")), detail=note, person=person)
    if moment["what"] == "corrected":
        return Entry(at, msgid("Name or address corrected"), detail=words, person=person)
    if moment["what"] == "mail_requested":
        kind = {"kind": MAIL_KINDS.get(words, words)}
        return Entry(at, msgid("Mail sent again: %(kind)s"), values=kind, person=person)
    return Entry(at, msgid("Note"), detail=words, person=person)
