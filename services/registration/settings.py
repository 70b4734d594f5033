"""The environment of the registration service."""

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings
from shared.web import parse_networks


class RegistrationSettings(ServiceSettings):
    """`REGISTRATION_…` variables; URLs have no default because a wrong guess would be mailed."""

    model_config = SettingsConfigDict(env_prefix="REGISTRATION_", frozen=True, extra="ignore")

    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str
    payments_public_url: str
    holds_per_network: int = Field(default=30, ge=0)  # Unpaid, of one webinar; 0 is no limit.
    trusted_proxies: str = ""

    @field_validator("public_url", "payments_public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        parse_networks(value)
        return value
