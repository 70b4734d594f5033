"""Money, dates and durations as a reader of English, Spanish or German writes them. No I/O here.

A locale is any tag ("es", "es-MX", "en_GB"); one that is not spoken here reads English.
"""

import copy
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime as babel_datetime
from babel.dates import format_timedelta, get_timezone_location, get_timezone_name
from babel.numbers import format_decimal, get_currency_symbol
from babel.numbers import format_percent as babel_percent
from babel.units import format_unit

from shared.money import currency_rule, major_units

Language = Literal["en", "es", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "es", "de")

_DATE = {
    "en": "EEEE d MMMM y",
    "es": "EEEE, d 'de' MMMM 'de' y",
    "de": "EEEE, d. MMMM y",
}
_DAY = {"en": "EEEE d MMMM", "es": "EEEE d 'de' MMMM", "de": "EEEE, d. MMMM"}
_SHORT_DAY = {"en": "d MMM", "es": "d MMM", "de": "d. MMM"}
_LISTED = {"en": "EEE d MMM", "es": "EEE d MMM", "de": "EEE, d. MMM"}
_LISTED_WITH_YEAR = {"en": "EEE d MMM y", "es": "EEE d MMM y", "de": "EEE, d. MMM y"}
_CLOCK = {"en": "HH:mm", "es": "H:mm", "de": "H:mm"}
_TIME = {"en": "HH:mm", "es": "H:mm", "de": "H:mm 'Uhr'"}
_IN_ZONE = {
    "en": "{time} in {city} ({zone})",
    "es": "{time} en {city} ({zone})",
    "de": "{time} in {city} ({zone})",
}
_WITHOUT_CITY = {"en": "{time} {zone}", "es": "{time} {zone}", "de": "{time} ({zone})"}
_TO_ANOTHER_DAY = {"en": "{first}–{last}", "es": "{first}–{last}", "de": "{first} bis {last}"}
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"


def language_of(locale: str) -> Language:
    """The language of a locale tag that is spoken here; English for every other."""
    asked = locale[:3].lower().rstrip("-_")
    return next((language for language in LANGUAGES if language == asked), "en")


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale:
    language = language_of(tag)
    try:
        found = Locale.parse(tag.replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        return Locale(language)
    return found if found.language == language else Locale(language)


def format_money(amount_minor: int, currency: str, locale: str) -> str:
    """An amount with its currency's code: "€49.00 EUR" in English, "49,00 EUR" elsewhere."""
    short = format_price(amount_minor, currency, locale)
    symbol = get_currency_symbol(currency, _locale(locale))
    if symbol == currency:
        return short
    if short.endswith(symbol):
        return short.removesuffix(symbol) + currency
    return f"{short}{_NO_BREAK}{currency}"


def format_price(amount_minor: int, currency: str, locale: str) -> str:
    """An amount with its symbol alone, for places beside which the code has been said: "€49.00"."""
    rule = currency_rule(currency)
    # CLDR's digits are not Stripe's: it would round 49.50 RSD away.
    digits = 0 if rule.step == 10**rule.exponent else rule.exponent
    return _price(amount_minor, currency, locale, digits)


def format_round_price(amount_minor: int, currency: str, locale: str) -> str:
    """The same without decimals that say nothing, for axes: "€3,000", but "€0.25"."""
    if amount_minor % 10 ** currency_rule(currency).exponent:
        return format_price(amount_minor, currency, locale)
    return _price(amount_minor, currency, locale, 0)


def _price(amount_minor: int, currency: str, locale: str, digits: int) -> str:
    where = _locale(locale)
    pattern = copy.copy(where.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    amount = major_units(amount_minor, currency)
    written = str(pattern.apply(amount, where, currency=currency, currency_digits=False))
    if get_currency_symbol(currency, where) == currency and written.startswith(currency):
        written = f"{currency}{_NO_BREAK}{written.removeprefix(currency).strip()}"
    return written


def format_count(number: int, locale: str) -> str:
    """A whole number: "1,000,000", "1.000.000" in Spanish."""
    return format_decimal(number, locale=_locale(locale))


def format_percent(percent: int, locale: str) -> str:
    """A share: "50%", "50 %" in Spanish and German."""
    return babel_percent(percent / 100, locale=_locale(locale))


def format_date(moment: datetime, time_zone: str, locale: str) -> str:
    """A day with its weekday and year, in that zone: "Thursday 12 November 2026"."""
    return _written(moment, time_zone, locale, _DATE)


def format_time(moment: datetime, time_zone: str, locale: str) -> str:
    """A time of day in that zone: "18:00", "18:00 Uhr"."""
    return _written(moment, time_zone, locale, _TIME)


def format_deadline(moment: datetime, time_zone: str, locale: str) -> str:
    """A moment that is near enough to need no year: "Tuesday 10 November, 18:00"."""
    day = _written(moment, time_zone, locale, _DAY)
    return f"{day}, {format_time(moment, time_zone, locale)}"


def format_short(moment: datetime, time_zone: str, locale: str) -> str:
    """The same where room is scarce: "10 Nov, 18:00"."""
    day = _written(moment, time_zone, locale, _SHORT_DAY)
    return f"{day}, {format_time(moment, time_zone, locale)}"


def format_short_day(moment: datetime, time_zone: str, locale: str) -> str:
    """A day where room is scarce: "10 Nov"."""
    return _written(moment, time_zone, locale, _SHORT_DAY)


def format_start(starts_at: datetime, time_zone: str, locale: str) -> str:
    """A start with weekday and zone: "Thursday 12 November 2026, 18:00 in Madrid (CET)"."""
    day = format_date(starts_at, time_zone, locale)
    time = format_time(starts_at, time_zone, locale)
    return f"{day}, {_with_zone(time, starts_at, time_zone, locale)}"


def format_listed(starts_at: datetime, time_zone: str, locale: str, *, now: datetime) -> str:
    """A start in a list: "Thu 12 Nov, 18:00 CET", with the year where it is another than now."""
    zone = ZoneInfo(time_zone)
    is_this_year = starts_at.astimezone(zone).year == now.astimezone(zone).year
    patterns = _LISTED if is_this_year else _LISTED_WITH_YEAR
    day = _written(starts_at, time_zone, locale, patterns)
    time = _WITHOUT_CITY[language_of(locale)].format(
        time=format_time(starts_at, time_zone, locale),
        zone=_zone_sign(starts_at, time_zone, locale),
    )
    return f"{day}, {time}"


def format_span(starts_at: datetime, duration_minutes: int, time_zone: str, locale: str) -> str:
    """From when to when on that day, with the zone: "18:00–19:30 in Madrid (CET)"."""
    ends_at = starts_at + timedelta(minutes=duration_minutes)
    zone = ZoneInfo(time_zone)
    if starts_at.astimezone(zone).date() == ends_at.astimezone(zone).date():
        first = _written(starts_at, time_zone, locale, _CLOCK)
        span = f"{first}–{format_time(ends_at, time_zone, locale)}"
    else:
        first = format_time(starts_at, time_zone, locale)
        last = format_deadline(ends_at, time_zone, locale)
        span = _TO_ANOTHER_DAY[language_of(locale)].format(first=first, last=last)
    return _with_zone(span, starts_at, time_zone, locale)


def format_month(moment: datetime, time_zone: str, locale: str) -> str:
    """The month's short name, for a calendar leaf."""
    return babel_datetime(moment, "LLL", tzinfo=ZoneInfo(time_zone), locale=_locale(locale))


def format_day(moment: datetime, time_zone: str) -> str:
    """The day of the month, for a calendar leaf."""
    return str(moment.astimezone(ZoneInfo(time_zone)).day)


def format_city(time_zone: str, locale: str) -> str:
    """Where a zone's clock hangs: "Madrid", "Nueva York"; a zone without a place is its name."""
    if "/" not in time_zone or time_zone.startswith("Etc/"):
        return time_zone.removeprefix("Etc/")
    place = get_timezone_location(ZoneInfo(time_zone), locale=_locale(locale), return_city=True)
    return place.rsplit("/", 1)[-1]


def format_hours(hours: int, locale: str) -> str:
    """A length of time in hours, in whole days from three on: "48 hours", "7 days"."""
    if hours >= 72 and hours % 24 == 0:
        return format_unit(hours // 24, "duration-day", length="long", locale=_locale(locale))
    return format_unit(hours, "duration-hour", length="long", locale=_locale(locale))


def format_until(moment: datetime, now: datetime, locale: str) -> str:
    """How far away a moment is: "in 3 days", "dentro de 3 días"."""
    return format_timedelta(moment - now, add_direction=True, threshold=1, locale=_locale(locale))


def format_minutes(minutes: int, locale: str) -> str:
    """A length of time in minutes, in whole hours where it has some: "1 hour 30 minutes"."""
    hours, rest = divmod(minutes, 60)
    parts = [
        format_unit(count, unit, length="long", locale=_locale(locale))
        for count, unit in ((hours, "duration-hour"), (rest, "duration-minute"))
        if count or (unit == "duration-minute" and not minutes)
    ]
    return " ".join(parts)


def _written(moment: datetime, time_zone: str, locale: str, patterns: dict[str, str]) -> str:
    pattern = patterns[language_of(locale)]
    return babel_datetime(moment, pattern, tzinfo=ZoneInfo(time_zone), locale=_locale(locale))


def _with_zone(time: str, moment: datetime, time_zone: str, locale: str) -> str:
    zone = _zone_sign(moment, time_zone, locale)
    city = format_city(time_zone, locale)
    if city in (time_zone, zone) or time_zone.startswith("Etc/"):
        return _WITHOUT_CITY[language_of(locale)].format(time=time, zone=zone)
    return _IN_ZONE[language_of(locale)].format(time=time, city=city, zone=zone)


def _zone_sign(moment: datetime, time_zone: str, locale: str) -> str:
    local = moment.astimezone(ZoneInfo(time_zone))
    own = get_timezone_name(local, width="short", locale=_locale(locale))
    if language_of(locale) != "en" and own.isalpha():
        return own  # "MEZ" where English says "CET".
    name = local.tzname() or ""
    if name[:1].isalpha():
        return name
    # Zones without letters of their own are named "-03": said as a difference instead.
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = _MINUS if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
