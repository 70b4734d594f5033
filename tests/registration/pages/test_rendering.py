import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from services.registration.pages.facts import RegistrantFacts, WebinarFacts
from services.registration.pages.join_page import join_view
from services.registration.pages.registrant_page import cancel_view, registrant_view
from services.registration.pages.rendering import Renderer, form_targets, locale_of, minutes_left
from services.registration.pages.static_files import StaticFiles
from services.registration.pages.webinar_page import Typed, webinar_view
from shared.refusals import NotFound
from tests.registration.pages.builders import (
    CANCELLED,
    CONFIRMED,
    FREE,
    LINKS,
    NOW,
    PAYMENTS_URL,
    PUBLIC_URL,
    RELEASED,
    organization,
    refund,
    registrant_facts,
    webinar,
    webinar_facts,
)

RENDERER = Renderer(public_url=PUBLIC_URL, payments_public_url=PAYMENTS_URL)
BAD_EMAIL = "Write a complete address, like name@example.com."
HOSTILE = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)>=cmd|' /C calc'!A0 {{7*7}} %(noun)s"
)
OWN_LINKS: dict[str, Any] = {
    "self_url": "/r/t",
    "cancel_url": "/r/t/cancel",
    "state_url": "/r/t/state",
    "events_url": "/r/t/events",
    "again_url": "/r/t/again",
    "nonce": "n" * 24,
    "calendar_url": "/r/t/calendar.ics",
}
FREE_SEAT = CONFIRMED | {"amount_minor": 0, "currency": None, "paid_at": None, "paid_minor": 0}


class Markup(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def request(path: str = "/w/x", **headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", path, headers=named)


def body_of(answer: web.Response) -> str:
    assert isinstance(answer.text, str)
    return answer.text


def webinar_html(facts: WebinarFacts, locale: str = "en", **shown: Any) -> str:
    given: dict[str, Any] = {"nonce": "n" * 24, "typed": Typed(), "errors": {}}
    view = webinar_view(facts, LINKS, locale, **given | shown)
    page = RENDERER.page(
        request(), "webinar.html", locale, form_url="/w/x", self_url="/w/x", **view
    )
    return body_of(page)


def own_html(facts: RegistrantFacts, locale: str = "en") -> str:
    view = registrant_view(facts, LINKS, locale)
    page = RENDERER.page(
        request(), "registrant.html", locale, is_personal=True, **OWN_LINKS, **view
    )
    return body_of(page)


def cancel_html(facts: RegistrantFacts, locale: str = "en") -> str:
    view = cancel_view(facts, LINKS, locale)
    page = RENDERER.page(request(), "cancel.html", locale, is_changed=True, **OWN_LINKS, **view)
    return body_of(page)


def join_html(facts: RegistrantFacts, locale: str = "en") -> str:
    page = RENDERER.page(
        request(), "join.html", locale, form_url="/j/t", **join_view(facts, 1, LINKS)
    )
    return body_of(page)


def problem_html(locale: str) -> str:
    shown: dict[str, Any] = {"problem": "not_found", "retry_url": "/w/x"}
    return body_of(RENDERER.page(request(), "problem.html", locale, **shown))


SITUATIONS: dict[str, Callable[[str], str]] = {
    "open": lambda locale: webinar_html(webinar_facts(), locale),
    "free": lambda locale: webinar_html(webinar_facts(**FREE), locale),
    "virtual event": lambda locale: webinar_html(webinar_facts(kind="virtual_event"), locale),
    "no limit": lambda locale: webinar_html(webinar_facts(capacity=None), locale),
    "last seat": lambda locale: webinar_html(webinar_facts(seats_taken=79), locale),
    "sold out": lambda locale: webinar_html(webinar_facts(seats_taken=80), locale),
    "sold out, a hold ends": lambda locale: webinar_html(
        webinar_facts(seats_taken=80, next_hold_ends_at=NOW), locale
    ),
    "cancelled event": lambda locale: webinar_html(webinar_facts(status="cancelled"), locale),
    "not ready": lambda locale: webinar_html(
        webinar_facts(sold_by=organization(is_ready=False)), locale
    ),
    "errors": lambda locale: webinar_html(
        webinar_facts(), locale, errors={"name": "Write your name.", "email": BAD_EMAIL}
    ),
    **{
        refusal: lambda locale, refusal=refusal: webinar_html(  # type: ignore[misc] # A default binds.
            webinar_facts(), locale, refusal=refusal
        )
        for refusal in ("sold_out", "price_changed", "too_many", "unavailable", "invalid")
    },
    "awaiting": lambda locale: own_html(registrant_facts(), locale),
    "declined": lambda locale: own_html(registrant_facts(declined_at=NOW), locale),
    "lapsed": lambda locale: own_html(registrant_facts(pay_by=NOW), locale),
    "released": lambda locale: own_html(registrant_facts(**RELEASED), locale),
    "confirmed": lambda locale: own_html(registrant_facts(**CONFIRMED), locale),
    "confirmed, no policy": lambda locale: own_html(
        registrant_facts(**CONFIRMED | {"refund_policy": None}), locale
    ),
    "confirmed, free": lambda locale: own_html(
        registrant_facts(**FREE_SEAT, event=webinar(**FREE)), locale
    ),
    **{
        f"cancelled, refund {status}": lambda locale, status=status: own_html(  # type: ignore[misc] # Same.
            registrant_facts(**CANCELLED, refunds=(refund(status),)), locale
        )
        for status in ("requested", "pending", "succeeded", "failed")
    },
    "cancelled, no refund": lambda locale: own_html(registrant_facts(**CANCELLED), locale),
    "cancel": lambda locale: cancel_html(registrant_facts(**CONFIRMED), locale),
    "cancel, free": lambda locale: cancel_html(registrant_facts(**FREE_SEAT), locale),
    "cancel, unpaid": lambda locale: cancel_html(registrant_facts(), locale),
    "join": lambda locale: join_html(registrant_facts(**CONFIRMED), locale),
    "join, cancelled": lambda locale: join_html(registrant_facts(**CANCELLED), locale),
    "problem": problem_html,
}


@pytest.mark.parametrize("locale", ["en", "es-MX", "de-AT"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_is_a_page_without_inline_code_or_foreign_addresses(
    situation: str, locale: str
) -> None:
    html = SITUATIONS[situation](locale)

    markup = Markup(html)
    assert f'<html lang="{locale[:2]}">' in html
    assert [tag for tag, _ in markup.tags].count("h1") == 1
    for tag, attributes in markup.tags:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        if tag in ("script", "link", "img"):
            address = attributes.get("src") or attributes.get("href") or ""
            assert address.startswith(("/static/", "https://tickets.example/w/"))
        if tag == "button":
            assert attributes["type"] == "submit"
    ids = [attributes["id"] for _, attributes in markup.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "Undefined" not in html
    assert "None" not in markup.text


@pytest.mark.parametrize("locale", ["en", "es", "de"])
def test_hostile_words_stay_words_on_every_page(locale: str) -> None:
    event = webinar(title=HOSTILE)
    seller = organization(name=HOSTILE, reply_to="a'\"><b>@x.example")
    shared: dict[str, Any] = {"name": HOSTILE, "event": event, "sold_by": seller}
    pages = [
        webinar_html(
            webinar_facts(title=HOSTILE, sold_by=seller, description=HOSTILE),
            locale,
            typed=Typed(HOSTILE, HOSTILE),
            errors={"name": "Write your name."},
        ),
        own_html(registrant_facts(**CONFIRMED, **shared), locale),
        own_html(registrant_facts(**CANCELLED, **shared), locale),
        cancel_html(registrant_facts(**CONFIRMED | {"refund_policy": None}, **shared), locale),
        join_html(registrant_facts(**CONFIRMED, **shared), locale),
    ]

    for html in pages:
        markup = Markup(html)
        assert "alert(1)" in markup.text
        assert "{{7*7}} %(noun)s" in markup.text
        assert "img" not in {tag for tag, _ in markup.tags}
        for tag, attributes in markup.tags:
            assert not [name for name in attributes if name.startswith("on")]
            assert tag != "script" or str(attributes["src"]).startswith("/static/")


def test_words_that_no_catalogue_holds_are_never_markup() -> None:
    html = webinar_html(webinar_facts(), errors={"name": "<b>Yours</b>"})

    assert "<b>Yours</b>" not in html
    assert "<b>Yours</b>" in Markup(html).text
    assert '<a href="#refunds">' in html


def test_a_name_that_turns_its_direction_cannot_turn_the_rest_of_the_page() -> None:
    html = own_html(registrant_facts(**CONFIRMED | {"name": "Ana \N{RIGHT-TO-LEFT OVERRIDE}x"}))

    assert html.count("\N{RIGHT-TO-LEFT OVERRIDE}") == html.count(
        "<bdi>Ana \N{RIGHT-TO-LEFT OVERRIDE}x</bdi>"
    )


def test_the_public_page_carries_all_that_a_buyer_wants_to_know() -> None:
    html = webinar_html(webinar_facts())

    text = Markup(html).text
    for fact in (
        "€49.00 EUR", "Thursday 12 November 2026", "18:00–19:30 in Madrid (CET)",
        "22 of 80 seats left", "Full refund until 10 Nov, 18:00", "€24.50 back (50%)",
        "Stripe is the only payment service", "We hold your seat for 15 minutes",
        "Visa, Mastercard, American Express, Discover", "You leave with",
        "If you cancel, you get back 100% until 48 hours before the start",
    ):  # fmt: skip
        assert fact in text, fact
    assert "TEST MODE" not in text


def test_a_spanish_reader_gets_spanish_money_and_dates() -> None:
    text = Markup(webinar_html(webinar_facts(), "es")).text

    for fact in ("49,00 € EUR", "Jueves, 12 de noviembre de 2026", "18:00–19:30 en Madrid (CET)",
                 "Quedan 22 de 80 plazas", "Inscribirme y pagar 49,00 €"):  # fmt: skip
        assert fact in text, fact


def test_a_german_reader_gets_german_money_and_dates() -> None:
    text = Markup(webinar_html(webinar_facts(), "de")).text

    for fact in ("49,00 € EUR", "Donnerstag, 12. November 2026", "18:00–19:30 Uhr in Madrid (MEZ)",
                 "Noch 22 von 80 Plätzen frei", "Zahlungspflichtig anmelden, 49,00 €",
                 "bekommst du bis 48 Stunden vor Beginn 100 %"):  # fmt: skip
        assert fact in text.replace("\N{NO-BREAK SPACE}", " "), fact


def test_each_page_leads_to_itself_in_the_other_languages() -> None:
    html = webinar_html(webinar_facts(), "es-MX")

    links = [attributes for tag, attributes in Markup(html).tags if tag == "a"]
    offered = {link["hreflang"]: link["href"] for link in links if "hreflang" in link}
    assert offered == {"en": "/w/x?locale=en", "de": "/w/x?locale=de"}


def test_refused_fields_come_back_with_what_was_typed_and_marked() -> None:
    html = webinar_html(
        webinar_facts(), typed=Typed("Lucía", "lucia@"), errors={"email": BAD_EMAIL}
    )

    fields = {str(attributes.get("name")): attributes for _, attributes in Markup(html).tags}
    assert fields["name"]["value"] == "Lucía"
    assert "aria-invalid" not in fields["name"]
    assert fields["email"]["value"] == "lucia@"
    assert fields["email"]["aria-invalid"] == "true"
    assert fields["email"]["aria-describedby"] == "email-error email-hint"
    assert 'role="alert"' in html
    assert 'href="#email"' in html


def test_a_waiting_page_watches_counts_down_and_works_without_script() -> None:
    html = own_html(registrant_facts())

    assert 'data-watch="/r/t/state"' in html
    assert 'data-countdown="2026-11-05T09:14:20+00:00"' in html
    assert "15 minutes left." in Markup(html).text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html
    assert "refresh" not in own_html(registrant_facts(**CONFIRMED))


def test_test_mode_is_said_on_pages_that_speak_of_money() -> None:
    rehearsal = organization(is_live=False)

    assert "No card is charged." in webinar_html(webinar_facts(sold_by=rehearsal))
    assert "No card is charged." in own_html(registrant_facts(sold_by=rehearsal))
    assert "No card is charged." not in webinar_html(webinar_facts(sold_by=rehearsal, **FREE))


def test_a_public_page_has_strict_headers() -> None:
    view = webinar_view(webinar_facts(), LINKS, "en", nonce="n", typed=Typed(), errors={})
    headers = RENDERER.page(
        request(), "webinar.html", "en", form_url="/w/x", self_url="/w/x", **view
    ).headers

    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["form-action"] == "'self' https://pay.tickets.example https://checkout.stripe.com"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Vary"] == "Accept-Language"


def test_a_personal_page_is_stored_nowhere_and_names_no_referrer() -> None:
    view = registrant_view(registrant_facts(), LINKS, "en")
    headers = RENDERER.page(
        request(), "registrant.html", "en", is_personal=True, **OWN_LINKS, **view
    ).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_on_ones_own_machine_forms_may_lead_to_the_sandbox_on_another_port() -> None:
    local = form_targets("http://127.0.0.1:8080", "http://127.0.0.1:8081")
    custom = form_targets(PUBLIC_URL, PAYMENTS_URL, ["https://checkout.faro.example"])

    assert "http://127.0.0.1:*" in local
    assert "127.0.0.1" not in custom
    assert custom.endswith("https://checkout.faro.example")


def test_the_address_decides_the_language_then_the_registration_then_the_browser() -> None:
    spanish = {"Accept_Language": "es"}

    assert locale_of(request("/r/t?locale=en", **spanish), "es") == "en"
    assert locale_of(request("/r/t", **spanish), "en") == "en"
    assert locale_of(request("/r/t?locale=xx", **spanish), "fr") == "es"
    assert locale_of(request("/r/t?locale=xx", **spanish), "de-AT") == "de-AT"


def test_begun_minutes_count_and_none_are_left_afterwards() -> None:
    facts = registrant_facts()

    assert facts.registrant.pay_by is not None
    assert minutes_left(facts.registrant.pay_by, NOW) == 15
    assert minutes_left(NOW, NOW) == 0
    assert minutes_left(NOW, facts.registrant.pay_by) == 0


async def test_static_files_are_named_by_their_content_and_kept_for_ever() -> None:
    files = StaticFiles()
    url = files.url("taquilla.css")

    answer = await files.send(
        make_mocked_request("GET", url, match_info={"name": url.rpartition("/")[2]})
    )

    assert re.fullmatch(r"/static/taquilla\.[0-9a-f]{12}\.css", url)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/css"
    assert b"--accent" in bytes(answer.body or b"")  # type: ignore[arg-type] # Bytes here.
    with pytest.raises(NotFound):
        await files.send(make_mocked_request("GET", "/", match_info={"name": "../settings.py"}))
