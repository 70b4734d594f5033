"""Settings that every service has; each service adds its own under its prefix."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read once in `__main__` from the environment and passed down; nothing imports an instance."""

    # A mistake in one variable must not print the others, secrets that they are, into the log.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    postgres_url: SecretStr
    nats_url: str
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    token_keys: SecretStr = Field(validation_alias="TAQUILLA_TOKEN_KEYS")
    nats_prefix: str = Field(
        default="", validation_alias="TAQUILLA_NATS_PREFIX", pattern=r"^[a-z0-9_]*$"
    )
