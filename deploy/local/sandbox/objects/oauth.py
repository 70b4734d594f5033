"""Connecting an existing account by OAuth: codes, tokens, and the end of a connection."""

from typing import Any
from urllib.parse import urlsplit

from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Choice, Text, Unused
from deploy.local.sandbox.api.refusals import Refusal
from deploy.local.sandbox.objects import accounts
from deploy.local.sandbox.sandbox import CLIENT_ID, Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject, new_id

CODE_SECONDS = 300
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class OAuthRefusal(Refusal):
    """OAuth's own shape: the error is a word, not an object."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(status, description)
        self._error = error
        self._description = description

    def body(self) -> dict[str, Any]:
        return {"error": self._error, "error_description": self._description}


def is_allowed_redirect(sandbox: Sandbox, address: str) -> bool:
    """Registered addresses, and anything on this machine, as test mode allows."""
    if address in sandbox.settings.redirect_uris:
        return True
    parts = urlsplit(address)
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


def grant(sandbox: Sandbox, account: Entry) -> str:
    """A code for an account whose owner agreed; good once and for five minutes."""
    code = new_id("ac_", 32)
    expires_at = sandbox.world.clock.seconds() + CODE_SECONDS
    sandbox.world.add(
        "oauth_code", account.id, {"id": code, "expires_at": expires_at, "is_used": False}
    )
    return code


def token(call: Call) -> JsonObject:
    if call.params.get("grant_type") == "refresh_token":
        return _refreshed(call)
    name = call.params.get("code", "")
    code = call.world.find("oauth_code", name)
    if code is None:
        raise OAuthRefusal("invalid_grant", f"Authorization code does not exist: {name}")
    if code.object["is_used"]:
        raise OAuthRefusal(
            "invalid_grant",
            "This authorization code has already been used. All tokens issued with this code have "
            "been revoked.",
        )
    if code.object["expires_at"] <= call.seconds:
        raise OAuthRefusal("invalid_grant", f"Authorization code expired: {name}")
    code.object["is_used"] = True
    call.world.save(code)
    account = call.world.get("account", code.account)
    if not account.hidden["connected"]:
        accounts.connect(call.sandbox, account)
    return _issue(call, account)


def _issue(call: Call, account: Entry) -> JsonObject:
    prefix = "sk_live_1" if call.sandbox.is_live else "sk_test_1"
    access = call.world.add("access_token", account.id, {"id": new_id(prefix, 24)})
    refresh = call.world.add("refresh_token", account.id, {"id": new_id("rt_", 24)})
    return {
        "access_token": access.id,
        "livemode": False,
        "refresh_token": refresh.id,
        "scope": "read_write",
        "stripe_publishable_key": new_id("pk_test_1", 24),
        "stripe_user_id": account.id,
        "token_type": "bearer",
    }


def _refreshed(call: Call) -> JsonObject:
    name = call.params.get("refresh_token", "")
    refresh = call.world.find("refresh_token", name)
    if refresh is None or not call.sandbox.is_connected(refresh.account):
        raise OAuthRefusal("invalid_grant", f"Refresh token does not exist: {name}")
    return _issue(call, call.world.get("account", refresh.account))


def deauthorize(call: Call) -> JsonObject:
    if call.params["client_id"] != CLIENT_ID:
        raise OAuthRefusal(
            "invalid_client", "No application matches the supplied client identifier", 401
        )
    account_id = call.params["stripe_user_id"]
    account = call.world.find("account", account_id)
    if account is None or account_id == PLATFORM or not account.hidden["connected"]:
        raise OAuthRefusal(
            "invalid_client",
            f"This application is not connected to stripe account {account_id}, or that account "
            "does not exist.",
            401,
        )
    accounts.disconnect(call.sandbox, account)
    return {"stripe_user_id": account_id}


OPERATIONS = [
    Operation(
        "POST",
        "/oauth/token",
        token,
        accepts(
            {
                "grant_type": Choice(("authorization_code", "refresh_token"), is_required=True),
                "code": Text(),
                "refresh_token": Text(),
                "client_secret": Unused(),
                "client_id": Unused(),
                "scope": Unused(),
            }
        ),
    ),
    Operation(
        "POST",
        "/oauth/deauthorize",
        deauthorize,
        accepts(
            {
                "client_id": Text(is_required=True),
                "stripe_user_id": Text(is_required=True),
                "client_secret": Unused(),
            }
        ),
    ),
]
