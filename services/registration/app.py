"""The registration service put together."""

import hashlib

from aiohttp import web

from services.registration.admission import Admission
from services.registration.handlers import subscribe
from services.registration.links import Links
from services.registration.pages.routes import add_page_routes
from services.registration.routes import add_routes
from services.registration.routes.table import DESK, Desk
from services.registration.settings import RegistrationSettings
from shared.service import Runtime, create_service_app
from shared.tokens import TokenSigner
from shared.web import parse_networks


def create_app(settings: RegistrationSettings) -> web.Application:
    """The application: routes, handlers and workers."""
    token_keys = settings.token_keys.get_secret_value()
    links = Links(
        TokenSigner.from_setting(token_keys), settings.public_url, settings.payments_public_url
    )

    async def prepare(app: web.Application, runtime: Runtime) -> None:
        app[DESK] = Desk(
            database=runtime.database,
            links=links,
            admission=Admission(
                runtime.database, links, holds_per_network=settings.holds_per_network
            ),
            network_secret=hashlib.sha256(token_keys.encode()).digest(),
            trusted_proxies=parse_networks(settings.trusted_proxies),
        )
        subscribe(runtime.bus, links)

    app = create_service_app("registration", settings, prepare=prepare)
    add_routes(app)
    add_page_routes(app, links)
    return app
