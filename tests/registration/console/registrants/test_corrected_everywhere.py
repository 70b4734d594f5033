"""What a correction in the console means to somebody who is paying, and to their later mails."""

from pathlib import Path

from shared.events import (
    PaymentSucceeded,
    Refunded,
    RegistrantCancelled,
    RegistrantConfirmed,
    RegistrantCorrected,
    RegistrantCreated,
    RegistrantMailRequested,
)
from tests.notifications.builders import notifications
from tests.payments.box_office import box_office
from tests.registration.console.browser import Browser
from tests.registration.console.registrants.people import named, person_path
from tests.registration.office import Office
from tests.registration.pages.counter import path_of


async def test_corrected_while_paying_they_come_back_to_a_living_page_and_read_of_the_refund(
    office: Office, organizer: Browser, postgres_url: str, nats_url: str, tmp_path: Path
) -> None:
    async with (
        box_office(
            postgres_url, nats_url, stripe_organization_id=office.organization_id
        ) as payments,
        notifications(postgres_url, tmp_path) as mails,
    ):
        ana = await named(office, await office.schedule(), "Ana Riuz", "ana@exmaple.org")
        (created,) = await office.told(RegistrantCreated)
        await payments.hear(created)
        session_id = await payments.open_checkout(created)

        typed = {"name": "Ana Ruiz", "email": "ana@example.org"}
        await organizer.post(person_path(office, ana, "correct"), typed)
        (corrected,) = await office.told(RegistrantCorrected)
        await payments.hear(corrected)
        await payments.stripe.pay(session_id)
        back = await payments.get(f"{payments.pay_path(created)}/return")

        assert back.location is not None
        assert (await organizer.get(path_of(created.manage_url))).status == 404
        assert (await organizer.get(path_of(back.location))).status == 200

        paid = await payments.told(PaymentSucceeded.subject, created)
        await office.deliver(paid)
        await office.organizer("POST", f"/api/v1/registrants/{ana.id}/cancel", {"notify": False})
        await organizer.post(
            person_path(office, ana, "correct"), typed | {"email": "ruiz@example.org"}
        )
        for kind in (
            RegistrantMailRequested,
            RegistrantConfirmed,
            RegistrantCancelled,
            RegistrantCorrected,
        ):
            await mails.receive(*await office.told(kind))
        assert isinstance(paid, PaymentSucceeded)
        await mails.receive(
            Refunded(
                **paid.model_dump(
                    include={
                        "organization_id",
                        "payment_id",
                        "registrant_id",
                        "webinar_id",
                        "amount_minor",
                        "currency",
                    }
                ),
                refund_id=ana.id,
                version=2,
                paid_minor=4900,
                refunded_minor=4900,
                origin="organizer",
                cause="organizer",
            )
        )

        (refund,) = [mail for mail in await mails.mails() if mail["kind"] == "refund"]
        assert refund["recipient"] == "ruiz@example.org"
