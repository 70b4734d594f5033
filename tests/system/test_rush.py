"""A rush on few seats, from two registration processes at once."""

import asyncio

import pytest

from deploy.bench.alone import run_load
from tests.system.box import Box

pytestmark = pytest.mark.system


async def test_ten_thousand_people_on_a_hundred_seats(box: Box) -> None:
    webinar = await box.schedule(capacity=100)
    doors = [box.demo["registration_url"], box.demo["replica_urls"]["registration-2"]]

    seen = await asyncio.gather(
        *(
            run_load(
                f"{door}/api/v1/webinars/{webinar['id']}/registrations",
                *("--count", "5000", "--seconds", "60", "--run", f"door{number}"),
            )
            for number, door in enumerate(doors)
        )
    )

    sold = sum(one["statuses"].get("201", 0) for one in seen)
    refused = sum(one["statuses"].get("409", 0) for one in seen)
    assert (sold, refused) == (100, 9_900)
    held = await box.query(
        "SELECT count(*) FROM registration.registrants WHERE webinar_id = $1::uuid AND holds_seat",
        webinar["id"],
    )
    assert held == 100
    status, answer = await box.call("GET", f"/webinars/{webinar['id']}")
    assert (status, answer["availability"]) == (200, "sold_out")
