"""What an organizer sets right for a registrant: the mail once more, a name, an address. No I/O."""

from services.registration.registrants import (
    Occasion,
    Outcome,
    Registrant,
    changed,
    confirmation,
    facts,
)
from shared.events import RegistrantCorrected, RegistrantMailRequested
from shared.refusals import Refusal


class NothingToSend(Refusal):
    """There is no seat to write about, so no mail is sent."""

    code = "nothing_to_send"


def may_be_mailed(registrant: Registrant) -> bool:
    """Whether there is a mail that is still true: of a seat, or of one that can be paid for."""
    if registrant.status == "awaiting_payment":
        return registrant.hold_ended_at is None
    return registrant.status == "confirmed"


def mail_again(registrant: Registrant, occasion: Occasion, cause: str) -> RegistrantMailRequested:
    """The confirmation, or the way to pay, once for each cause; raises NothingToSend."""
    if not may_be_mailed(registrant):
        raise NothingToSend
    if registrant.status == "awaiting_payment":
        return RegistrantMailRequested(
            **facts(registrant, occasion),
            mail="payment_due",
            cause=cause,
            pay_by=registrant.pay_by,
            own_words=occasion.own_words.get("payment_due"),
        )
    told = confirmation(registrant, occasion)
    return RegistrantMailRequested(
        **facts(registrant, occasion),
        mail="confirmation",
        cause=cause,
        join_url=told.join_url,
        description=told.description,
        refund_policy_text=told.refund_policy_text,
        own_words=told.own_words,
    )


def correct(
    registrant: Registrant, name: str, email: str, occasion: Occasion, cause: str
) -> Outcome:
    """Another name or address: the links that went out die, and new ones are told and mailed."""
    if (registrant.name, registrant.email) == (name, email):
        return Outcome(registrant)
    after = changed(
        registrant,
        name=name,
        email=email,
        email_key=email.lower(),
        link_version=registrant.link_version + 1,
    )
    told = RegistrantCorrected(**facts(after, occasion), status=after.status)
    if not may_be_mailed(after):
        return Outcome(after, (told,))
    return Outcome(after, (told, mail_again(after, occasion, cause)))
