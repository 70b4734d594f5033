"""Faults on demand: what a mail server may do to its clients, a given number of times."""

import asyncio
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Stage(StrEnum):
    """Where in the conversation a fault strikes."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # at the command, before the mail is sent
    MESSAGE = "message"  # after the mail's final dot


class Fault(BaseModel):
    """One fault: an answer other than 250, a dropped connection, or only a delay."""

    model_config = ConfigDict(extra="forbid")

    at: Stage
    code: int | None = Field(default=None, ge=400, le=599)
    text: str = Field(default="Fault on demand", pattern=r"^[ -~]*$", max_length=200)
    drop: bool = False
    # Of use at "message" alone: the client is told nothing, or a lie, about a mail that is kept.
    stored: bool = False
    delay_seconds: float = Field(default=0, ge=0, le=600)
    times: int | None = Field(default=1, ge=1, description="null: until the faults are cleared")
    to: str | None = Field(default=None, description="only for this recipient")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.code is not None and self.drop:
            raise ValueError("either answers with a code or drops the connection, not both")
        if self.code is None and not self.drop and not self.delay_seconds:
            raise ValueError("needs a code, drop or delay_seconds")
        if self.stored and self.at is not Stage.MESSAGE:
            raise ValueError("stored is only possible at message")
        if self.to is not None and self.at is Stage.MAIL:
            raise ValueError("the recipient is not known yet at mail")
        return self

    @property
    def answer(self) -> str | None:
        if self.code is None:
            return None
        return f"{self.code} {self.code // 100}.0.0 {self.text}"


class Faults:
    """The faults that wait to strike, first come, first struck."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    async def strike(self, stage: Stage, recipients: list[str]) -> Fault | None:
        """The fault that is due here, its delay over; None most of the time."""
        if not self.waiting:
            return None
        addresses = {recipient.casefold() for recipient in recipients}
        for fault in self.waiting:
            if fault.at is stage and (fault.to is None or fault.to.casefold() in addresses):
                break
        else:
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self.waiting.remove(fault)
        await asyncio.sleep(fault.delay_seconds)
        return fault
