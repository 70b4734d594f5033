"""The page on which a registrant waits for Stripe's page, in their language."""

from aiohttp import web

from services.payments.desk import Desk
from services.payments.pages import page
from shared.localized import Language

REFRESH_SECONDS = 2


def waiting_page(desk: Desk, language: Language, *, next_url: str) -> web.Response:
    """200: a page that asks again by itself, also without scripts."""
    answer = _page(desk, "waiting", language, 200, next_url)
    answer.headers["Refresh"] = f"{REFRESH_SECONDS};url={next_url}"
    return answer


def missing_page(desk: Desk, language: Language) -> web.Response:
    """404: the token is none of ours."""
    return _page(desk, "missing", language, 404, None)


def _page(
    desk: Desk, name: str, language: Language, status: int, next_url: str | None
) -> web.Response:
    return page(
        "waiting.html",
        language,
        status=status,
        is_live=desk.stripe.is_live,
        is_https=desk.settings.public_url.startswith("https:"),
        name=name,
        next_url=next_url,
    )
