"""Settings come from the environment, under one prefix."""

import pytest
from pydantic import ValidationError

from services.notifications.settings import Settings

ENVIRONMENT = {
    "TAQUILLA_TOKEN_KEYS": "k1:" + "x" * 32,
    "NOTIFICATIONS_POSTGRES_URL": "postgresql://notifications:secret@db/taquilla",
    "NOTIFICATIONS_NATS_URL": "nats://nats:4222",
    "NOTIFICATIONS_SMTP_HOST": "smtp.example.org",
    "NOTIFICATIONS_MAIL_FROM": "Taquilla <tickets@example.org>",
}


def settings(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> Settings:
    for name, value in (ENVIRONMENT | changes).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return Settings()


def test_what_is_not_said_is_the_careful_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(monkeypatch)

    assert made.smtp_security == "starttls"
    assert (made.port, made.smtp_port, made.smtp_connections) == (8082, 587, 4)
    assert made.smtp_username is None
    assert made.bounce_token is None


def test_empty_credentials_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(
        monkeypatch,
        NOTIFICATIONS_SMTP_USERNAME="",
        NOTIFICATIONS_SMTP_PASSWORD="",
        NOTIFICATIONS_BOUNCE_TOKEN="",
    )

    assert made.smtp_username is None
    assert made.smtp_password is None
    assert made.bounce_token is None


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(monkeypatch, NOTIFICATIONS_SMTP_PASSWORD="hush-hush")

    assert "hush-hush" not in repr(made)
    assert "secret" not in repr(made.postgres_url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTIFICATIONS_SMTP_HOST", None),
        ("NOTIFICATIONS_SMTP_SECURITY", "opportunistic"),
        ("NOTIFICATIONS_SMTP_CONNECTIONS", "0"),
        ("NOTIFICATIONS_BOUNCE_TOKEN", "x" * 31),
        ("NOTIFICATIONS_MAIL_FROM", "Taquilla"),
        ("NOTIFICATIONS_MAIL_FROM", "Taquilla <tickets>"),
        ("NOTIFICATIONS_MAIL_FROM", "Taquilla <tickets@exämple.org>"),
    ],
)
def test_what_cannot_work_refuses_to_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    with pytest.raises(ValidationError):
        settings(monkeypatch, **{name: value})
