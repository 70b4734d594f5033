"""The console's cookies: who is signed in, which browser is known, which forms are ours.

Each is `__Host-`: bound to this host, sent over TLS only (browsers make an exception for one's own
machine), out of reach for scripts.
"""

import hashlib
import hmac
import secrets

from aiohttp import web

from services.registration.people import SESSION_LIFETIME

SESSION = "__Host-taquilla"
KNOWN_BROWSER = "__Host-taquilla-known"
SIGNED_OUT_FORM = "__Host-taquilla-form"

_KNOWN_SECONDS = 365 * 24 * 3600
_LENGTH_MAX = 400


def read(request: web.Request, name: str) -> str | None:
    """A cookie's value, None without one that could be ours."""
    value = request.cookies.get(name)
    return value if value and value.isascii() and len(value) <= _LENGTH_MAX else None


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def csrf_of(token: str) -> str:
    """What a form of this browser carries: only who holds the cookie can know it."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()[:32]


def set_session(answer: web.StreamResponse, token: str) -> None:
    """Sign the browser in."""
    _set(answer, SESSION, token, int(SESSION_LIFETIME.total_seconds()))


def set_known_browser(answer: web.StreamResponse, token: str) -> None:
    """Let the browser be recognized at its next sign-in."""
    _set(answer, KNOWN_BROWSER, token, _KNOWN_SECONDS)


def set_signed_out_form(answer: web.StreamResponse, token: str) -> None:
    """Bind the forms of a page before sign-in to the browser that it was made for."""
    _set(answer, SIGNED_OUT_FORM, token, None)


def end_session(answer: web.StreamResponse) -> None:
    """Sign the browser out."""
    answer.del_cookie(SESSION, path="/", secure=True, httponly=True, samesite="Lax")


def _set(answer: web.StreamResponse, name: str, value: str, max_age: int | None) -> None:
    answer.set_cookie(
        name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Lax"
    )
