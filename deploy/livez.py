"""Exits 0 if the service in this container answers /livez: the images have no curl.

Takes a port as its argument, else the one of the service that $SERVICE names.
"""

import http.client
import os
import sys

PORTS = {"registration": 8080, "payments": 8081, "notifications": 8082}
ANSWER_SECONDS = 2


def main() -> int:
    """0 for a 200, 1 for anything else."""
    service = os.environ.get("SERVICE", "")
    port = (
        sys.argv[1]
        if len(sys.argv) > 1
        else os.environ.get(f"{service.upper()}_PORT", PORTS.get(service))
    )
    if port is None:
        sys.stderr.write("usage: livez.py [port], or set SERVICE\n")
        return 1
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/livez")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException) as failure:
        sys.stderr.write(f"no answer: {failure}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
