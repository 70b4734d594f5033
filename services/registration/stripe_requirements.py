"""What Stripe still wants of an organization, in sentences for its admins. No I/O here.

Stripe and payments tell codes, such as `individual.verification.document`; the English phrases
are message keys that the pages translate.
"""

import re
from collections.abc import Iterable
from typing import Final

from services.registration.catalogues import msgid

OTHER: Final = msgid("further details")

# The first that matches names it.
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"^application$", msgid("the application at Stripe, which is not finished")),
    (r"^account\.unread$", msgid("Stripe’s first answer about this account")),
    (r"^connection\.live$", msgid("a new connection in live mode: connect the account again")),
    (r"^connection\.test$", msgid("a new connection in test mode: connect the account again")),
    (r"^card_payments\.pending$", msgid("card payments, which Stripe is still checking")),
    (r"^card_payments\.", msgid("card payments, which are not switched on for this account")),
    (
        r"^disabled\.requirements\.past_due$",
        msgid("details that Stripe asked for, which are overdue"),
    ),
    (
        r"^disabled\.requirements\.pending_verification$",
        msgid("Stripe’s check of the details, which is under way"),
    ),
    (
        r"^disabled\.(under_review|listed)$",
        msgid("Stripe’s review of the account, which is under way"),
    ),
    (r"^disabled\.platform_paused$", msgid("the end of a pause that was set at Stripe")),
    (r"^disabled\.rejected", msgid("an account that Stripe accepts: it has rejected this one")),
    (r"^disabled\.", msgid("Stripe’s leave to take payments")),
    (r"^external_account", msgid("a bank account for payouts")),
    (r"^tos_acceptance", msgid("agreement to Stripe’s terms")),
    (r"^business_profile\.url$", msgid("the address of your website")),
    (r"^business_profile\.mcc$", msgid("what line of business you are in")),
    (r"^business_profile\.support_", msgid("how customers reach you")),
    (r"^business_profile", msgid("a description of what you sell")),
    (r"^business_type", msgid("whether you are a person, a company or an association")),
    (r"^settings\.payments\.statement_descriptor", msgid("the name on your customers’ statements")),
    (r"^company\.verification\.", msgid("a document that proves the company")),
    (r"^company\.tax_id", msgid("the company’s tax number")),
    (r"^company\.(registration_number|vat_id)", msgid("the company’s registration number")),
    (r"^company\.address", msgid("the company’s address")),
    (r"^company\.name", msgid("the company’s name")),
    (r"^company\.phone", msgid("the company’s phone number")),
    (
        r"^company\.(owners|directors|executives)_provided",
        msgid("who owns and who runs the company"),
    ),
    (r"^(owners|directors|executives)\.", msgid("who owns and who runs the company")),
    (r"^company\.", msgid("details of the company")),
    (
        r"\.verification\.additional_document",
        msgid("a photo of a document that shows your address"),
    ),
    (r"\.verification\.document", msgid("a photo of your identity document")),
    (r"\.(first_name|last_name)$", msgid("the name of the person responsible")),
    (r"\.dob\.", msgid("the date of birth of the person responsible")),
    (r"\.address\.", msgid("the address of the person responsible")),
    (r"\.(email|phone)$", msgid("how to reach the person responsible")),
    (r"\.(id_number|ssn_last_4)$", msgid("the identity number of the person responsible")),
    (r"\.relationship\.", msgid("the role of the person responsible")),
    (r"^(individual|representative|person_\w+)\.", msgid("details of the person responsible")),
)
_COMPILED = tuple((re.compile(pattern), phrase) for pattern, phrase in _PHRASES)


def requirement(code: str) -> str:
    """The message key for one code; what is not known is further details."""
    return next((phrase for pattern, phrase in _COMPILED if pattern.search(code)), OTHER)


def requirements(codes: Iterable[str]) -> list[str]:
    """Message keys for codes, each once, in Stripe's order."""
    return list(dict.fromkeys(requirement(code) for code in codes))
