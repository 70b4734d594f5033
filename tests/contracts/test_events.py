"""What was once sent must stay readable: every event keeps its first message in this folder."""

import json
from pathlib import Path

import pytest

from shared.events import EVENTS, SERVICES, Event, subjects_of

FOLDER = Path(__file__).parent


def golden_file(event: type[Event]) -> Path:
    return FOLDER / f"{event.subject}.json"


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_an_old_message_still_means_what_it_said(event: type[Event]) -> None:
    body = golden_file(event).read_bytes()

    understood = json.loads(event.model_validate_json(body).model_dump_json())

    assert understood.items() >= json.loads(body).items()


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_unknown_fields_of_newer_senders_are_ignored(event: type[Event]) -> None:
    body = json.loads(golden_file(event).read_bytes()) | {"added_in_a_later_version": {"a": [1]}}

    assert event.model_validate(body)


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_what_was_added_later_is_optional(event: type[Event]) -> None:
    known_from_the_start = set(json.loads(golden_file(event).read_bytes()))

    required = {name for name, field in event.model_fields.items() if field.is_required()}

    assert required <= known_from_the_start


def test_every_subject_belongs_to_one_service() -> None:
    assert sorted(EVENTS) == sorted(
        subject for service in SERVICES for subject in subjects_of(service)
    )


def test_the_given_names_stand() -> None:
    names = {event.__name__ for event in EVENTS.values()}

    assert {"RegistrantCreated", "PaymentSucceeded", "Refunded"} <= names


def test_no_golden_message_is_left_without_its_event() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(EVENTS)
