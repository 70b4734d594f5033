"""Where an operator's mail server hands in the mails that came back: `POST /bounces`."""

import asyncio
import hmac
from collections.abc import Callable

import structlog
from aiohttp import web

from services.notifications import measures, store
from services.notifications.bounces import BOUNCE_BYTES_MAX, Bounce, read_bounce
from shared import outbox
from shared.events import EmailBounced
from shared.postgres import Database
from shared.refusals import Refusal, Unauthorized
from shared.service import RUNTIME
from shared.web import BodyTooLarge, json_answer, read_bytes

log = structlog.get_logger(__name__)

PATH = "/bounces"


class NotAMail(Refusal):
    """Send the mail as it came, as message/rfc822."""

    status = 415
    code = "wrong_content_type"


class BounceTooLarge(Refusal):
    """The mail is larger than 256 KiB."""

    status = 413
    code = "body_too_large"


class BounceDoor:
    """Takes bounces from whoever has the token; `wake` is called when one has set a mail free."""

    def __init__(self, token: str, wake: Callable[[], None]) -> None:
        self._token = token.encode()
        self._wake = wake
        self._turn = asyncio.Lock()

    async def take(self, request: web.Request) -> web.Response:
        """POST /bounces. What is known here is not told: whatever is a bounce gets one answer."""
        if not self._is_authorized(request):
            raise Unauthorized("Send the token for bounces: Authorization: Bearer <token>.")
        if request.content_type != "message/rfc822" and not request.content_type.startswith(
            "text/"
        ):
            raise NotAMail
        try:
            raw = await read_bytes(request, BOUNCE_BYTES_MAX)
        except BodyTooLarge:
            raise BounceTooLarge from None
        # Strangers write these: one at a time, and mails go out meanwhile.
        async with self._turn:
            bounce = await asyncio.to_thread(read_bounce, raw)
        is_known = await note(request.app[RUNTIME].database, bounce)
        result = "recognised" if is_known else "unknown" if bounce.failures else "ignored"
        measures.bounces.labels(result).inc()
        if is_known:
            self._wake()
        return json_answer({"taken": True})

    def _is_authorized(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        sent = token.strip().encode(errors="surrogateescape")
        return hmac.compare_digest(sent, self._token) and scheme.lower() == "bearer"


async def note(database: Database, bounce: Bounce) -> bool:
    """Store that a mail of ours came back and tell of it, once; whether there was one."""
    if bounce.message_id is None or not bounce.failures:
        return False
    async with database.transaction() as connection:
        bounced = await store.note_bounce(connection, bounce.message_id, bounce.failures)
        await outbox.enqueue(
            connection,
            *(
                EmailBounced(
                    organization_id=mail.organization_id,
                    email_id=mail.email_id,
                    registrant_id=mail.registrant_id,
                    webinar_id=mail.webinar_id,
                    kind=mail.kind,
                    message_id=bounce.message_id,
                    status_code=mail.status_code,
                )
                for mail in bounced
                # Mails to people who sign in are nobody's registrant's.
                if mail.registrant_id is not None
            ),
        )
    for mail in bounced:
        log.info("mail bounced", email_id=str(mail.email_id), status_code=mail.status_code)
    return bool(bounced)
