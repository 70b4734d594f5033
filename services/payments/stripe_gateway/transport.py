"""How bytes reach Stripe: aiohttp under the SDK, every failure of the network in one form."""

import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
import stripe

CONNECTIONS_MAX = 32
CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
ANSWER_BYTES_MAX = 16 * 1024 * 1024


class BodyTooLarge(aiohttp.ClientError):
    """An answer of this size is none of Stripe's."""


class Transport(stripe.HTTPClient):
    """One pool of connections for one event loop; it is made inside that loop.

    The SDK's own aiohttp client lets a truncated or hanging body out as an aiohttp exception,
    follows redirects, and waits for 80 seconds.
    """

    name = "aiohttp"

    def __init__(self, *, is_tls: bool) -> None:
        super().__init__()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS_MAX,
                # The authorities that Stripe ships: a slim container may have none of its own.
                ssl=ssl.create_default_context(cafile=stripe.ca_bundle_path) if is_tls else True,
            ),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The whole answer; raises stripe.APIConnectionError whenever there is none."""
        try:
            async with self._session.request(
                method, url, headers=headers, data=post_data, allow_redirects=False
            ) as response:
                return await _read(response), response.status, response.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            raise _no_answer(failure) from failure

    async def close_async(self) -> None:
        await self._session.close()


def _no_answer(failure: Exception) -> stripe.APIConnectionError:
    kind: Any = stripe.APIConnectionError  # Its constructor has no types.
    connection_error: stripe.APIConnectionError = kind(f"No answer: {type(failure).__name__}.")
    return connection_error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise BodyTooLarge(BodyTooLarge.__doc__)
    return bytes(body)
