"""Signed tokens that one service makes and another trusts, each for one purpose and one key id."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

SECRET_LENGTH_MIN = 32
_SIGNATURE_BYTES = 16  # 128 bits of HMAC-SHA-256.


class BadToken(ValueError):
    """The token was not signed by us for this purpose."""


class BadTokenKeys(ValueError):
    """TAQUILLA_TOKEN_KEYS is not `kid:secret[,kid:secret]`, secrets of 32 characters or more."""


@dataclass(frozen=True)
class TokenSigner:
    """Signs short payloads; the first key signs, every key verifies, so keys can be rotated.

    A token is `<payload>.<key id>.<signature>` in URL-safe characters. The purpose is part of
    what is signed: a token made to pay cannot be used to cancel.
    """

    keys: Mapping[str, bytes]
    signing_key_id: str

    @classmethod
    def from_setting(cls, setting: str) -> "TokenSigner":
        """Read `kid:secret,kid2:secret2`; raises BadTokenKeys."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in setting.split(","))):
            key_id, _, secret = part.partition(":")
            if not key_id.isalnum() or len(secret) < SECRET_LENGTH_MIN:
                raise BadTokenKeys(BadTokenKeys.__doc__)
            keys[key_id] = hashlib.sha256(secret.encode()).digest()
        if not keys:
            raise BadTokenKeys(BadTokenKeys.__doc__)
        return cls(keys, next(iter(keys)))

    def sign(self, purpose: str, payload: str) -> str:
        """A token for the payload, which stays readable to whoever holds the token."""
        body = _encode(payload.encode())
        return f"{body}.{self.signing_key_id}.{self._signature(self.signing_key_id, purpose, body)}"

    def verify(self, purpose: str, token: str) -> str:
        """The payload of a token of this purpose; raises BadToken."""
        body, _, rest = token.partition(".")
        key_id, _, signature = rest.partition(".")
        if key_id not in self.keys or not token.isascii():
            raise BadToken(BadToken.__doc__)
        if not hmac.compare_digest(signature, self._signature(key_id, purpose, body)):
            raise BadToken(BadToken.__doc__)
        return _decode(body).decode()

    def _signature(self, key_id: str, purpose: str, body: str) -> str:
        digest = hmac.digest(self.keys[key_id], f"{purpose}\0{body}".encode(), "sha256")
        return _encode(digest[:_SIGNATURE_BYTES])


def new_secret() -> str:
    """32 random bytes in URL-safe characters."""
    return secrets.token_urlsafe(32)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
