"""The signed links that a registrant gets: to pay, to manage, to join. No I/O here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from shared.refusals import NotFound
from shared.tokens import BadToken, TokenSigner

TOKEN_LENGTH_MAX = 400
CONNECT_LIFETIME = timedelta(minutes=10)


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

    def webinar_url(self, webinar_id: UUID) -> str:
        """The public page to register on."""
        return f"{self.public_url}/w/{webinar_id}"

    def terms_url(self, webinar_id: UUID) -> str:
        """The organization's terms, as they are now."""
        return f"{self.webinar_url(webinar_id)}/terms"

    def connect_url(
        self, ticket_id: UUID, organization_id: UUID, *, person: str, now: datetime
    ) -> str:
        """Where payments connects the organization to Stripe; once, and for ten minutes."""
        expires = int((now + CONNECT_LIFETIME).timestamp())
        ticket = self.signer.sign("connect", f"{ticket_id}:{organization_id}:{person}:{expires}")
        return f"{self.payments_public_url}/connect?{urlencode({'ticket': ticket})}"

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
