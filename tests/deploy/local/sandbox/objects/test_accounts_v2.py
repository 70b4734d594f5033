"""Accounts of the second version."""

import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, code_of, refused


async def _create(bench: Bench) -> stripe.v2.core.Account:
    return await bench.client.v2.core.accounts.create_async(
        {
            "display_name": "Bea Talks",
            "contact_email": "bea@example.com",
            "dashboard": "full",
            "identity": {"country": "es"},
            "configuration": {"merchant": {"capabilities": {"card_payments": {"requested": True}}}},
            "defaults": {
                "currency": "eur",
                "responsibilities": {"fees_collector": "stripe", "losses_collector": "stripe"},
            },
            "include": ["configuration.merchant", "defaults", "identity", "requirements"],
        }
    )


def _card_payments(account: stripe.v2.core.Account) -> str:
    assert account.configuration is not None
    assert account.configuration.merchant is not None
    assert account.configuration.merchant.capabilities is not None
    assert account.configuration.merchant.capabilities.card_payments is not None
    return account.configuration.merchant.capabilities.card_payments.status


async def test_a_new_account_is_restricted_until_its_details_are_given(bench: Bench) -> None:
    account = await _create(bench)
    assert _card_payments(account) == "restricted"
    assert account.requirements is not None
    assert account.requirements.entries
    link = await bench.client.v2.core.account_links.create_async(
        {
            "account": account.id,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {
                    "refresh_url": "http://127.0.0.1:9/again",
                    "return_url": "http://127.0.0.1:9/back",
                },
            },
        }
    )

    async with bench.http.post(
        link.url, data={"answer": "complete"}, allow_redirects=False
    ) as response:
        assert response.headers["Location"] == "http://127.0.0.1:9/back"

    after = await bench.client.v2.core.accounts.retrieve_async(
        account.id, {"include": ["configuration.merchant"]}
    )
    assert _card_payments(after) == "active"
    paid = await bench.paid(options={"stripe_account": account.id})
    assert paid.startswith("ch_")


async def test_what_is_not_included_is_null(bench: Bench) -> None:
    account = await _create(bench)

    plain = await bench.client.v2.core.accounts.retrieve_async(account.id)

    assert (plain.configuration, plain.identity, plain.requirements) == (None, None, None)
    assert plain.display_name == "Bea Talks"


async def test_a_closed_account_is_gone_for_the_platform(bench: Bench) -> None:
    await bench.listen("account.application.deauthorized", connect=True)
    account = await _create(bench)

    closed = await bench.client.v2.core.accounts.close_async(account.id)

    assert closed.closed
    error = await refused(bench.client.v2.core.accounts.retrieve_async(account.id))
    assert error.http_status == 404
    assert code_of(await refused(bench.session({"stripe_account": account.id}))) == (
        "account_invalid"
    )
    await bench.listener.wait_for("account.application.deauthorized")


async def test_an_account_that_is_not_ours_is_not_found(bench: Bench) -> None:
    error = await refused(bench.client.v2.core.accounts.retrieve_async(ANNA))

    assert error.http_status == 404


async def test_the_platform_cannot_close_itself(bench: Bench) -> None:
    error = await refused(bench.client.v2.core.accounts.close_async("acct_sandbox_platform"))

    assert error.http_status == 400
