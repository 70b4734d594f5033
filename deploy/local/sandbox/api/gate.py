"""The API's one door: who asks, what for, has it been asked before, and what goes wrong."""

import asyncio
import base64
import binascii
import json
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from deploy.local.sandbox.api.expansion import expanded
from deploy.local.sandbox.api.faults import AFTER_COMMIT, Faults, Rule
from deploy.local.sandbox.api.forms import read_pairs, tree
from deploy.local.sandbox.api.idempotency import Idempotency, check_key, fingerprint
from deploy.local.sandbox.api.operations import Call, Operations
from deploy.local.sandbox.api.pace import Pace
from deploy.local.sandbox.api.refusals import (
    Refusal,
    account_invalid,
    invalid_key,
    lock_timeout,
    no_key,
    rate_limited,
    server_error,
    unrecognized_url,
)
from deploy.local.sandbox.deliveries import in_live_mode
from deploy.local.sandbox.sandbox import API_VERSION, Sandbox
from deploy.local.sandbox.world import PLATFORM, new_id

_BODY_LIMIT = 1024 * 1024
_HANG_CHECK_SECONDS = 0.05


class CutOff(Exception):
    """A fault on order has cut the connection."""


@dataclass(slots=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Asked:
    """A request after it was read: by whom, for which account, and what."""

    method: str
    path: str
    account: str
    pairs: list[tuple[str, str]]
    tree: dict[str, Any]
    request_id: str
    idempotency_key: str | None
    base_url: str


class Gate:
    """Answers everything under /v1 and /v2."""

    def __init__(self, sandbox: Sandbox, operations: Operations) -> None:
        self.sandbox = sandbox
        self.faults = Faults()
        self.idempotency = Idempotency(sandbox.world)
        self._operations = operations
        self._pace = Pace(sandbox.settings)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        request_id = new_id("req_", 14)
        try:
            asked = await self._read(request, request_id)
        except Refusal as refusal:
            return self._respond(request, _refused(refusal, request.path), request_id, None)
        rules = self.faults.meeting(asked.method, asked.path, asked.account)
        try:
            self._pace.admit(asked.account, asked.method, asked.path)
            for rule in rules:
                await self._at_the_door(rule, request)
            try:
                answer = await self._execute(asked, rules)
            except Refusal as refusal:
                answer = _refused(refusal, asked.path)
            for rule in rules:
                if rule.fault in AFTER_COMMIT:
                    return await self._spoil(rule, request, answer, request_id)
        except Refusal as refusal:
            answer = _refused(refusal, asked.path)
        except CutOff:
            return web.Response(status=500)  # It reaches nobody: the connection is gone.
        return self._respond(request, answer, request_id, asked.idempotency_key)

    async def _read(self, request: web.Request, request_id: str) -> Asked:
        if not self.sandbox.base_url:
            self.sandbox.base_url = f"http://{request.host}"
        key = _key(request.headers.get("Authorization"), is_live=self.sandbox.is_live)
        account = request.headers.get("Stripe-Account") or self._owner(key)
        if not self.sandbox.is_connected(account):
            raise account_invalid(key, account)
        pairs = read_pairs(request.query_string) if request.query_string else []
        form: dict[str, Any] | None = None
        if request.can_read_body:
            body = await request.read()
            if len(body) > _BODY_LIMIT:
                raise Refusal(413, "Request body too large.")
            if request.content_type == "application/json":
                form = _json(body)
                pairs.append(("", body.decode()))
            else:
                try:
                    pairs += read_pairs(body.decode())
                except ValueError as wrong:
                    raise Refusal(400, "Invalid request body.") from wrong
        idempotency_key = request.headers.get("Idempotency-Key")
        if idempotency_key:
            check_key(idempotency_key)
        return Asked(
            method=request.method,
            path=request.path,
            account=account,
            pairs=pairs,
            tree=tree(pairs) if form is None else form,
            request_id=request_id,
            idempotency_key=idempotency_key if request.method == "POST" else None,
            base_url=self.sandbox.base_url,
        )

    def _owner(self, key: str) -> str:
        """Whose key it is: an OAuth access token is its account's, any other the platform's."""
        issued = self.sandbox.world.find("access_token", key)
        return PLATFORM if issued is None else issued.account

    async def _execute(self, asked: Asked, rules: list[Rule]) -> Answer:
        self.sandbox.world.agenda.run_due()
        key = asked.idempotency_key
        if not key:
            for rule in rules:
                if rule.fault == "slow_execution":
                    await asyncio.sleep(rule.wait())
            return self._run(asked, rules)
        print_of_request = fingerprint(asked.method, asked.path, asked.pairs)
        known = self.idempotency.find(asked.account, key, print_of_request)
        if known is not None:
            headers = {
                "Idempotent-Replayed": "true",
                "Original-Request": known.object["request_id"],
            }
            return Answer(known.object["status"], known.object["body"], headers)
        self.idempotency.begin(asked.account, key)
        try:
            for rule in rules:
                if rule.fault == "slow_execution":
                    await asyncio.sleep(rule.wait())
            try:
                answer = self._run(asked, rules)
            except Refusal as refusal:
                if not refusal.is_stored:
                    raise
                answer = _refused(refusal, asked.path)
            self.idempotency.keep(
                asked.account, key, print_of_request, asked.request_id, answer.status, answer.text
            )
        finally:
            self.idempotency.end(asked.account, key)
        return answer

    def _run(self, asked: Asked, rules: list[Rule]) -> Answer:
        stored_error = next((rule for rule in rules if rule.fault == "server_error_stored"), None)
        if stored_error is not None and not stored_error.executed:
            raise _stored_server_error()
        found = self._operations.find(asked.method, asked.path)
        if found is None:
            raise unrecognized_url(asked.method, asked.path)
        operation, ids = found
        params = operation.parameters.read(asked.tree, "")
        call = Call(
            sandbox=self.sandbox,
            account=asked.account,
            ids=ids,
            params=params,
            path=asked.path,
            base_url=asked.base_url,
            expand=params.pop("expand", []),
        )
        with self.sandbox.on_behalf_of(asked.request_id, asked.idempotency_key):
            thing = operation.run(call)
            if call.expand:
                thing = expanded(self.sandbox, thing, call.expand)
        if stored_error is not None:
            raise _stored_server_error()
        text = self.sandbox.to_json(thing)
        return Answer(200, in_live_mode(text) if self.sandbox.is_live else text)

    async def _at_the_door(self, rule: Rule, request: web.Request) -> None:
        match rule.fault:
            case "rate_limit":
                raise rate_limited(rule.reason)
            case "lock_timeout":
                raise lock_timeout()
            case "server_error":
                raise server_error()
            case "unavailable":
                raise Refusal(503, "Stripe is temporarily unavailable.", type="api_error")
            case "invalid_key":
                key = _key(request.headers.get("Authorization"), is_live=self.sandbox.is_live)
                raise invalid_key(key)
            case "timeout_before_commit":
                await _hang(rule, request)
            case "reset_before_commit":
                _reset(request)
            case "latency":
                await asyncio.sleep(rule.wait())

    async def _spoil(
        self, rule: Rule, request: web.Request, answer: Answer, request_id: str
    ) -> web.StreamResponse:
        match rule.fault:
            case "timeout_after_commit":
                await _hang(rule, request)
            case "reset_after_commit":
                _reset(request)
            case "truncated_body":
                return await self._truncated(request, answer, request_id)
        return web.Response(
            status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html"
        )

    async def _truncated(
        self, request: web.Request, answer: Answer, request_id: str
    ) -> web.StreamResponse:
        """Half of the body, and then silence where the rest was promised."""
        body = answer.text.encode()
        response = web.StreamResponse(
            status=answer.status,
            headers={
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Request-Id": request_id,
            },
        )
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close()
        return response

    def _respond(
        self,
        request: web.Request,
        answer: Answer,
        request_id: str,
        idempotency_key: str | None,
    ) -> web.Response:
        headers = {
            "Request-Id": request_id,
            "Stripe-Version": API_VERSION,
            **answer.headers,
        }
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
            headers.setdefault("Original-Request", request_id)
        account = request.headers.get("Stripe-Account")
        if account is not None:
            headers["Stripe-Account"] = account
        return web.Response(
            status=answer.status,
            body=answer.text.encode(),
            content_type="application/json",
            headers=headers,
        )


def _refused(refusal: Refusal, path: str) -> Answer:
    body = refusal.body()
    if path.startswith("/oauth/") and isinstance(body["error"], dict):
        body = {"error": "invalid_request", "error_description": body["error"]["message"]}
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return Answer(refusal.status, text, refusal.headers)


def _stored_server_error() -> Refusal:
    refusal = server_error()
    refusal.is_stored = True
    return refusal


def _key(header: str | None, *, is_live: bool) -> str:
    """The API key of a request; only keys of the mode that this is in open the door."""
    if not header:
        raise no_key()
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            credentials = base64.b64decode(credentials).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError) as wrong:
            raise no_key() from wrong
    elif scheme.lower() != "bearer":
        raise no_key()
    key = credentials.strip()
    if not key:
        raise no_key()
    mode = "live" if is_live else "test"
    if not key.startswith((f"sk_{mode}_", f"rk_{mode}_")) or len(key) < 9:
        raise invalid_key(key)
    return key


def _json(body: bytes) -> dict[str, Any]:
    """A JSON body as the tree that the same form would be."""
    try:
        value = json.loads(body or b"{}")
    except ValueError as wrong:
        raise Refusal(400, "Invalid JSON in the request body.") from wrong
    if not isinstance(value, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    fields: dict[str, Any] = _as_form(value)
    return fields


def _as_form(value: Any) -> Any:
    match value:
        case dict():
            return {str(name): _as_form(part) for name, part in value.items() if part is not None}
        case list():
            return {str(index): _as_form(part) for index, part in enumerate(value)}
        case bool():
            return "true" if value else "false"
    return str(value)


async def _hang(rule: Rule, request: web.Request) -> None:
    """Say nothing until the caller gives up, or the rule's limit has passed."""
    deadline = asyncio.get_running_loop().time() + rule.limit
    while asyncio.get_running_loop().time() < deadline:
        if request.transport is None or request.transport.is_closing():
            break
        await asyncio.sleep(_HANG_CHECK_SECONDS)
    _reset(request)


def _reset(request: web.Request) -> None:
    """Cut the connection with a reset, as a dying machine or proxy does."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    raise CutOff
