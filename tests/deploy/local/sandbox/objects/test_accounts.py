"""Accounts: what the platform sees of its own and of connected ones."""

from typing import Any

import pytest
import stripe

from tests.deploy.local.sandbox.bench import ANNA, Bench, code_of, refused

NEW = "acct_sandbox_new"


async def test_the_platforms_account_is_ready(bench: Bench) -> None:
    account = await bench.client.v1.accounts.retrieve_current_async()

    assert (account.charges_enabled, account.details_submitted) == (True, True)
    assert account.capabilities is not None
    assert account.capabilities.card_payments == "active"
    assert (account.default_currency, account.country) == ("eur", "DE")


async def test_a_connected_account_is_seen_and_an_unconnected_one_is_not(bench: Bench) -> None:
    accounts = bench.client.v1.accounts
    error = await refused(accounts.retrieve_async(ANNA))
    await bench.control(f"accounts/{ANNA}/connect")

    account = await accounts.retrieve_async(ANNA)

    assert code_of(error) == "account_invalid"
    assert account.settings is not None
    assert account.settings.dashboard.display_name == "Anna Talks"
    own = await accounts.retrieve_current_async(options={"stripe_account": ANNA})
    assert own.id == ANNA


async def test_an_account_without_details_says_what_is_missing(bench: Bench) -> None:
    await bench.control(f"accounts/{NEW}/connect")

    account = await bench.client.v1.accounts.retrieve_async(NEW)

    assert (account.charges_enabled, account.details_submitted) == (False, False)
    assert account.capabilities is not None
    assert account.capabilities.card_payments == "inactive"
    assert account.requirements is not None
    assert account.requirements.currently_due


@pytest.mark.parametrize(
    ("toggle", "changed"),
    [
        ({"charges_enabled": False}, {"charges_enabled": True}),
        ({"card_payments": "pending"}, {"capabilities"}),
        ({"details_submitted": False}, {"details_submitted": True}),
        ({"ready": False}, {"charges_enabled", "details_submitted"}),
    ],
)
async def test_a_toggle_is_told_to_the_platform(
    bench: Bench, toggle: dict[str, Any], changed: Any
) -> None:
    await bench.listen("account.updated", connect=True)
    await bench.control(f"accounts/{ANNA}/connect")

    await bench.control(f"accounts/{ANNA}", toggle)

    event = await bench.listener.wait_for("account.updated")
    assert event["account"] == ANNA
    assert set(changed) <= set(event["data"]["previous_attributes"])
    assert event["data"]["object"]["id"] == ANNA


async def test_onboarding_makes_an_account_that_completes_itself_on_a_page(bench: Bench) -> None:
    await bench.listen("account.updated", connect=True)
    accounts = bench.client.v1.accounts
    account = await accounts.create_async(
        {
            "country": "ES",
            "email": "bea@example.com",
            "controller": {
                "fees": {"payer": "account"},
                "losses": {"payments": "stripe"},
                "stripe_dashboard": {"type": "full"},
            },
        }
    )
    assert account.charges_enabled is False
    link = await bench.client.v1.account_links.create_async(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "http://127.0.0.1:9/back",
            "refresh_url": "http://127.0.0.1:9/again",
        }
    )

    async with bench.http.get(link.url) as response:
        assert "Complete the account" in await response.text()
    async with bench.http.post(
        link.url, data={"answer": "complete"}, allow_redirects=False
    ) as response:
        assert (response.status, response.headers["Location"]) == (303, "http://127.0.0.1:9/back")

    assert (await accounts.retrieve_async(account.id)).charges_enabled
    await bench.listener.wait_for("account.updated")
    async with bench.http.get(link.url, allow_redirects=False) as response:
        assert response.headers["Location"] == "http://127.0.0.1:9/again"


async def test_onboarding_may_be_left_for_later(bench: Bench) -> None:
    account = await bench.client.v1.accounts.create_async({})
    link = await bench.client.v1.account_links.create_async(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "http://127.0.0.1:9/back",
            "refresh_url": "http://127.0.0.1:9/again",
        }
    )

    async with bench.http.post(
        link.url, data={"answer": "later"}, allow_redirects=False
    ) as response:
        assert response.headers["Location"] == "http://127.0.0.1:9/back"

    after = await bench.client.v1.accounts.retrieve_async(account.id)
    assert after.details_submitted is False


async def test_an_old_link_leads_to_a_fresh_one(bench: Bench) -> None:
    account = await bench.client.v1.accounts.create_async({})
    link = await bench.client.v1.account_links.create_async(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "http://127.0.0.1:9/back",
            "refresh_url": "http://127.0.0.1:9/again",
        }
    )
    await bench.control("clock", {"advance": 301})

    async with bench.http.post(
        link.url, data={"answer": "complete"}, allow_redirects=False
    ) as response:
        assert response.headers["Location"] == "http://127.0.0.1:9/again"


async def test_connected_accounts_are_listed(bench: Bench) -> None:
    await bench.control(f"accounts/{ANNA}/connect")

    listed = await bench.client.v1.accounts.list_async()

    assert [one.id for one in listed.data] == [ANNA]


async def test_a_link_needs_a_known_account(bench: Bench) -> None:
    error = await refused(
        bench.client.v1.account_links.create_async(
            {
                "account": "acct_none",
                "type": "account_onboarding",
                "return_url": "http://127.0.0.1:9/back",
                "refresh_url": "http://127.0.0.1:9/again",
            }
        )
    )

    assert isinstance(error, stripe.PermissionError)
