"""From a template and facts to an answer: the reader's language, safe markup, strict headers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import escape

from services.registration.catalogues import is_key, speech
from services.registration.pages import phrases
from services.registration.pages.static_files import StaticFiles
from services.registration.pages.wording import LANGUAGE_NAMES, preferred_locale, spoken_locale
from shared import localized

TEMPLATES = Path(__file__).parent.parent / "templates"
STRIPE_CHECKOUT = "https://checkout.stripe.com"
_LOOPBACK = ("127.0.0.1", "localhost")
_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def locale_of(request: web.Request, stored: str | None = None) -> str:
    """The locale asked for in the address, else the registrant's, else the browser's."""
    asked = spoken_locale(request.query.get("locale", ""))
    if asked is None and stored is not None:
        asked = spoken_locale(stored)
    return asked or preferred_locale(request.headers.get("Accept-Language", ""))


def form_targets(
    public_url: str, payments_public_url: str, checkout_origins: Iterable[str] = ()
) -> str:
    """Where a form may lead: browsers check every hop from our form to the card payment page."""
    targets = ["'self'", origin_of(payments_public_url), STRIPE_CHECKOUT, *checkout_origins]
    if urlsplit(public_url).hostname in _LOOPBACK:
        # On one's own machine Stripe's place is taken by a sandbox on another port.
        targets += [f"http://{host}:*" for host in _LOOPBACK]
    return " ".join(dict.fromkeys(targets))


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Renderer:
    """Renders templates for a reader; one for the whole service."""

    def __init__(
        self, *, public_url: str, payments_public_url: str, checkout_origins: Iterable[str] = ()
    ) -> None:
        self.static_files = StaticFiles()
        self._pay_targets = form_targets(public_url, payments_public_url, checkout_origins)
        self._is_https = public_url.startswith("https://")
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        self._templates.policies["ext.i18n.trimmed"] = True
        # All readers share the environment: who is spoken to is known to each rendering alone.
        self._templates.install_gettext_callables(  # type: ignore[attr-defined] # The extension's.
            _gettext, _ngettext, newstyle=True
        )
        self._templates.globals |= {"asset": self.static_files.url, "phrases": phrases}

    def page(
        self,
        request: web.Request,
        template: str,
        locale: str,
        *,
        status: int = 200,
        is_personal: bool = False,
        leads_anywhere: bool = False,
        leads_to: Iterable[str] = (),
        frames_own: bool = False,
        framed_by: Iterable[str] | None = None,
        **facts: Any,
    ) -> web.Response:
        """An HTML answer; personal pages are stored nowhere and name no referrer.

        `leads_to` are further origins that a form of the page may end at; `frames_own` lets it
        frame other pages of ours, `framed_by` be framed by pages of these origins.
        """
        language = localized.language_of(locale)
        others = {tag: name for tag, name in LANGUAGE_NAMES.items() if tag != language}
        around: dict[str, Any] = {
            "brand": "",
            "brand_url": "",
            "contact": None,
            "legal": {},
            "is_test": False,
            "rehearsal_url": "",
            "other_languages": others,
            "self_path": request.path,
        }
        body = self._templates.get_template(template).render(
            **around | facts, locale=locale, language=language, **speaking(locale)
        )
        headers = {
            "Content-Language": language,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store" if is_personal else "private, no-cache",
            "Referrer-Policy": "no-referrer" if is_personal else "same-origin",
            **self._security(
                leads_anywhere=leads_anywhere,
                leads_to=leads_to,
                frames_own=frames_own,
                framed_by=framed_by,
            ),
        }
        return web.Response(
            text=body, status=status, headers=headers, content_type="text/html", charset="utf-8"
        )

    def fragment(self, template: str, locale: str, **facts: Any) -> str:
        """A part of a page, for a script that puts it in an older one's place."""
        return self._templates.get_template(template).render(
            **facts, locale=locale, language=localized.language_of(locale), **speaking(locale)
        )

    def _security(
        self,
        *,
        leads_anywhere: bool,
        leads_to: Iterable[str],
        frames_own: bool,
        framed_by: Iterable[str] | None,
    ) -> dict[str, str]:
        targets = "'self' https: http:" if leads_anywhere else self._pay_targets
        targets = " ".join((targets, *leads_to))
        policy = _POLICY | {"form-action": targets}
        if frames_own:
            policy["frame-src"] = "'self'"
        if framed_by is not None:
            policy["frame-ancestors"] = " ".join(framed_by) or "'none'"
        headers = {
            "Content-Security-Policy": "; ".join(f"{name} {rule}" for name, rule in policy.items()),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        if framed_by is not None:
            # It knows no list of origins, and browsers that know frame-ancestors ignore it.
            del headers["X-Frame-Options"]
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if self._is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers


def see_other(url: str) -> web.Response:
    """On to another page after a POST; neither kept nor told where it came from."""
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=303, headers=headers)


def minutes_left(until: datetime, now: datetime) -> int:
    """Whole minutes from now until then, begun ones counted."""
    return max(0, -((now - until) // timedelta(minutes=1)))


@pass_context
def _gettext(reader: Context, message: str) -> str:
    said: str = reader["speech"].gettext(message)
    # What comes out of a catalogue may hold a link; what a variable brought along is only shown.
    return said if is_key(message) else escape(message)


@pass_context
def _ngettext(reader: Context, one: str, many: str, count: int) -> str:
    said: str = reader["speech"].ngettext(one, many, count)
    return said


def speaking(locale: str) -> dict[str, Any]:
    """What templates call to say something: words, money and times in the reader's way."""
    said = speech(locale)
    return {
        "speech": said,
        "noun": lambda kind: said.gettext(phrases.NOUNS[kind]),
        "money": partial(localized.format_money, locale=locale),
        "price": partial(localized.format_price, locale=locale),
        "round_price": partial(localized.format_round_price, locale=locale),
        "percent": partial(localized.format_percent, locale=locale),
        "number": partial(localized.format_count, locale=locale),
        "date": lambda moment, zone: _capitalized(localized.format_date(moment, zone, locale)),
        "start": partial(localized.format_start, locale=locale),
        "listed": partial(localized.format_listed, locale=locale),
        "span": partial(localized.format_span, locale=locale),
        "on_day": lambda moment, zone: (
            said.gettext("on %(day)s") % {"day": localized.format_date(moment, zone, locale)}
        ),
        "soon": partial(localized.format_short, locale=locale),
        "deadline": partial(localized.format_deadline, locale=locale),
        "clock": partial(localized.format_time, locale=locale),
        "city": partial(localized.format_city, locale=locale),
        "month": partial(localized.format_month, locale=locale),
        "day": localized.format_day,
        "minutes": partial(localized.format_minutes, locale=locale),
        "minutes_left": lambda until, now: localized.format_minutes(
            minutes_left(until, now), locale
        ),
        "until": partial(localized.format_until, locale=locale),
    }


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
