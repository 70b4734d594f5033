"""The environment of each service. No I/O here.

Exactly the variables of .env.example, so that the local run starts the services as compose does.
"""

from dataclasses import dataclass, field

MAIL_FROM = "Taquilla <tickets@example.org>"
SANDBOX_SECRET_KEY = "sk_test_taquilla_sandbox"
SANDBOX_CLIENT_ID = "ca_sandbox"

Environment = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What the services of one local run have to know of each other and of the servers."""

    host: str
    registration_port: int
    payments_port: int
    notifications_port: int
    sandbox_url: str
    smtp_port: int
    postgres_urls: dict[str, str]
    nats_url: str
    nats_prefix: str
    token_keys: str
    organization_id: str
    webhook_secrets: list[str] = field(default_factory=list)

    @property
    def registration_url(self) -> str:
        return f"http://{self.host}:{self.registration_port}"

    @property
    def payments_url(self) -> str:
        return f"http://{self.host}:{self.payments_port}"

    @property
    def notifications_url(self) -> str:
        return f"http://{self.host}:{self.notifications_port}"


def registration_environment(wiring: Wiring, port: int | None = None) -> Environment:
    """For the registration service, or for a further replica on a port of its own."""
    return _shared(wiring) | {
        "REGISTRATION_POSTGRES_URL": wiring.postgres_urls["registration"],
        "REGISTRATION_NATS_URL": wiring.nats_url,
        "REGISTRATION_HOST": wiring.host,
        "REGISTRATION_PORT": str(port or wiring.registration_port),
        "REGISTRATION_PUBLIC_URL": wiring.registration_url,
        "REGISTRATION_PAYMENTS_PUBLIC_URL": wiring.payments_url,
        # Everybody on this machine comes from one network.
        "REGISTRATION_HOLDS_PER_NETWORK": "0",
        "REGISTRATION_TRUSTED_PROXIES": "",
    }


def payments_environment(wiring: Wiring, port: int | None = None) -> Environment:
    """For the payments service, or for a further replica on a port of its own."""
    return _shared(wiring) | {
        "PAYMENTS_POSTGRES_URL": wiring.postgres_urls["payments"],
        "PAYMENTS_NATS_URL": wiring.nats_url,
        "PAYMENTS_HOST": wiring.host,
        "PAYMENTS_PORT": str(port or wiring.payments_port),
        "PAYMENTS_PUBLIC_URL": wiring.payments_url,
        "PAYMENTS_STRIPE_SECRET_KEY": SANDBOX_SECRET_KEY,
        "PAYMENTS_STRIPE_TEST_SECRET_KEY": "",
        "PAYMENTS_STRIPE_ORGANIZATION_ID": wiring.organization_id,
        "PAYMENTS_STRIPE_CLIENT_ID": SANDBOX_CLIENT_ID,
        "PAYMENTS_STRIPE_WEBHOOK_SECRETS": ",".join(wiring.webhook_secrets),
        "PAYMENTS_STRIPE_API_URL": wiring.sandbox_url,
        "PAYMENTS_STRIPE_CONNECT_URL": wiring.sandbox_url,
        "PAYMENTS_STRIPE_REQUESTS_PER_SECOND": "0",
        "PAYMENTS_ATTEMPTS_PER_NETWORK": "0",
        "PAYMENTS_TRUSTED_PROXIES": "",
    }


def notifications_environment(wiring: Wiring, port: int | None = None) -> Environment:
    """For the notifications service, or for a further replica on a port of its own."""
    return _shared(wiring) | {
        "NOTIFICATIONS_POSTGRES_URL": wiring.postgres_urls["notifications"],
        "NOTIFICATIONS_NATS_URL": wiring.nats_url,
        "NOTIFICATIONS_HOST": wiring.host,
        "NOTIFICATIONS_PORT": str(port or wiring.notifications_port),
        "NOTIFICATIONS_SMTP_HOST": wiring.host,
        "NOTIFICATIONS_SMTP_PORT": str(wiring.smtp_port),
        "NOTIFICATIONS_SMTP_USERNAME": "",
        "NOTIFICATIONS_SMTP_PASSWORD": "",
        "NOTIFICATIONS_SMTP_SECURITY": "none",
        "NOTIFICATIONS_SMTP_CONNECTIONS": "4",
        "NOTIFICATIONS_MAIL_FROM": MAIL_FROM,
        "NOTIFICATIONS_BOUNCE_TOKEN": "",
    }


ENVIRONMENTS = {
    "registration": registration_environment,
    "payments": payments_environment,
    "notifications": notifications_environment,
}


def without_settings(environment: dict[str, str]) -> Environment:
    """The caller's environment without settings of its own: ours alone decide."""
    ours = ("TAQUILLA_", *(f"{service.upper()}_" for service in ENVIRONMENTS))
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


def _shared(wiring: Wiring) -> Environment:
    return {
        "TAQUILLA_TOKEN_KEYS": wiring.token_keys,
        "TAQUILLA_NATS_PREFIX": wiring.nats_prefix,
    }
