"""An organizer's rehearsal: its mails are real ones that nobody takes for real."""

from pathlib import Path

import pytest

from tests.notifications.builders import confirmed, notifications, part, read, refunded


@pytest.mark.parametrize(("locale", "sign"), [("en", "TEST: "), ("es", "PRUEBA: ")])
async def test_every_mail_of_a_rehearsal_says_so_before_and_after_it_is_opened(
    postgres_url: str, tmp_path: Path, locale: str, sign: str
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        # A refund's event does not say whose it is: that is known from the one before.
        await service.receive(confirmed(is_rehearsal=True, locale=locale), refunded())

        mails = [read(mail["content"]) for mail in await service.mails()]

    assert len(mails) == 2
    for mail in mails:
        assert mail["Subject"].startswith(sign)
        for kind in ("text/plain", "text/html"):
            assert part(mail, kind).count(_stamp(locale)) == 1


async def test_other_mails_say_nothing_of_it(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())

        (mail,) = [read(mail["content"]) for mail in await service.mails()]

    assert "TEST" not in mail["Subject"]
    assert 'stamp"' not in part(mail, "text/html")


def _stamp(locale: str) -> str:
    return {
        "en": "TEST: this is a rehearsal.",
        "es": "PRUEBA: esto es un ensayo.",
    }[locale]
