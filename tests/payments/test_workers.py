"""What runs beside the doors."""

import pytest

from services.payments.workers import count_exceptions, prune_events
from tests.payments.box_office import BoxOffice
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_bodies_of_events_go_after_35_days_but_never_unmerged(office: BoxOffice) -> None:
    await office.execute(
        "INSERT INTO stripe_events (stripe_event_id, type, body, source, received_at, "
        "processed_at, due_at) SELECT 'evt_' || age || kind, 'customer.created', '{}', 'webhook', "
        "now() - make_interval(days => age), CASE kind WHEN 'done' THEN now() END, NULL "
        "FROM (VALUES (34, 'done'), (36, 'done'), (36, 'waiting')) AS given (age, kind)"
    )

    await prune_events(office.desk)

    kept = await office.rows(
        "SELECT stripe_event_id FROM stripe_events WHERE type = 'customer.created' ORDER BY 1"
    )
    assert [row["stripe_event_id"] for row in kept] == ["evt_34done", "evt_36waiting"]


async def test_open_matters_are_counted_by_cause(office: BoxOffice) -> None:
    await office.execute(
        "INSERT INTO exceptions (cause, about, resolved_at) VALUES "
        "('odd_money', 'pi_1', NULL), ('odd_money', 'pi_2', NULL), ('odd_money', 'pi_3', now())"
    )

    await count_exceptions(office.desk)

    async with office.http.get(f"{office.url}/metrics") as answer:
        assert 'taquilla_payments_exceptions_open{cause="odd_money"} 2.0' in await answer.text()


async def test_readiness_names_what_the_service_needs(office: BoxOffice) -> None:
    async def ready() -> bool:
        async with office.http.get(f"{office.url}/readyz") as answer:
            found = await answer.json()
            return bool(
                answer.status == 200
                and found["needs"] == {"postgres": "ok", "nats": "ok", "stripe": "ok"}
            )

    await eventually(ready)


async def test_without_any_account_to_be_paid_into_it_is_not_ready(office: BoxOffice) -> None:
    settings = office.desk.settings
    kept = settings.stripe_organization_id
    settings.__dict__["stripe_organization_id"] = None
    async with office.http.get(f"{office.url}/readyz") as answer:
        found = await answer.json()
    settings.__dict__["stripe_organization_id"] = kept

    assert answer.status == 503
    assert "PAYMENTS_STRIPE_ORGANIZATION_ID" in found["needs"]["stripe"]


async def test_the_document_of_events_names_those_it_publishes_and_hears(
    office: BoxOffice,
) -> None:
    async with office.http.get(f"{office.url}/asyncapi.json") as answer:
        document = await answer.text()

    for subject in (
        "payments.payment.succeeded",
        "payments.refund.succeeded",
        "registration.registrant.created",
        "payments.command.refund",
    ):
        assert subject in document
