from typing import Any

import pytest

from services.registration.pages.join_page import join_view, obstacle_of
from tests.registration.pages.builders import (
    CANCELLED,
    CONFIRMED,
    LINKS,
    RELEASED,
    registrant_facts,
    webinar,
)


def test_a_confirmed_registrant_with_the_newest_link_goes_in() -> None:
    assert obstacle_of(registrant_facts(**CONFIRMED), 1) is None


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({}, "unpaid"),
        (RELEASED, "released"),
        (CANCELLED, "cancelled"),
        (CONFIRMED | {"link_version": 2}, "replaced"),
        (CONFIRMED | {"event": webinar(status="cancelled")}, "event_cancelled"),
        (CONFIRMED | {"event": webinar(join_url=None)}, "no_room"),
        (CONFIRMED | {"event": webinar(join_url="javascript:alert(1)")}, "no_room"),
    ],
)
def test_everybody_else_is_told_why_not(changes: dict[str, Any], obstacle: str) -> None:
    assert obstacle_of(registrant_facts(**changes), 1) == obstacle


def test_a_forwarded_join_link_does_not_show_how_to_cancel() -> None:
    shown = join_view(registrant_facts(**CANCELLED), 1, LINKS)

    assert not [value for value in shown.values() if "/r/" in str(value)]
