"""Stop and start again: what was done stays done."""

from pathlib import Path

import pytest

from tests.system.box import box_office, running_taquilla

pytestmark = pytest.mark.system


async def test_nothing_is_sent_or_charged_twice_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_taquilla(directory=data) as running:
        async with box_office(running) as box:
            registered = await box.buy(await box.schedule())
            await box.refund(registered, {"amount_minor": 500})
            before = await box.until_mails(registered, 2)
            demo = box.demo
    assert not (data / "demo.json").exists()

    with running_taquilla(directory=data) as running:
        async with box_office(running) as box:
            again = await box.buy(await box.schedule())
            await box.until_mails(again, 1)

            assert await box.mails(registered) == before
            assert len(await box.ledger(registered, "charge")) == 1
            assert len(await box.ledger(registered, "refund")) == 1
            seen = await box.registrant(registered)
            assert (seen["status"], seen["amount_refunded_minor"]) == ("confirmed", 500)
            for name in ("organization_id", "paid_webinar_id", "free_webinar_id", "api_token"):
                assert box.demo[name] == demo[name]
