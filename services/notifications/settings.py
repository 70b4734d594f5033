"""What an operator can set; every variable starts with NOTIFICATIONS_."""

from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read once in `__main__` and passed down."""

    model_config = SettingsConfigDict(
        env_prefix="NOTIFICATIONS_", frozen=True, extra="ignore", populate_by_name=True
    )

    port: int = Field(default=8082, ge=0, le=65535)
    smtp_host: str = Field(min_length=1)
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    # There is no "if the server can": what is asked for is what happens, or nothing is sent.
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_connections: int = Field(default=4, ge=1, le=100)
    mail_from: str
    # Lets a mail server hand in what came back; without it there is no such door.
    bounce_token: Annotated[SecretStr, Field(min_length=32)] | None = None

    @field_validator("smtp_username", "smtp_password", "bounce_token", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        _, address = parseaddr(value)
        if not address.isascii() or not Address(addr_spec=address).domain:
            raise ValueError("must be like: Taquilla <tickets@example.org>")
        return value
