"""The door for bounces: who may knock, what is stored and told, and that it is no oracle."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from deploy.local.mailbox.faults import Fault, Stage
from deploy.local.ports import free_port
from services.notifications.app import create_app
from services.notifications.bounce_door import note
from services.notifications.bounces import BOUNCE_BYTES_MAX, read_bounce
from services.notifications.settings import Settings
from shared.events import EmailBounced, EmailSent
from shared.postgres import Database
from shared.service import RUNTIME
from tests.notifications.builders import (
    Notifications,
    account_mail,
    confirmed,
    notifications,
    refund_failed,
    refunded,
    running,
)
from tests.notifications.notices import GMAIL, SHAPES, notice
from tests.servers import fresh_database
from tests.waiting import eventually

TOKEN = "a token for bounces of 32 letters and more"


async def hand_in(service: Notifications, raw: bytes) -> bool:
    return await note(service.database, read_bounce(raw))


async def message_id_of(service: Notifications, kind: str = "confirmation") -> str:
    (message_id,) = [mail["message_id"] for mail in await service.mails() if mail["kind"] == kind]
    return str(message_id)


async def kinds_told(service: Notifications) -> list[str]:
    return [type(event).__name__ for event in await service.published()]


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_mail_that_came_back_is_stored_and_told_of_once(
    postgres_url: str, tmp_path: Path, shape: str
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        event = confirmed(email="Ana@Example.net")
        await service.receive(event)
        async with running(service.delivery):
            await service.settled()
        message_id = await message_id_of(service)
        raw = notice(SHAPES[shape], message_id=message_id, recipient="ana@example.NET")

        first = await hand_in(service, raw)
        again = await hand_in(service, raw)
        other = await hand_in(service, notice(GMAIL, message_id=message_id, status="5.2.2"))

        assert (first, again, other) == (True, False, False)
        (mail,) = await service.mails()
        assert (mail["state"], mail["answer"]) == ("bounced", "5.1.1")
        sent, bounced = await service.published()
        assert isinstance(sent, EmailSent)
        assert isinstance(bounced, EmailBounced)
        assert bounced.status_code == "5.1.1"
        ours = {"organization_id", "email_id", "registrant_id", "webinar_id", "kind", "message_id"}
        assert bounced.model_dump(include=ours) == sent.model_dump(include=ours)


async def test_the_same_bounce_handed_in_at_the_same_time_is_told_of_once(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())
        async with running(service.delivery):
            await service.settled()
        raw = notice(message_id=await message_id_of(service))

        taken = await asyncio.gather(*(hand_in(service, raw) for _ in range(5)))

        assert sorted(taken) == [False] * 4 + [True]
        assert await kinds_told(service) == ["EmailSent", "EmailBounced"]


@pytest.mark.parametrize(
    "change",
    [
        {"message_id": "<confirmation.other@example.org>"},
        {"recipient": "bo@example.net"},
        {"action": "delayed", "status": "4.4.1"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_is_not_about_our_mail_changes_nothing(
    postgres_url: str, tmp_path: Path, change: dict[str, str]
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())
        async with running(service.delivery):
            await service.settled()
        facts = {"message_id": await message_id_of(service)} | change

        assert not await hand_in(service, notice(**facts))

        assert await service.states() == {"confirmation": "sent"}
        assert await kinds_told(service) == ["EmailSent"]


async def test_a_mail_that_was_never_tried_cannot_have_come_back(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed())

        assert not await hand_in(service, notice(message_id=await message_id_of(service)))

        assert await service.states() == {"confirmation": "queued"}


async def test_a_copy_that_came_back_ends_the_tries(postgres_url: str, tmp_path: Path) -> None:
    async with notifications(postgres_url, tmp_path, retry_seconds=(3600,)) as service:
        service.mailbox.faults.waiting.append(Fault(at=Stage.MESSAGE, drop=True, stored=True))
        await service.receive(confirmed())

        async def is_put_off() -> bool:
            return any(mail["deferrals"] for mail in await service.mails())

        async with running(service.delivery):
            await eventually(is_put_off)
        assert await hand_in(service, notice(message_id=await message_id_of(service)))

        async with service.database.transaction() as connection:
            await connection.execute("UPDATE mails SET due_at = now()")
        async with running(service.delivery):
            # Another that is sent after it shows that the first is not tried again.
            await service.receive(confirmed(registrant_id=UUID(int=9)))
            await service.settled()
        assert len(service.received()) == 2
        assert await kinds_told(service) == ["EmailBounced", "EmailSent"]


async def test_an_account_mail_that_came_back_is_stored_and_nobody_is_told(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(account_mail())
        async with running(service.delivery):
            await service.settled()
        message_id = await message_id_of(service, "invitation")

        assert await hand_in(service, notice(message_id=message_id, recipient="bo@example.net"))

        (mail,) = await service.mails()
        assert (mail["state"], mail["answer"], mail["content"]) == ("bounced", "5.1.1", None)
        assert await kinds_told(service) == ["EmailSent"]


async def test_whom_a_refunds_mail_did_not_reach_is_not_told_that_it_failed(
    postgres_url: str, tmp_path: Path
) -> None:
    async with notifications(postgres_url, tmp_path) as service:
        await service.receive(confirmed(), refunded())
        async with running(service.delivery):
            await service.settled()
        assert await hand_in(service, notice(message_id=await message_id_of(service, "refund")))

        await service.receive(refund_failed())

        assert await service.states() == {"confirmation": "sent", "refund": "bounced"}


def settings_with(postgres_url: str, token: str | None) -> Settings:
    return Settings(
        postgres_url=SecretStr(postgres_url),
        nats_url=f"nats://127.0.0.1:{free_port()}",
        token_keys=SecretStr("k1:" + "x" * 32),
        port=0,
        smtp_host="127.0.0.1",
        smtp_port=free_port(),
        smtp_security="none",
        mail_from="Taquilla <tickets@example.org>",
        bounce_token=None if token is None else SecretStr(token),
    )


@dataclass
class Door:
    """The service's own door; a mail server that is not there keeps it from sending."""

    url: str
    database: Database
    headers: dict[str, str] = field(
        default_factory=lambda: {
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "message/rfc822",
        }
    )

    async def post(self, raw: Any, **headers: str | None) -> tuple[int, dict[str, Any]]:
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in sent.items() if value is not None}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=raw, headers=kept) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def add_sent_mail(self) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO mails (email_id, organization_id, registrant_id, webinar_id, kind, "
                "cause, state, message_id, recipient, claims) VALUES (gen_random_uuid(), "
                "gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'confirmation', '', "
                "'sent', '<confirmation.1@example.org>', 'ana@example.net', 1)"
            )

    async def stored(self) -> tuple[str, int]:
        """The mail's state, and how many events there are."""
        async with self.database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT (SELECT state FROM mails) AS state, (SELECT count(*) FROM outbox) AS told"
            )
        assert row is not None
        return row["state"], row["told"]


@contextlib.asynccontextmanager
async def open_door(postgres_url: str, token: str | None = TOKEN) -> AsyncIterator[Door]:
    async with fresh_database(postgres_url, "notifications") as made:
        app = create_app(settings_with(made["notifications"], token))
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/bounces"
            door = Door(url, app[RUNTIME].database)
            await door.add_sent_mail()
            yield door
        finally:
            await runner.cleanup()


async def test_the_door_takes_a_bounce_and_says_the_same_of_one_it_does_not_know(
    postgres_url: str,
) -> None:
    async with open_door(postgres_url) as door:
        unknown = await door.post(notice(message_id="<confirmation.2@example.org>"))
        ignored = await door.post(notice(action="delayed", status="4.4.1"))
        assert await door.stored() == ("sent", 0)
        known = await door.post(notice(), Content_Type="text/plain; charset=utf-8")
        again = await door.post(notice())

        assert unknown == ignored == known == again == (200, {"taken": True})
        assert await door.stored() == ("bounced", 1)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        "Bearer schlüssel",
    ],
)
async def test_without_the_token_nothing_is_read(
    postgres_url: str, authorization: str | None
) -> None:
    async with open_door(postgres_url) as door:
        status, problem = await door.post(notice(), Authorization=authorization)

        assert (status, problem["code"]) == (401, "unauthorized")
        assert await door.stored() == ("sent", 0)


async def test_where_no_token_is_set_there_is_no_door(postgres_url: str) -> None:
    async with open_door(postgres_url, token=None) as door:
        for authorization in (None, f"Bearer {TOKEN}", "Bearer None", "Bearer "):
            status, problem = await door.post(notice(), Authorization=authorization)
            assert (status, problem["code"]) == (404, "not_found")
        assert await door.stored() == ("sent", 0)


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "code"),
    [
        (b"", "message/rfc822", 422, "not_a_bounce"),
        (b"Subject: Out of office\r\n\r\nBack on Monday.", "text/plain", 422, "not_a_bounce"),
        (notice().replace(b"Action", b"Reaction"), "message/rfc822", 422, "not_a_bounce"),
        (notice(), "application/json", 415, "wrong_content_type"),
        (notice(), "application/x-www-form-urlencoded", 415, "wrong_content_type"),
        (b" " * (BOUNCE_BYTES_MAX + 1), "message/rfc822", 413, "body_too_large"),
    ],
)
async def test_what_is_no_bounce_is_refused_and_nothing_is_stored(
    postgres_url: str, raw: bytes, content_type: str, status: int, code: str
) -> None:
    async with open_door(postgres_url) as door:
        answered, problem = await door.post(raw, Content_Type=content_type)

        assert (answered, problem["code"]) == (status, code)
        assert await door.stored() == ("sent", 0)


async def test_a_mail_that_hides_its_size_is_refused_too(postgres_url: str) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * (BOUNCE_BYTES_MAX // 4)

    async with open_door(postgres_url) as door:
        assert (await door.post(drip()))[0] == 413
