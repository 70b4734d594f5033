"""What the payments service is told by its environment."""

from functools import cached_property
from typing import Self
from uuid import UUID

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from services.payments.stripe_gateway.client import is_live_key
from shared.settings import ServiceSettings
from shared.web import Network, parse_networks

NO_WEBHOOKS = "none"


class PaymentsSettings(ServiceSettings):
    """Read once in `__main__`.

    `PAYMENTS_STRIPE_WEBHOOK_SECRETS` has no default: a service that would take unsigned webhooks
    must not start. `none` closes the route and says so.
    """

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_")

    port: int = Field(default=8081, ge=0, le=65535)
    public_url: str = Field(pattern=r"^https?://")
    stripe_secret_key: SecretStr
    stripe_test_secret_key: SecretStr | None = None
    stripe_webhook_secrets: SecretStr
    stripe_organization_id: UUID | None = None
    stripe_client_id: str | None = None
    stripe_api_url: str = "https://api.stripe.com"
    stripe_connect_url: str = "https://connect.stripe.com"
    stripe_requests_per_second: float = Field(default=20, ge=0)
    attempts_per_network: int = Field(default=0, ge=0)
    trusted_proxies: str = ""

    @field_validator("public_url", "stripe_api_url", "stripe_connect_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @field_validator(
        "stripe_organization_id", "stripe_client_id", "stripe_test_secret_key", mode="before"
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("trusted_proxies")
    @classmethod
    def _readable_networks(cls, setting: str) -> str:
        parse_networks(setting)
        return setting

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not self.stripe_secret_key.get_secret_value().startswith(("sk_", "rk_")):
            raise ValueError("PAYMENTS_STRIPE_SECRET_KEY must be a secret or restricted key")
        test_key = self.stripe_test_secret_key
        if test_key is not None and is_live_key(test_key.get_secret_value()):
            raise ValueError(
                "PAYMENTS_STRIPE_TEST_SECRET_KEY must be a key of Stripe's test mode "
                "(sk_test_... or rk_test_...): it pays for rehearsals alone"
            )
        setting = self.stripe_webhook_secrets.get_secret_value().strip()
        if setting != NO_WEBHOOKS and not self.webhook_secrets:
            raise ValueError(
                "PAYMENTS_STRIPE_WEBHOOK_SECRETS must hold the endpoint's secrets (whsec_...), "
                "or `none` to live on reconciliation alone"
            )
        if any(not secret.startswith("whsec_") for secret in self.webhook_secrets):
            raise ValueError("PAYMENTS_STRIPE_WEBHOOK_SECRETS: each secret starts with whsec_")
        return self

    @cached_property
    def rehearsal_key(self) -> str | None:
        """The key by which rehearsals are paid, if it is another one; a test key needs none."""
        if self.stripe_test_secret_key is None or not is_live_key(
            self.stripe_secret_key.get_secret_value()
        ):
            return None
        return self.stripe_test_secret_key.get_secret_value()

    @cached_property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that are tried in turn; empty when the route is closed."""
        setting = self.stripe_webhook_secrets.get_secret_value().strip()
        if setting == NO_WEBHOOKS:
            return ()
        return tuple(filter(None, (part.strip() for part in setting.split(","))))

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        """Whose X-Forwarded-For is believed."""
        return parse_networks(self.trusted_proxies)
