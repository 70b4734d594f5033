"""What Stripe still wants, in sentences."""

import pytest

from services.registration.stripe_requirements import requirement, requirements


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        ("individual.verification.document", "a photo of your identity document"),
        (
            "person_1J2k.verification.additional_document",
            "a photo of a document that shows your address",
        ),
        ("company.verification.document", "a document that proves the company"),
        ("external_account", "a bank account for payouts"),
        ("tos_acceptance.date", "agreement to Stripe’s terms"),
        ("representative.first_name", "the name of the person responsible"),
        ("representative.address.postal_code", "the address of the person responsible"),
        ("company.address.city", "the company’s address"),
        ("individual.political_exposure", "details of the person responsible"),
        ("application", "the application at Stripe, which is not finished"),
        (
            "disabled.rejected.fraud",
            "an account that Stripe accepts: it has rejected this one",
        ),
        ("disabled.something_new", "Stripe’s leave to take payments"),
        ("interview_with_the_owner", "further details"),
    ],
)
def test_each_code_is_a_sentence(code: str, phrase: str) -> None:
    assert requirement(code) == phrase


def test_what_several_codes_ask_for_is_said_once_in_stripes_order() -> None:
    codes = ["tos_acceptance.ip", "tos_acceptance.date", "external_account"]

    assert requirements(codes) == ["agreement to Stripe’s terms", "a bank account for payouts"]
