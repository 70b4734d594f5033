"""A handler that does nothing: reads and parses the same body, answers the same JSON.

What it reaches is what aiohttp leaves for us to spend.
"""

import argparse
import json

import uvloop
from aiohttp import web

ANSWER = {
    "id": "9b2f0a54-6a53-4f43-9f6e-0d3a2f8f6c11",
    "status": "awaiting_payment",
    "amount_minor": 4900,
    "currency": "EUR",
    "pay_url": "http://127.0.0.1:8081/pay/" + "p" * 75,
    "manage_url": "http://127.0.0.1:8080/r/" + "m" * 78,
    "pay_by": "2026-11-23T18:15:00.000000Z",
}


async def register(request: web.Request) -> web.Response:
    """The same bytes in and out as an admission, and nothing in between."""
    json.loads(await request.read())
    return web.Response(
        body=json.dumps(ANSWER).encode(), status=201, content_type="application/json"
    )


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    app = web.Application()
    app.router.add_post("/api/v1/webinars/{id}/registrations", register)
    web.run_app(
        app,
        host="127.0.0.1",
        port=chosen.port,
        access_log=None,
        print=None,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
