"""The page on which a registrant waits for Stripe's page, in their language."""

from aiohttp import web

from services.payments.desk import Desk
from services.payments.pages import page
from shared.localized import Language

REFRESH_SECONDS = 2


def waiting_page(
    desk: Desk, language: Language, *, next_url: str, is_rehearsal: bool = False
) -> web.Response:
    """200: a page that asks again by itself, also without scripts."""
    is_live = desk.stripe.is_live and not (is_rehearsal and desk.play_money is not None)
    answer = _page(desk, "waiting", language, 200, next_url, is_live=is_live)
    answer.headers["Refresh"] = f"{REFRESH_SECONDS};url={next_url}"
    return answer


def missing_page(desk: Desk, language: Language) -> web.Response:
    """404: the token is none of ours."""
    return _page(desk, "missing", language, 404, None, is_live=desk.stripe.is_live)


def _page(
    desk: Desk,
    name: str,
    language: Language,
    status: int,
    next_url: str | None,
    *,
    is_live: bool,
) -> web.Response:
    return page(
        "waiting.html",
        language,
        status=status,
        is_live=is_live,
        is_https=desk.settings.public_url.startswith("https:"),
        name=name,
        next_url=next_url,
    )
