"""The payments service put together."""

from collections.abc import AsyncIterator
from uuid import UUID

import structlog
from aiohttp import web

from services.payments import metrics
from services.payments.account_checks import AccountChecks
from services.payments.commands import Commands
from services.payments.connect import ConnectDoors
from services.payments.desk import DESK, Desk
from services.payments.handlers import Handlers
from services.payments.pacing import Pacer
from services.payments.rehearsals import PlayMoney
from services.payments.routes import add_routes
from services.payments.settings import PaymentsSettings
from services.payments.store.attempts import close_attempts_of
from services.payments.stripe_gateway import StripeGateway
from services.payments.workers import start_workers
from shared.postgres import Connection
from shared.service import Runtime, create_service_app
from shared.tokens import TokenSigner

log = structlog.get_logger(__name__)


class StripeNotConfigured(Exception):
    """No account can take payments: set PAYMENTS_STRIPE_ORGANIZATION_ID or _CLIENT_ID."""


class StripeKeyRefused(Exception):
    """Stripe does not accept PAYMENTS_STRIPE_SECRET_KEY; payments wait until it does."""


def create_app(settings: PaymentsSettings) -> web.Application:
    """The application: doors, handlers and workers."""
    signer = TokenSigner.from_setting(settings.token_keys.get_secret_value())
    gateways: list[StripeGateway] = []

    async def hold_stripe(app: web.Application) -> AsyncIterator[None]:
        # Made inside the loop that uses it, before everything that calls, closed after it.
        stripe = StripeGateway(
            settings.stripe_secret_key.get_secret_value(),
            api_url=settings.stripe_api_url,
            connect_url=settings.stripe_connect_url,
            client_id=settings.stripe_client_id,
            has_test_key=settings.rehearsal_key is not None,
        )
        gateways.append(stripe)
        if settings.rehearsal_key is not None:
            gateways.append(
                StripeGateway(
                    settings.rehearsal_key,
                    api_url=settings.stripe_api_url,
                    connect_url=settings.stripe_connect_url,
                    refused_gauge=metrics.stripe_test_key_refused,
                )
            )
        yield
        await app[DESK].crew.stop()
        await app[DESK].money_crew.stop()
        for gateway in gateways:
            await gateway.close()

    async def prepare(app: web.Application, runtime: Runtime) -> None:
        desk = app[DESK] = Desk(
            settings=settings,
            database=runtime.database,
            stripe=gateways[0],
            signer=signer,
            pacer=Pacer(settings.stripe_requests_per_second),
            play_money=PlayMoney(gateways[1]) if len(gateways) > 1 else None,
        )
        runtime.checks["stripe"] = lambda: _stripe_is_usable(settings, desk.stripe)
        if settings.stripe_test_secret_key is not None and desk.play_money is None:
            log.warning(
                "PAYMENTS_STRIPE_TEST_SECRET_KEY is ignored: PAYMENTS_STRIPE_SECRET_KEY is a test "
                "key itself, so rehearsals charge nobody"
            )
        if not settings.webhook_secrets:
            log.warning("no webhooks are taken: everything is learnt by reconciliation")
        metrics.webhooks_closed.set(0 if settings.webhook_secrets else 1)
        ConnectDoors(
            database=runtime.database,
            gateway=desk.stripe,
            signer=signer,
            public_url=settings.public_url,
            own_organization_id=settings.stripe_organization_id,
        ).add_to(app)
        Handlers(desk).subscribe(runtime.bus)
        Commands(desk).subscribe(runtime.bus)

        async def end_attempts(connection: Connection, organization_id: UUID) -> bool:
            is_open = await close_attempts_of(connection, organization_id) > 0
            desk.wakes.attempts.set()
            return is_open

        start_workers(
            runtime,
            desk,
            AccountChecks(
                runtime.database,
                desk.stripe,
                own_organization_id=settings.stripe_organization_id,
                has_open_attempts=end_attempts,
            ),
        )

    app = create_service_app("payments", settings, prepare=prepare)
    app.cleanup_ctx.insert(0, hold_stripe)
    add_routes(app)
    return app


async def _stripe_is_usable(settings: PaymentsSettings, stripe: StripeGateway) -> None:
    """No call: a probe that calls Stripe would spend what registrants need."""
    if settings.stripe_organization_id is None and settings.stripe_client_id is None:
        raise StripeNotConfigured(StripeNotConfigured.__doc__)
    if stripe.key.is_refused:
        raise StripeKeyRefused(StripeKeyRefused.__doc__)
