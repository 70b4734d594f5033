"""The consent page of OAuth, and the form on which an account is filled in."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.deploy.local.sandbox.bench import Bench

BACK = "http://localhost:8081/stripe/connected"


async def _ask(bench: Bench, **changes: str) -> tuple[int, str]:
    asked = {
        "response_type": "code",
        "client_id": "ca_sandbox",
        "scope": "read_write",
        "state": "s t&te",
        "redirect_uri": BACK,
        **changes,
    }
    async with bench.http.get(f"{bench.url}/oauth/authorize", params=asked) as response:
        return response.status, await response.text()


async def _decide(bench: Bench, **changes: str) -> tuple[int, str]:
    form = {
        "client_id": "ca_sandbox",
        "state": "s t&te",
        "redirect_uri": BACK,
        "account": "acct_sandbox_anna",
        "answer": "approve",
        **changes,
    }
    async with bench.http.post(
        f"{bench.url}/oauth/authorize", data=form, allow_redirects=False
    ) as response:
        return response.status, response.headers.get("Location", "")


async def test_the_sdks_own_address_leads_to_the_page(bench: Bench) -> None:
    address = bench.client.oauth.authorize_url({"scope": "read_write", "redirect_uri": BACK})

    async with bench.http.get(address) as response:
        assert response.status == 200


async def test_the_page_offers_both_accounts_and_says_which_is_ready(bench: Bench) -> None:
    status, text = await _ask(bench)

    assert status == 200
    assert "Anna Talks" in text
    assert "New Webinars" in text
    assert "details missing" in text
    assert "Sandbox Events asks for access" in text
    assert "acct_sandbox_platform" not in text


async def test_agreeing_sends_back_a_code_and_the_state(bench: Bench) -> None:
    status, location = await _decide(bench)

    back = parse_qs(urlsplit(location).query)
    assert status == 303
    assert location.startswith(BACK)
    assert back["state"] == ["s t&te"]
    assert back["scope"] == ["read_write"]
    assert back["code"][0].startswith("ac_")


async def test_denying_sends_back_that_it_was_denied(bench: Bench) -> None:
    _, location = await _decide(bench, answer="deny")

    back = parse_qs(urlsplit(location).query)
    assert back["error"] == ["access_denied"]
    assert back["error_description"] == ["The user denied your request"]
    assert back["state"] == ["s t&te"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": "ca_other"}, "No application matches"),
        ({"redirect_uri": "https://evil.example/"}, "Invalid redirect URI"),
        ({"redirect_uri": "javascript:alert(1)"}, "Invalid redirect URI"),
        ({"response_type": "token"}, "response_type must be code"),
        ({"scope": "read_only"}, "scope must be read_write"),
    ],
)
async def test_a_wrong_request_is_refused_on_the_page(
    bench: Bench, changes: dict[str, str], message: str
) -> None:
    status, text = await _ask(bench, **changes)

    assert status == 400
    assert message in text


async def test_a_decision_is_held_to_the_same_rules(bench: Bench) -> None:
    assert (await _decide(bench, redirect_uri="https://evil.example/"))[0] == 400
    assert (await _decide(bench, account="acct_none"))[0] == 400
    assert (await _decide(bench, account="acct_sandbox_platform"))[0] == 400


async def test_a_registered_address_is_allowed_and_used_by_itself(bench: Bench) -> None:
    await bench.control("settings", {"redirect_uris": ["https://box.example/connected"]})

    _, location = await _decide(bench, redirect_uri="https://box.example/connected")
    _, by_default = await _decide(bench, redirect_uri="")

    assert location.startswith("https://box.example/connected?")
    assert by_default.startswith("https://box.example/connected?")


async def test_without_any_address_nobody_is_sent_anywhere(bench: Bench) -> None:
    status, text = await _ask(bench, redirect_uri="")

    assert status == 400
    assert "No redirect URI" in text


TYPED = {
    "name": "Faro Studio",
    "url": "https://faro.example",
    "person": "Inés Faro",
    "iban": "DE89370400440532013000",
    "agrees": "yes",
}


async def _onboarding(bench: Bench) -> tuple[str, str]:
    """A new account, and the address of the page on which it is filled in."""
    account = await bench.client.v1.accounts.create_async({"type": "standard"})
    link = await bench.client.v1.account_links.create_async(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": BACK,
            "refresh_url": BACK,
        }
    )
    return account.id, link.url


async def _fill_in(bench: Bench, form: str, /, **typed: str) -> tuple[int, str]:
    async with bench.http.post(form, data=typed, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location") or await answer.text()


async def test_a_form_that_is_filled_in_makes_an_account_ready(bench: Bench) -> None:
    account_id, url = await _onboarding(bench)
    async with bench.http.get(url) as shown:
        assert "Business name" in await shown.text()

    status, location = await _fill_in(bench, url, answer="complete", **TYPED)

    account = await bench.client.v1.accounts.retrieve_async(account_id)
    assert (status, location) == (303, BACK)
    assert account.charges_enabled
    assert account.details_submitted
    assert account.business_profile is not None
    assert account.business_profile.name == "Faro Studio"
    assert account.settings is not None
    assert account.settings.payments is not None
    assert account.settings.payments.statement_descriptor == "FARO STUDIO"


async def test_what_is_left_empty_is_marked_and_what_was_typed_stays(bench: Bench) -> None:
    account_id, url = await _onboarding(bench)

    status, text = await _fill_in(
        bench, url, answer="complete", **TYPED | {"iban": "", "agrees": ""}
    )

    account = await bench.client.v1.accounts.retrieve_async(account_id)
    assert status == 422
    assert 'value="Faro Studio"' in text
    assert text.count('aria-invalid="true"') == 2
    assert not account.details_submitted


async def test_a_form_that_is_left_keeps_what_was_given(bench: Bench) -> None:
    account_id, url = await _onboarding(bench)

    status, location = await _fill_in(
        bench, url, answer="later", **TYPED | {"iban": "", "agrees": ""}
    )

    account = await bench.client.v1.accounts.retrieve_async(account_id)
    assert (status, location) == (303, BACK)
    assert not account.details_submitted
    assert not account.charges_enabled
    assert account.requirements is not None
    assert account.requirements.currently_due == ["external_account", "tos_acceptance.date"]


async def test_a_document_may_be_asked_for_after_everything_else(bench: Bench) -> None:
    account_id, url = await _onboarding(bench)
    await _fill_in(bench, url, answer="document", **TYPED)

    account = await bench.client.v1.accounts.retrieve_async(account_id)
    assert account.details_submitted
    assert not account.charges_enabled
    assert account.requirements is not None
    assert account.requirements.currently_due == ["representative.verification.document"]
    link = await bench.client.v1.account_links.create_async(
        {
            "account": account_id,
            "type": "account_onboarding",
            "return_url": BACK,
            "refresh_url": BACK,
        }
    )
    async with bench.http.get(link.url) as shown:
        assert "identity document" in await shown.text()
    await _fill_in(bench, link.url, answer="complete")
    assert (await bench.client.v1.accounts.retrieve_async(account_id)).charges_enabled
