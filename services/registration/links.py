"""The signed links that a registrant gets: to pay, to manage, to join. No I/O here."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

from shared.refusals import NotFound
from shared.tokens import BadToken, TokenSigner

TOKEN_LENGTH_MAX = 400
CONNECT_LIFETIME = timedelta(minutes=10)

ConnectWay = Literal["oauth", "onboarding", "key"]
"""By an account that exists, by one that Stripe makes, or by the operator's own key."""

_OWN_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9._~/?=&%-]*")


@dataclass(frozen=True)
class Links:
    """Makes links and reads their tokens; a raised link version kills the older links."""

    signer: TokenSigner
    public_url: str
    payments_public_url: str

    def pay_url(self, registrant_id: UUID) -> str:
        """Where payments takes the money."""
        return f"{self.payments_public_url}/pay/{self.signer.sign('pay', str(registrant_id))}"

    def manage_url(self, registrant_id: UUID, link_version: int = 1) -> str:
        """The registrant's own page."""
        token = self.signer.sign("manage", f"{registrant_id}:{link_version}")
        return f"{self.public_url}/r/{token}"

    def join_url(self, registrant_id: UUID, link_version: int = 1) -> str:
        """Where the registrant joins; works for confirmed registrants only."""
        token = self.signer.sign("join", f"{registrant_id}:{link_version}")
        return f"{self.public_url}/j/{token}"

    def rehearsal_path(self, organization_id: UUID, webinar_id: UUID) -> str:
        """Where an organizer sees how far a rehearsal has come."""
        return f"/console/{organization_id}/webinars/{webinar_id}/rehearsal"

    def webinar_url(self, webinar_id: UUID) -> str:
        """The public page to register on."""
        return f"{self.public_url}/w/{webinar_id}"

    def embed_url(self, webinar_id: UUID) -> str:
        """The form for a frame on the organization's own pages."""
        return f"{self.webinar_url(webinar_id)}/embed"

    def terms_url(self, webinar_id: UUID) -> str:
        """The organization's terms, as they are now."""
        return f"{self.webinar_url(webinar_id)}/terms"

    def connect_url(
        self,
        ticket_id: UUID,
        organization_id: UUID,
        *,
        person: str,
        now: datetime,
        way: ConnectWay | None = None,
        return_path: str | None = None,
        locale: str | None = None,
        organization_name: str | None = None,
    ) -> str:
        """Where payments connects the organization to Stripe; once, and for ten minutes.

        Without a way the person chooses one there. The return path, one of our own pages, is
        where they come back to.
        """
        if return_path is not None and not is_own_path(return_path):
            raise ValueError("the way back must be a path of this service")
        ticket = {
            "ticket_id": str(ticket_id),
            "organization_id": str(organization_id),
            "person": person,
            "expires": int((now + CONNECT_LIFETIME).timestamp()),
            "way": way,
            "return_url": None if return_path is None else self.public_url + return_path,
            "locale": locale,
            "organization_name": organization_name,
        }
        given = {name: value for name, value in ticket.items() if value is not None}
        signed = self.signer.sign("connect", json.dumps(given, ensure_ascii=False))
        return f"{self.payments_public_url}/connect?{urlencode({'ticket': signed})}"

    def read_manage(self, token: str) -> tuple[UUID, int]:
        """Registrant and link version of a manage token; raises NotFound."""
        return self._read("manage", token)

    def read_join(self, token: str) -> tuple[UUID, int]:
        """Registrant and link version of a join token; raises NotFound."""
        return self._read("join", token)

    def _read(self, purpose: str, token: str) -> tuple[UUID, int]:
        if len(token) > TOKEN_LENGTH_MAX:
            raise NotFound
        try:
            registrant_id, _, link_version = self.signer.verify(purpose, token).partition(":")
        except BadToken:
            raise NotFound from None
        return UUID(registrant_id), int(link_version)


def is_own_path(path: str) -> bool:
    """Whether a path stays below our own address wherever a browser reads it."""
    return _OWN_PATH.fullmatch(path) is not None
