from datetime import UTC, datetime, timedelta

import pytest

from shared.localized import (
    format_city,
    format_count,
    format_deadline,
    format_hours,
    format_listed,
    format_minutes,
    format_money,
    format_month,
    format_percent,
    format_price,
    format_short,
    format_span,
    format_start,
    format_time,
    format_until,
    language_of,
)

NO_BREAK = "\N{NO-BREAK SPACE}"
EVENING = datetime(2026, 11, 12, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "locale", "written"),
    [
        (4900, "EUR", "en", "€49.00 EUR"),
        (4900, "EUR", "es", "49,00 EUR"),
        (4900, "USD", "en", "$49.00 USD"),
        (4900, "USD", "es", "49,00 USD"),
        (123456, "EUR", "de", "1.234,56 EUR"),
        (4900, "EUR", "de-AT", "€ 49,00 EUR"),
        (500, "JPY", "de", "500 JPY"),
        (4900, "MXN", "es-MX", "$49.00 MXN"),
        (500, "JPY", "en", "¥500 JPY"),
        (500, "ISK", "en", "ISK 5"),
        (1230, "KWD", "en", "KWD 1.230"),
        (4950, "RSD", "es", "49,50 RSD"),
        (123456789, "EUR", "en", "€1,234,567.89 EUR"),
    ],
)
def test_money_always_says_its_currency_code_and_every_digit_that_stripe_counts(
    amount_minor: int, currency: str, locale: str, written: str
) -> None:
    assert format_money(amount_minor, currency, locale).replace(NO_BREAK, " ") == written


def test_a_price_beside_its_code_carries_the_symbol_alone() -> None:
    assert format_price(4900, "EUR", "en") == "€49.00"
    assert format_price(4900, "EUR", "es") == f"49,00{NO_BREAK}€"
    assert format_price(4900, "EUR", "de") == f"49,00{NO_BREAK}€"


def test_a_start_carries_weekday_place_and_zone() -> None:
    english = format_start(EVENING, "Europe/Madrid", "en-GB")
    spanish = format_start(EVENING, "America/New_York", "es")
    german = format_start(EVENING, "Europe/Vienna", "de-AT")

    assert english == "Thursday 12 November 2026, 18:00 in Madrid (CET)"
    assert spanish == "jueves, 12 de noviembre de 2026, 12:00 en Nueva York (EST)"
    assert german == "Donnerstag, 12. November 2026, 18:00 Uhr in Wien (MEZ)"


def test_germans_read_their_own_names_of_zones_and_the_hour_with_its_word() -> None:
    summer = datetime(2026, 7, 12, 17, 0, tzinfo=UTC)

    assert format_time(EVENING, "Europe/Madrid", "de") == "18:00 Uhr"
    assert format_short(summer, "Europe/Berlin", "de") == "12. Juli, 19:00 Uhr"
    assert format_start(summer, "Europe/Berlin", "de").endswith("19:00 Uhr in Berlin (MESZ)")
    assert format_start(EVENING, "America/New_York", "de").endswith("12:00 Uhr in New York (EST)")
    assert format_start(EVENING, "Europe/London", "de").endswith("17:00 Uhr in London (GMT)")
    assert format_start(EVENING, "UTC", "de").endswith("17:00 Uhr (UTC)")
    assert format_month(EVENING, "UTC", "de") == "Nov"


def test_a_zone_without_letters_is_said_as_a_difference() -> None:
    buenos_aires = format_start(EVENING, "America/Argentina/Buenos_Aires", "es")

    assert buenos_aires.endswith("14:00 en Buenos Aires (UTC−3)")
    assert format_start(EVENING, "UTC", "en").endswith("17:00 UTC")
    assert format_start(EVENING, "Etc/GMT+3", "en").endswith("14:00 UTC−3")
    assert format_city("Etc/GMT+3", "en") == "GMT+3"


def test_a_span_over_midnight_names_the_second_day() -> None:
    assert format_span(EVENING, 90, "Europe/Madrid", "en") == "18:00–19:30 in Madrid (CET)"
    assert format_span(EVENING, 420, "Europe/Madrid", "en") == (
        "18:00–Friday 13 November, 01:00 in Madrid (CET)"
    )
    assert format_span(EVENING, 90, "Europe/Madrid", "de") == "18:00–19:30 Uhr in Madrid (MEZ)"
    assert format_span(EVENING, 420, "Europe/Madrid", "de") == (
        "18:00 Uhr bis Freitag, 13. November, 1:00 Uhr in Madrid (MEZ)"
    )


@pytest.mark.parametrize(
    ("locale", "this_year", "another_year"),
    [
        ("en", "Thu 12 Nov, 18:00 CET", "Thu 12 Nov 2026, 18:00 CET"),
        ("es", "jue 12 nov, 18:00 CET", "jue 12 nov 2026, 18:00 CET"),
        ("de", "Do., 12. Nov., 18:00 Uhr (MEZ)", "Do., 12. Nov. 2026, 18:00 Uhr (MEZ)"),
    ],
)
def test_a_start_in_a_list_is_short_and_names_another_year(
    locale: str, this_year: str, another_year: str
) -> None:
    earlier, later = EVENING - timedelta(days=300), EVENING + timedelta(days=60)

    assert format_listed(EVENING, "Europe/Madrid", locale, now=earlier) == this_year
    assert format_listed(EVENING, "Europe/Madrid", locale, now=later) == another_year


def test_a_deadline_follows_the_zones_summer_time() -> None:
    before = datetime(2026, 10, 24, 10, 0, tzinfo=UTC)
    after = datetime(2026, 10, 25, 10, 0, tzinfo=UTC)

    assert format_deadline(before, "Europe/Madrid", "en") == "Saturday 24 October, 12:00"
    assert format_short(after, "Europe/Madrid", "en") == "25 Oct, 11:00"
    assert format_deadline(after, "Europe/Madrid", "es") == "domingo 25 de octubre, 11:00"
    assert format_deadline(after, "Europe/Madrid", "de") == "Sonntag, 25. Oktober, 11:00 Uhr"


def test_lengths_of_time_and_shares_are_written_in_the_readers_language() -> None:
    assert format_hours(48, "en") == "48 hours"
    assert format_hours(168, "es") == "7 días"
    assert format_hours(1, "en") == "1 hour"
    assert format_until(EVENING, EVENING - timedelta(hours=71), "en") == "in 3 days"
    assert format_until(EVENING, EVENING - timedelta(minutes=5), "es") == "dentro de 5 minutos"
    assert format_minutes(90, "en") == "1 hour 30 minutes"
    assert format_minutes(60, "es") == "1 hora"
    assert format_minutes(0, "en") == "0 minutes"
    assert format_percent(50, "es") == f"50{NO_BREAK}%"
    assert format_count(1_000_000, "en") == "1,000,000"
    assert format_count(1_000_000, "es") == "1.000.000"
    assert format_percent(50, "de") == f"50{NO_BREAK}%"
    assert format_hours(168, "de") == "7 Tage"
    assert format_minutes(90, "de") == "1 Stunde 30 Minuten"
    assert format_until(EVENING, EVENING - timedelta(hours=71), "de") == "in 3 Tagen"


def test_an_unknown_or_malformed_locale_reads_english() -> None:
    tags = ("es", "es-MX", "ES_ar", "est", "de-CH", "DE", "den", "fr", "", "../x")
    assert [language_of(tag) for tag in tags] == [
        "es", "es", "es", "en", "de", "de", "en", "en", "en", "en",
    ]  # fmt: skip
    assert format_price(4900, "EUR", "es-NOWHERE-x-y") == f"49,00{NO_BREAK}€"
    assert format_price(4900, "EUR", "%00") == "€49.00"
