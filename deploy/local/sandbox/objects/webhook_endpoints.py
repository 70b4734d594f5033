"""Webhook endpoints: who is told what; the secret is shown once, when one is made."""

from deploy.local.sandbox.api.lists import page
from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import (
    Flag,
    Kind,
    Many,
    Metadata,
    Text,
    Url,
    merged_metadata,
)
from deploy.local.sandbox.api.refusals import Refusal, invalid_value
from deploy.local.sandbox.sandbox import API_VERSION, CLIENT_ID
from deploy.local.sandbox.world import Entry, JsonObject, new_id

MOST_ENDPOINTS = 16


def create(call: Call) -> JsonObject:
    given = call.params
    _check_events(given["enabled_events"])
    version = given.get("api_version", API_VERSION)
    if version != API_VERSION:
        raise invalid_value(
            "api_version",
            f"Invalid API version {version}. The sandbox renders events as {API_VERSION} only.",
        )
    existing = list(call.world.newest_first("webhook_endpoint", call.account))
    if len(existing) >= MOST_ENDPOINTS:
        raise Refusal(
            400, f"You have reached the maximum of {MOST_ENDPOINTS} test webhook endpoints."
        )
    is_connect = given.get("connect", False)
    secret = new_id("whsec_", 32)
    entry = call.world.add(
        "webhook_endpoint",
        call.account,
        {
            "id": new_id("we_1"),
            "object": "webhook_endpoint",
            "api_version": given.get("api_version"),
            "application": CLIENT_ID if is_connect else None,
            "created": call.seconds,
            "description": given.get("description"),
            "enabled_events": given["enabled_events"],
            "livemode": False,
            "metadata": given.get("metadata", {}),
            "status": "enabled",
            "url": given["url"],
        },
        {"secret": secret, "connect": is_connect},
    )
    return {**entry.object, "secret": secret}


def _check_events(types: list[str]) -> None:
    if not types:
        raise invalid_value("enabled_events", "You must choose at least one event.")
    if "*" in types and len(types) > 1:
        raise invalid_value(
            "enabled_events", "You can't use the wildcard `*` together with other events."
        )


def _entry(call: Call) -> Entry:
    return call.entry("webhook_endpoint", "webhook endpoint", param="webhook_endpoint")


def retrieve(call: Call) -> JsonObject:
    return _entry(call).object


def list_all(call: Call) -> JsonObject:
    return page(call, "webhook_endpoint")


def update(call: Call) -> JsonObject:
    entry, given = _entry(call), call.params
    if "enabled_events" in given:
        _check_events(given["enabled_events"])
    for name in ("description", "enabled_events", "url"):
        if name in given:
            entry.object[name] = given[name]
    if "disabled" in given:
        entry.object["status"] = "disabled" if given["disabled"] else "enabled"
    entry.object["metadata"] = merged_metadata(entry.object["metadata"], given.get("metadata"))
    call.world.save(entry)
    return entry.object


def delete(call: Call) -> JsonObject:
    entry = _entry(call)
    call.world.remove(entry)
    return {"id": entry.id, "object": "webhook_endpoint", "deleted": True}


_SHARED: dict[str, Kind] = {"description": Text(may_be_unset=True), "metadata": Metadata()}

OPERATIONS = [
    Operation(
        "POST",
        "/v1/webhook_endpoints",
        create,
        accepts(
            {
                **_SHARED,
                "url": Url(is_required=True),
                "enabled_events": Many(Text(), most=300, is_required=True),
                "api_version": Text(),
                "connect": Flag(),
            },
        ),
    ),
    Operation("GET", "/v1/webhook_endpoints", list_all, accepts(lists=True)),
    Operation("GET", "/v1/webhook_endpoints/:id", retrieve, accepts()),
    Operation(
        "POST",
        "/v1/webhook_endpoints/:id",
        update,
        accepts(
            {
                **_SHARED,
                "url": Url(),
                "enabled_events": Many(Text(), most=300),
                "disabled": Flag(),
            }
        ),
    ),
    Operation("DELETE", "/v1/webhook_endpoints/:id", delete, accepts()),
]
