"""All SQL of the service. Every deadline is the database's clock."""

from services.notifications.store.bouncing import (
    Bounced,
    note_bounce,
)
from services.notifications.store.mails import (
    NOT_ARRIVED,
    Earlier,
    Kind,
    Written,
    find_mail,
    find_told_of_seat,
    hold_mail,
    queue_account_mail,
    queue_mail,
    take_waiting,
    withdraw,
    withdraw_others,
)
from services.notifications.store.registrants import (
    Known,
    Noted,
    lock_registrant,
    mark_all_back,
    mark_waiting,
    note_registrant,
)
from services.notifications.store.sending import (
    Due,
    Outcome,
    Settled,
    claim_due,
    keep_claims,
    settle,
    withdraw_late,
)
from services.notifications.store.upkeep import (
    count_unsettled,
    forget_contents,
    prune,
)

__all__ = [
    "NOT_ARRIVED",
    "Bounced",
    "Due",
    "Earlier",
    "Kind",
    "Known",
    "Noted",
    "Outcome",
    "Settled",
    "Written",
    "claim_due",
    "count_unsettled",
    "find_mail",
    "find_told_of_seat",
    "forget_contents",
    "hold_mail",
    "keep_claims",
    "lock_registrant",
    "mark_all_back",
    "mark_waiting",
    "note_bounce",
    "note_registrant",
    "prune",
    "queue_account_mail",
    "queue_mail",
    "settle",
    "take_waiting",
    "withdraw",
    "withdraw_late",
    "withdraw_others",
]
