"""Card testing: attempts of one network are counted under a name that is not its address."""

import hmac

from aiohttp import web

from services.payments.settings import PaymentsSettings
from shared.web import network_of


def network_name(request: web.Request, settings: PaymentsSettings) -> str | None:
    """A keyed hash of the caller's network (an IPv6 /64); None while nothing is limited."""
    if settings.attempts_per_network == 0:
        return None
    address = network_of(request, settings.proxies)
    key = settings.token_keys.get_secret_value().encode()
    return hmac.digest(key, f"network\0{address}".encode(), "sha256").hex()[:32]
