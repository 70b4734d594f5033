"""What the services tell each other.

This file is the contract between services. Add optional fields freely; anything
else is a new event on a new subject, because old messages outlive old code.
Money is an integer in the unit that Stripe takes for the currency (`shared.money`).
"""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Kind = Literal["webinar", "virtual_event"]
RefundOrigin = Literal["organizer", "registrant", "dashboard", "automatic"]
RefundCause = Literal["policy", "organizer", "dashboard", "late", "duplicate", "webinar_cancelled"]
HoldEndReason = Literal["lapsed", "cancelled", "superseded"]

EVENT_BYTES_MAX = 64 * 1024
OWN_WORDS_LENGTH_MAX = 4_000
MESSAGE_LENGTH_MAX = 1_000

# The organizer's own text for a mail, with placeholders such as {title}: set above the facts.
OwnWords = Annotated[str | None, Field(max_length=OWN_WORDS_LENGTH_MAX)]
# What an organizer tells one registrant in a mail: stands there as typed, nothing is filled in.
OwnMessage = Annotated[str | None, Field(max_length=MESSAGE_LENGTH_MAX)]


class Event(BaseModel):
    """A fact that has already happened."""

    # What a message held never gets into a log by way of an error.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    subject: ClassVar[str]

    event_id: UUID = Field(default_factory=uuid4)
    occurred_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    organization_id: UUID


class ApiTokenChanged(Event):
    """An API token was made, changed or revoked; services that answer requests keep a copy."""

    subject: ClassVar[str] = "registration.api_token.changed"

    token_id: str
    token_hash: str  # SHA-256 of the whole token, hex
    scopes: tuple[str, ...]
    is_revoked: bool = False
    version: int = Field(ge=1)


class WebinarFacts(Event):
    """What is true of a webinar at `version`; a newer version wins."""

    webinar_id: UUID
    version: int = Field(ge=1)
    kind: Kind = "webinar"
    title: str
    starts_at: AwareDatetime
    duration_minutes: int = Field(ge=1)
    time_zone: str
    price_minor: int = Field(ge=0)
    currency: str | None = None
    capacity: int | None = None


class WebinarScheduled(WebinarFacts):
    """An organizer scheduled a webinar or virtual event."""

    subject: ClassVar[str] = "registration.webinar.scheduled"


class WebinarUpdated(WebinarFacts):
    """An organizer changed a webinar; existing registrants keep what was frozen for them."""

    subject: ClassVar[str] = "registration.webinar.updated"


class WebinarCancelled(WebinarFacts):
    """An organizer cancelled a webinar."""

    subject: ClassVar[str] = "registration.webinar.cancelled"


class RegistrantFacts(Event):
    """Who a registrant is and what a mail or a page needs to address them."""

    registrant_id: UUID
    webinar_id: UUID
    version: int = Field(ge=1)
    name: str
    email: str
    locale: str = "en"
    webinar_title: str
    kind: Kind = "webinar"
    starts_at: AwareDatetime
    duration_minutes: int = Field(ge=1)
    time_zone: str
    amount_minor: int = Field(ge=0)  # 4900 is EUR 49.00; 0 is free
    currency: str | None = None
    manage_url: str
    organization_name: str
    sender_name: str | None = None
    reply_to: str | None = None
    is_rehearsal: bool = False  # an organizer's own try: it takes no seat, and its mails say TEST
    # Of the calendar's entry: rises with each change of the registration and of its webinar.
    sequence: int = Field(default=0, ge=0)


class RegistrantCreated(RegistrantFacts):
    """Someone was admitted; a seat is held until `pay_by` if there is something to pay."""

    subject: ClassVar[str] = "registration.registrant.created"

    pay_by: AwareDatetime | None = None
    payment_method: str | None = (
        None  # of the organization's account; only for tokens that may charge
    )
    card_brands_blocked: tuple[str, ...] = ()
    network: str | None = None  # hash of the caller's network, never the address itself


class RegistrantConfirmed(RegistrantFacts):
    """A seat is theirs: paid, or free. Carries what the confirmation mail shows."""

    subject: ClassVar[str] = "registration.registrant.confirmed"

    join_url: str
    description: str = ""  # Markdown, as registered for
    refund_policy_text: str = ""  # in the registrant's language; empty without a structured policy
    own_words: OwnWords = None


class RegistrantCancelled(RegistrantFacts):
    """A registration was cancelled; `has_own_mail` says that a refund's mail tells them already."""

    subject: ClassVar[str] = "registration.registrant.cancelled"

    cause: Literal["registrant", "organizer", "webinar_cancelled", "refund", "late", "superseded"]
    notify: bool = True
    refund_amount_minor: int = Field(default=0, ge=0)  # decided and requested; 0 is no refund
    own_words: OwnWords = None
    message: OwnMessage = None  # only where no refund's mail brings it


class RegistrantCorrected(RegistrantFacts):
    """A name or an address was set right; links of earlier versions have stopped working."""

    subject: ClassVar[str] = "registration.registrant.corrected"

    status: Literal["awaiting_payment", "confirmed", "released", "cancelled"]


class RegistrantReleased(RegistrantFacts):
    """An unpaid seat went back on sale."""

    subject: ClassVar[str] = "registration.registrant.released"

    reason: HoldEndReason
    webinar_url: str | None = None
    own_words: OwnWords = None


class RegistrationRepeated(RegistrantFacts):
    """A known address registered again; its owner is mailed the link to the first one."""

    subject: ClassVar[str] = "registration.registrant.repeated"

    status: Literal["awaiting_payment", "confirmed", "released", "cancelled"] = "confirmed"


class RegistrantMailRequested(RegistrantFacts):
    """A mail to a registrant that no other event causes; its key is registrant, mail and cause.

    `version` is the registrant's when it was asked for: it changes no status.
    """

    subject: ClassVar[str] = "registration.registrant_mail.requested"

    mail: Literal["confirmation", "payment_due", "rescheduled", "starts_soon"]
    cause: str = Field(min_length=1, max_length=100)
    join_url: str | None = None
    description: str = ""  # Markdown, as registered for
    refund_policy_text: str = ""
    pay_by: AwareDatetime | None = None  # payment_due
    previous_starts_at: AwareDatetime | None = None  # rescheduled
    refund_until: AwareDatetime | None = None  # rescheduled: until when manage_url offers a refund
    own_words: OwnWords = None


class AccountMailRequested(Event):
    """A mail to someone who signs in here. `link` is a secret: it lets its reader in."""

    subject: ClassVar[str] = "registration.account_mail.requested"

    kind: Literal["invitation", "password_reset", "password_changed"]
    email: str
    name: str | None = None
    locale: str = "en"
    link: str
    organization_name: str | None = None
    inviter_name: str | None = None
    expires_at: AwareDatetime | None = None  # of the link


class HoldEnded(Event):
    """A hold is over; the seat stays kept until payments answers what became of the money."""

    subject: ClassVar[str] = "registration.hold.ended"

    registrant_id: UUID
    webinar_id: UUID
    reason: HoldEndReason


class RefundRequested(Event):
    """Registration decided that money goes back. Without an amount: all that is unrefunded."""

    subject: ClassVar[str] = "registration.refund.requested"

    refund_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    amount_minor: int | None = Field(default=None, gt=0)
    origin: RefundOrigin
    cause: RefundCause
    reason: str | None = None
    keep_seat: bool = False
    notify: bool = True
    message: OwnMessage = None  # for the refund's mail


class StripeDisconnectRequested(Event):
    """A person asked to disconnect the organization's Stripe account; payments lets it go."""

    subject: ClassVar[str] = "registration.stripe_disconnect.requested"

    account_id: str  # Stripe's: a request that comes late never lets go of a newer account
    person: str  # who asked, for payments' log of changes


class CheckoutOpened(Event):
    """A hosted Checkout Session is open; money can arrive until `expires_at`."""

    subject: ClassVar[str] = "payments.checkout.opened"

    payment_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    attempt: int = Field(ge=1)
    pay_by: AwareDatetime  # the later of the hold and the first session's end


class CheckoutExpired(Event):
    """The answer to `HoldEnded`: every attempt is settled and nothing was paid."""

    subject: ClassVar[str] = "payments.checkout.expired"

    registrant_id: UUID
    webinar_id: UUID
    reason: HoldEndReason


class PaymentSucceeded(Event):
    """The money for a registration was taken, once, in the frozen amount and currency."""

    subject: ClassVar[str] = "payments.payment.succeeded"

    payment_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    amount_minor: int = Field(gt=0)
    currency: str
    paid_at: AwareDatetime
    version: int = Field(ge=1)
    stripe_account_id: str | None = None
    stripe_payment_intent_id: str | None = None
    stripe_charge_id: str | None = None
    is_live: bool = False


class PaymentProcessing(Event):
    """The payer has done their part and the bank is still thinking: nobody is asked to pay."""

    subject: ClassVar[str] = "payments.payment.processing"

    payment_id: UUID
    registrant_id: UUID
    webinar_id: UUID


class PaymentFailed(Event):
    """A card was declined: for display, no state changes."""

    subject: ClassVar[str] = "payments.payment.failed"

    payment_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    decline_code: str | None = None
    message: str | None = None  # Stripe's sentence for the payer


class PaymentFlagged(Event):
    """Money did something that a person has to look at: odd amounts, foreign accounts, silence."""

    subject: ClassVar[str] = "payments.payment.flagged"

    cause: str  # a word such as odd_money, foreign_account, unsettled
    about: str  # what it is about: a Stripe id or one of ours; with the cause it is unique
    payment_id: UUID | None = None
    registrant_id: UUID | None = None
    webinar_id: UUID | None = None
    detail: str = ""
    is_resolved: bool = False


class RefundFacts(Event):
    """One refund and the payment's totals at `version`; a newer version wins."""

    refund_id: UUID
    payment_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    version: int = Field(ge=1)  # the payment's
    amount_minor: int = Field(ge=0)  # of this refund
    currency: str
    paid_minor: int = Field(ge=0)  # all charges of the payment
    refunded_minor: int = Field(ge=0)  # all refunds that count
    origin: RefundOrigin
    cause: RefundCause
    reason: str | None = None
    keep_seat: bool = False
    notify: bool = True


class Refunded(RefundFacts):
    """Stripe says that a refund succeeded."""

    subject: ClassVar[str] = "payments.refund.succeeded"

    stripe_refund_id: str | None = None
    message: OwnMessage = None  # as it was requested


class RefundFailed(RefundFacts):
    """A refund did not happen, or failed after it had succeeded."""

    subject: ClassVar[str] = "payments.refund.failed"

    failure_reason: str  # nothing_left, disputed, account_refused, over_refund or Stripe's own word


class FeeSettled(Event):
    """Fee and net of a payment, all its balance transactions summed; published at each change."""

    subject: ClassVar[str] = "payments.fee.settled"

    payment_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    version: int = Field(ge=1)
    fee_minor: int
    net_minor: int
    settlement_currency: str


class DisputeFacts(Event):
    """A dispute of a charge; it changes no registrant's status."""

    dispute_id: str  # Stripe's
    payment_id: UUID
    registrant_id: UUID
    webinar_id: UUID
    version: int = Field(ge=1)
    amount_minor: int = Field(ge=0)
    currency: str
    status: str
    reason: str | None = None


class DisputeOpened(DisputeFacts):
    """A payer's bank contests a charge."""

    subject: ClassVar[str] = "payments.dispute.opened"


class DisputeClosed(DisputeFacts):
    """A dispute was decided."""

    subject: ClassVar[str] = "payments.dispute.closed"


class StripeAccountFacts(Event):
    """The account into which an organization is paid, at `version`."""

    version: int = Field(ge=1)
    stripe_account_id: str
    display_name: str | None = None
    is_ready: bool  # charges enabled, details submitted, cards active, our mode
    missing: tuple[str, ...] = ()  # plain words: what Stripe still wants
    requirements: tuple[str, ...] = ()  # the same as codes, Stripe's own and a few of payments'
    is_live: bool = False
    default_currency: str | None = None
    mode: Literal["direct_key", "oauth", "onboarding"] | None = None  # how it was connected
    is_submitted: bool = True  # False: an application at Stripe that is not finished
    charges_enabled: bool | None = None
    payouts_enabled: bool | None = None
    statement_descriptor: str | None = None  # what payers read on their card's statement
    has_test_key: bool | None = None  # True: live, and yet rehearsals charge no card


class StripeAccountConnected(StripeAccountFacts):
    """An organization connected its Stripe account."""

    subject: ClassVar[str] = "payments.account.connected"


class StripeAccountUpdated(StripeAccountFacts):
    """What a connected account may do has changed."""

    subject: ClassVar[str] = "payments.account.updated"


class StripeAccountDisconnected(StripeAccountFacts):
    """An organization no longer takes payments into the account."""

    subject: ClassVar[str] = "payments.account.disconnected"


class EmailFacts(Event):
    """One mail and its delivery."""

    email_id: UUID
    registrant_id: UUID | None = None
    webinar_id: UUID | None = None
    kind: str  # such as confirmation, refund, starts_soon; invitation has no registrant
    message_id: str


class EmailSent(EmailFacts):
    """The mail server accepted the mail. Nothing is known of its delivery."""

    subject: ClassVar[str] = "notifications.email.sent"


class EmailFailed(EmailFacts):
    """The mail server refused the mail for good, or 48 hours of tries have passed."""

    subject: ClassVar[str] = "notifications.email.failed"

    smtp_code: int | None = None
    failure_reason: str


class EmailBounced(EmailFacts):
    """A server behind the first one gave the mail up: it has not arrived."""

    subject: ClassVar[str] = "notifications.email.bounced"

    status_code: str  # an enhanced status code (RFC 3463), such as 5.1.1


def _concrete(event: type[Event]) -> list[type[Event]]:
    own = [event] if "subject" in event.__dict__ else []
    return own + [found for child in event.__subclasses__() for found in _concrete(child)]


EVENTS: dict[str, type[Event]] = {event.subject: event for event in _concrete(Event)}
"""Every event by its subject (without the installation's prefix)."""

SERVICES = ("registration", "payments", "notifications")


def subjects_of(service: str) -> list[str]:
    """The subjects that a service publishes; its stream lists exactly these."""
    return sorted(subject for subject in EVENTS if subject.split(".")[0] == service)
