import json
import logging

import pytest
import structlog

from shared.telemetry import configure_logging


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def] # A generator of a closure.
    handlers = logging.getLogger().handlers[:]
    structlog.reset_defaults()
    configure_logging("payments")
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logging.getLogger().handlers[:] = handlers
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def test_a_line_is_one_json_document_with_its_service(lines) -> None:  # type: ignore[no-untyped-def] # Fixture.
    with structlog.contextvars.bound_contextvars(event_id="e1", registrant_id="r1"):
        structlog.get_logger().info("handled", count=2)

    [line] = lines()
    assert line["event"] == "handled"
    assert (line["service"], line["event_id"], line["registrant_id"]) == ("payments", "e1", "r1")


def test_names_addresses_and_secrets_are_never_written(lines) -> None:  # type: ignore[no-untyped-def] # Fixture.
    structlog.get_logger().warning("x", name="Ana", email="ana@example.org", token="tq_1")

    written = str(lines())
    assert "[personal]" in written
    assert not any(secret in written for secret in ("Ana", "ana@", "tq_1"))


def test_a_library_s_arguments_are_not_written(lines) -> None:  # type: ignore[no-untyped-def] # Fixture.
    logging.getLogger("library").warning("cannot reach %s", "ana@example.org")

    [line] = lines()
    assert line["template"] == "cannot reach %s"
    assert "ana@" not in json.dumps(line)


def test_a_fault_is_written_without_the_values_it_met(lines) -> None:  # type: ignore[no-untyped-def] # Fixture.
    def fail(address: str) -> None:
        raise ValueError("no seat")

    try:
        fail("ana@" + "example.org")
    except ValueError:
        structlog.get_logger().exception("fault")

    [line] = lines()
    assert line["exception"][0]["exc_value"] == "no seat"
    assert "ana@example.org" not in json.dumps(line)
