"""What pages say in which state: English messages, by the name of the state. No I/O here."""

from services.registration.catalogues import msgid

NOUNS = {"webinar": msgid("webinar"), "virtual_event": msgid("virtual event")}

CLOSED = {
    "cancelled": (
        msgid("This %(noun)s was cancelled."),
        msgid("%(organization)s cancelled it. Registration is closed."),
    ),
    "started": (
        msgid("This %(noun)s has started."),
        msgid("Registration is closed. If you have a seat, your link is in your mail."),
    ),
    "over": (msgid("This %(noun)s is over."), msgid("Registration is closed.")),
    "not_ready": (
        msgid("Registration is not open."),
        msgid("%(organization)s cannot take card payments right now. Look again later."),
    ),
}
"""Why nobody can register, and what follows."""

REFUSED = {
    "price_changed": (
        msgid("The price has changed."),
        msgid("It is now %(price)s. You are not registered and paid nothing: look again and "
              "decide."),
    ),
    "questions_changed": (
        msgid("The questions have changed."),
        msgid("You are not registered yet. Look at them again and press the button."),
    ),
    "too_many": (
        msgid("That is too many registrations."),
        msgid("There are unpaid or repeated ones for this address or this network. Use the link "
              "in your mail, or wait until they end."),
    ),
    "unavailable": (
        msgid("Many people are registering right now."),
        msgid("You are not registered yet. Your entry is kept: press the button again."),
    ),
    "invalid": (
        msgid("Something in the form cannot be used."),
        msgid("Check what you typed and press the button again."),
    ),
}  # fmt: skip
"""Why the form was not taken, and what to do."""

EARLIER = {
    "confirmed": ("good", "done", msgid("Your seat is certain.")),
    "awaiting": ("", "clock", msgid("Your seat is held until %(time)s (%(city)s time).")),
    "declined": ("bad", "stop", msgid("Your card was declined. Your seat is held until %(time)s "
                                      "(%(city)s time).")),
    "lapsed": ("warn", "clock", msgid("Your time to pay is over.")),
}  # fmt: skip
"""A registration made in this browser: its tone and sign, and how it stands."""

TITLES = {
    "awaiting": msgid("To pay:"),
    "declined": msgid("Payment declined:"),
    "lapsed": msgid("Time to pay is over:"),
    "released": msgid("Seat given back:"),
    "confirmed": msgid("Your seat:"),
    "cancelled": msgid("Cancelled:"),
}
HEADINGS = {
    "awaiting": msgid("Waiting for your payment"),
    "declined": msgid("Your card was declined"),
    "lapsed": msgid("Your time to pay is over"),
    "released": msgid("You have no seat"),
    "confirmed": msgid("You have a seat"),
    "cancelled": msgid("Your registration is cancelled"),
}
LEADS = {
    "lapsed": msgid("We are asking Stripe whether your payment arrived in time."),
    "superseded": msgid("You paid for this %(noun)s with another registration. This one is being "
                        "closed."),
    "released": msgid("You did not pay in time, so the seat went back on sale. You paid nothing."),
    "released_superseded": msgid("You paid for this %(noun)s with another registration. That one "
                                 "counts."),
    "released_paid": msgid("Your payment came too late for this seat. You get everything back."),
    "confirmed": msgid("Your link is on its way to %(email)s."),
    "confirmed_sent": msgid("Your link is in the mail that we sent to %(email)s."),
    "cancelled_registrant": msgid("You cancelled. Your link no longer works."),
    "cancelled_organizer": msgid("%(organization)s cancelled your registration. Your link no "
                                 "longer works."),
    "cancelled_webinar_cancelled": msgid("%(organization)s cancelled the %(noun)s."),
    "cancelled_refund": msgid("Your money was refunded. Your link no longer works."),
}  # fmt: skip
"""How a registration stands, in one or two sentences below the heading."""

DECLINES = {
    "insufficient_funds": msgid("Your bank said: not enough funds."),
    "expired_card": msgid("Your bank said: the card has expired."),
    "incorrect_cvc": msgid("Your bank said: the security code is wrong."),
    "authentication": msgid("Your bank could not check that it was you."),
    "processing_error": msgid("Your bank could not process the card."),
    "other": msgid("Your bank did not say why."),
}
_BANKS_TAKE = msgid("It goes to the card you paid with. Banks take 5 to 10 days.")
MONEY_BACK = {
    "under_way": (msgid("%(amount)s is on its way back to you."), _BANKS_TAKE),
    "returned": (msgid("%(amount)s was refunded."), _BANKS_TAKE),
    "failed": (
        msgid("A refund of %(amount)s did not go through."),
        msgid("%(organization)s sees this too and has to settle it with you."),
    ),
    "none": (
        msgid("Nothing goes back to you."),
        msgid("The refund policy that you registered with gives no refund now."),
    ),
}
"""Where the money of a lost seat is, and what follows."""

REFUNDS = {
    "requested": msgid("Refund, on its way"),
    "pending": msgid("Refund, on its way"),
    "succeeded": msgid("Refunded"),
    "failed": msgid("Refund that failed"),
}
STORY = {
    "registered": msgid("You registered"),
    "held": msgid("You registered, seat held"),
    "declined": msgid("Card declined, nothing charged"),
    "paid": msgid("%(amount)s paid"),
    "confirmed": msgid("Seat confirmed"),
    "hold_ended": msgid("Time to pay ended"),
    "released": msgid("Seat given back"),
    "cancelled": msgid("Registration cancelled"),
    "refund_asked": msgid("Refund of %(amount)s requested"),
    "refunded": msgid("%(amount)s refunded"),
    "refund_failed": msgid("Refund of %(amount)s failed"),
}

JOIN_OBSTACLES = {
    "unpaid": (
        msgid("This seat is not paid yet"),
        msgid("Pay first: your registration page is in your mail."),
    ),
    "released": (
        msgid("This link has no seat"),
        msgid("The seat was not paid in time and went back on sale."),
    ),
    "cancelled": (
        msgid("This registration is cancelled"),
        msgid("So this link no longer works."),
    ),
    "event_cancelled": (
        msgid("This %(noun)s was cancelled"),
        msgid("%(organization)s cancelled it."),
    ),
    "replaced": (msgid("This link was replaced"), msgid("Use the link in your newest mail.")),
    "no_room": (
        msgid("The room is not open yet"),
        msgid("%(organization)s has not named the room. Try this link again later."),
    ),
}
"""Why a join link does not open the room, and what to do."""

PROBLEMS = {
    "not_found": (
        msgid("There is nothing here"),
        msgid("The address may be incomplete, or the link was replaced by a newer one. The link "
              "in your newest mail works."),
    ),
    "conflict": (
        msgid("That is not possible any more"),
        msgid("Something has changed since you opened the page. Go back and look again."),
    ),
    "too_many": (msgid("Too many requests"), msgid("Wait a moment and try again.")),
    "unavailable": (
        msgid("This is not possible right now"),
        msgid("Try again in a moment. Nothing was changed."),
    ),
    "fault": (
        msgid("This is a fault of ours"),
        msgid("It was noted. Try again in a moment."),
    ),
    "forbidden": (
        msgid("This was sent from another page"),
        msgid("Open the page itself and use its form there."),
    ),
    "bad_request": (
        msgid("This cannot be understood"),
        msgid("Go back to the page and use its form."),
    ),
}  # fmt: skip
"""Something else than what was asked for, and what to do."""
