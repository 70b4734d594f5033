"""Cards as payment methods."""

import pytest

from tests.deploy.local.sandbox.bench import ANNA, Bench, refused


@pytest.mark.parametrize(
    ("token", "brand", "funding", "last4"),
    [
        ("tok_visa", "visa", "credit", "4242"),
        ("tok_visa_debit", "visa", "debit", "5556"),
        ("tok_mastercard_prepaid", "mastercard", "prepaid", "5100"),
        ("tok_amex", "amex", "credit", "0005"),
        ("tok_discover", "discover", "credit", "1117"),
        ("tok_jcb", "jcb", "credit", "0505"),
        ("tok_unionpay", "unionpay", "credit", "0005"),
        ("tok_diners", "diners", "credit", "0004"),
    ],
)
async def test_a_token_is_a_card(
    bench: Bench, token: str, brand: str, funding: str, last4: str
) -> None:
    method = await bench.client.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": token}}
    )

    assert method.card is not None
    assert (method.card.brand, method.card.funding, method.card.last4) == (brand, funding, last4)


async def test_a_number_is_a_card_with_its_owner(bench: Bench) -> None:
    methods = bench.client.v1.payment_methods
    method = await methods.create_async(
        {
            "type": "card",
            "card": {"number": "4242 4242 4242 4242", "exp_month": 3, "exp_year": 2031},
            "billing_details": {"name": "Ana Ruiz", "email": "ana@example.com"},
        }
    )

    again = await methods.retrieve_async(method.id)

    assert again.card is not None
    assert (again.card.exp_month, again.card.exp_year) == (3, 2031)
    assert again.billing_details.name == "Ana Ruiz"


async def test_the_same_number_has_the_same_fingerprint(bench: Bench) -> None:
    methods = bench.client.v1.payment_methods
    first, second = [
        await methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
        for _ in range(2)
    ]

    assert first.id != second.id
    assert first.card is not None
    assert second.card is not None
    assert first.card.fingerprint == second.card.fingerprint


async def test_a_wrong_number_is_a_card_error(bench: Bench) -> None:
    error = await refused(
        bench.client.v1.payment_methods.create_async(
            {"type": "card", "card": {"number": "4242424242424241", "exp_month": 1,
                                      "exp_year": 2031}}
        )
    )  # fmt: skip

    assert (error.http_status, error.code) == (402, "incorrect_number")


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"type": "card"},
        {"type": "card", "card": {}},
        {"type": "card", "card": {"token": "tok_none"}},
    ],
)
async def test_a_method_without_a_card_is_refused(bench: Bench, params: dict[str, object]) -> None:
    error = await refused(bench.client.raw_request_async("post", "/v1/payment_methods", **params))

    assert error.http_status == 400


async def test_a_method_belongs_to_one_account(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")
    method = await bench.client.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": "tok_visa"}}, {"stripe_account": ANNA}
    )

    error = await refused(bench.client.v1.payment_methods.retrieve_async(method.id))

    assert error.user_message == f"No such PaymentMethod: '{method.id}'"


async def test_a_methods_metadata_can_be_changed(bench: Bench) -> None:
    methods = bench.client.v1.payment_methods
    method = await methods.create_async({"type": "card", "card": {"token": "tok_visa"}})

    changed = await methods.update_async(method.id, {"metadata": {"a": "1"}})

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"a": "1"}
