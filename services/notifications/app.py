"""Puts the service together."""

from aiohttp import web

from services.notifications import measures, store
from services.notifications.bounce_door import PATH, BounceDoor
from services.notifications.delivery import Delivery
from services.notifications.handlers import Handlers
from services.notifications.mailer import Mailer
from services.notifications.previews import Previews
from services.notifications.rendering import Sender
from services.notifications.settings import Settings
from shared import retention
from shared.service import Runtime, create_service_app
from shared.workers import run_worker

MEASURE_SECONDS = 15

DELIVERY: web.AppKey[Delivery] = web.AppKey("delivery", Delivery)


def create_app(settings: Settings) -> web.Application:
    """The application; nothing is connected before it starts."""
    sender = Sender.from_setting(settings.mail_from)

    async def prepare(app: web.Application, runtime: Runtime) -> None:
        database = runtime.database
        password = settings.smtp_password
        mailer = Mailer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=sender.address,
            security=settings.smtp_security,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            connections=settings.smtp_connections,
        )
        delivery = app[DELIVERY] = Delivery(database, mailer)

        async def measure() -> int:
            measures.show_unsettled(await store.count_unsettled(database))
            return 0

        Handlers(sender, delivery.wake.set).subscribe(runtime.bus)
        Previews(sender).answer_on(runtime.bus)
        runtime.checks["smtp"] = mailer.check
        runtime.run("delivery", delivery.run)
        runtime.run(
            "measures", lambda: run_worker("measures", measure, idle_seconds=MEASURE_SECONDS)
        )
        runtime.run(
            "mail retention",
            lambda: run_worker(
                "mail retention",
                lambda: store.prune(database),
                idle_seconds=retention.EVERY_SECONDS,
            ),
        )
        runtime.run(
            "late mails",
            lambda: run_worker(
                "late mails", lambda: store.withdraw_late(database), idle_seconds=MEASURE_SECONDS
            ),
        )

    async def finish(app: web.Application) -> None:
        if DELIVERY in app:
            await app[DELIVERY].finish()

    app = create_service_app("notifications", settings, prepare=prepare)
    app.on_shutdown.append(finish)
    if settings.bounce_token:
        door = BounceDoor(
            settings.bounce_token.get_secret_value(), lambda: app[DELIVERY].wake.set()
        )
        app.router.add_post(PATH, door.take)
    return app
