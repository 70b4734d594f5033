from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from services.registration.applications import RegistrationForm
from services.registration.pages.forms import (
    SentFromElsewhere,
    new_nonce,
    refuse_foreign_forms,
    sent_form,
    shown_again,
)

NONCE = "n" * 24
FIELDS = {
    "name": "  Ana Ruiz ",
    "email": "ana@correo.example",
    "nonce": NONCE,
    "locale": "es-MX",
    "expected_price_minor": "4900",
    "expected_currency": "EUR",
}
BAD_NAME = "Write your name in one line, without special characters."
BAD_EMAIL = "Write a complete address, like name@example.com."


def posted(**headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("POST", "/w/x", headers={"Host": "tickets.example", **named})


def test_a_form_is_read_as_every_door_reads_it() -> None:
    form = sent_form(FIELDS).read()

    assert form == RegistrationForm(
        name="Ana Ruiz",
        email="ana@correo.example",
        locale="es-MX",
        expected_price_minor=4900,
        expected_currency="EUR",
    )


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"name": ""}, {"name": "Write your name."}),
        ({"name": " \t "}, {"name": "Write your name."}),
        ({"name": "x" * 201}, {"name": "Write a name of at most 200 characters."}),
        ({"name": "Ana\r\nBcc: all@x.example"}, {"name": BAD_NAME}),
        ({"name": "Ana\0"}, {"name": BAD_NAME}),
        ({"name": "Ana \N{RIGHT-TO-LEFT OVERRIDE}ziuR"}, {"name": BAD_NAME}),
        ({"email": ""}, {"email": "Write your e-mail address."}),
        ({"email": "ana@"}, {"email": BAD_EMAIL}),
        ({"email": "ana@localhost"}, {"email": BAD_EMAIL}),
        ({"email": "ana@x.example\r\nBcc: all@x.example"}, {"email": BAD_EMAIL}),
        ({"email": "a" * 500 + "@x.example"}, {"email": BAD_EMAIL}),
        ({"name": "", "email": "no"}, {"name": "Write your name.", "email": BAD_EMAIL}),
    ],
)
def test_what_cannot_be_used_is_named_field_by_field(
    typed: dict[str, str], errors: dict[str, str]
) -> None:
    assert sent_form(FIELDS | typed).read() == errors


@pytest.mark.parametrize(
    "hidden",
    [
        {"nonce": ""},
        {"nonce": "x" * 5000},
        {"nonce": "ñ" * 30},
        {"locale": "<script>"},
        {"expected_price_minor": "-1"},
        {"expected_price_minor": "٤٩"},
        {"expected_price_minor": "9" * 5000},
        {"expected_currency": "euro"},
    ],
)
def test_hidden_fields_that_we_did_not_write_count_as_left_out(hidden: dict[str, str]) -> None:
    form = sent_form(FIELDS | hidden)

    assert isinstance(form.read(), RegistrationForm)
    assert 16 <= len(form.nonce) <= 100


def test_a_double_click_has_one_key_and_every_change_another() -> None:
    webinar_id = uuid4()
    key = sent_form(FIELDS).idempotency_key(webinar_id)

    assert sent_form(dict(FIELDS)).idempotency_key(webinar_id) == key
    assert 20 <= len(key) <= 255
    for change in ({"name": "Ana"}, {"email": "b@x.example"}, {"nonce": "m" * 24},
                   {"expected_price_minor": "5900"}):  # fmt: skip
        assert sent_form(FIELDS | change).idempotency_key(webinar_id) != key
    assert sent_form(FIELDS).idempotency_key(uuid4()) != key


def test_each_showing_of_the_form_has_a_nonce_of_its_own() -> None:
    assert new_nonce() != new_nonce()
    assert sent_form({"nonce": new_nonce()}).nonce != sent_form({"nonce": new_nonce()}).nonce


def test_what_is_shown_again_holds_no_invisible_characters_and_an_end() -> None:
    again = shown_again(sent_form({"name": "A\0n\u202ea\n", "email": "x" * 5000}).typed)

    assert again.name == "Ana"
    assert len(again.email) == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": "https://tickets.example"},
        {"Origin": "https://evil.example"},
    ],
)
def test_a_form_on_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(SentFromElsewhere):
        refuse_foreign_forms(posted(**headers), "https://tickets.example")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "null"},
        {"Origin": "null"},
        {"Origin": "https://tickets.example"},
    ],
)
def test_our_own_form_and_programs_are_taken(headers: dict[str, str]) -> None:
    refuse_foreign_forms(posted(**headers), "https://tickets.example")
