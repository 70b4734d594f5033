"""The links by which an organization is connected to Stripe."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from services.registration.links import CONNECT_LIFETIME, Links
from shared.tokens import TokenSigner

SIGNER = TokenSigner.from_setting("k1:" + "x" * 32)
LINKS = Links(SIGNER, "https://tickets.example.org", "https://pay.example.org")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ORGANIZATION = UUID(int=3)


def signed(**given: Any) -> dict[str, Any]:
    url = LINKS.connect_url(uuid4(), ORGANIZATION, person="Olga", now=NOW, **given)
    ticket = parse_qs(urlsplit(url).query)["ticket"][0]
    said: dict[str, Any] = json.loads(SIGNER.verify("connect", ticket))
    return said


def test_a_link_says_who_connects_what_and_until_when() -> None:
    said = signed(way="onboarding", locale="de", organization_name="Faro Studio")

    assert (said["organization_id"], said["person"]) == (str(ORGANIZATION), "Olga")
    assert (said["way"], said["locale"]) == ("onboarding", "de")
    assert said["organization_name"] == "Faro Studio"
    assert said["expires"] == int((NOW + CONNECT_LIFETIME).timestamp())
    assert timedelta(minutes=1) < CONNECT_LIFETIME <= timedelta(minutes=10)


def test_the_way_back_is_one_of_our_own_pages() -> None:
    said = signed(return_path="/console/1/settings/payments")

    assert said["return_url"] == "https://tickets.example.org/console/1/settings/payments"
    assert "way" not in said


@pytest.mark.parametrize(
    "path",
    [
        "",
        "console",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "@evil.example/",
        ".evil.example/",
        "/a\r\nb",
        "/#frag",
    ],
)
def test_no_other_way_back_is_signed(path: str) -> None:
    with pytest.raises(ValueError, match="a path of this service"):
        signed(return_path=path)
