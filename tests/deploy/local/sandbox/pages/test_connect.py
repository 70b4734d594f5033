"""The consent page of OAuth."""

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
