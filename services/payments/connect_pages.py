"""The pages that someone sees who connects a Stripe account: what is true, then what to do."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.payments.accounts import Account

_FOLDER = Path(__file__).parent / "templates" / "connect"
_STYLE = (_FOLDER / "connect.css").read_bytes()
_templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
)
_HEADERS = {
    "Cache-Control": "no-store",
    # The address of the way back holds Stripe's code: it is told to nobody.
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
}

CONNECTED = "connected"
NOT_READ_YET = "Stripe’s answer about this account: it is asked again every few minutes"


@dataclass(frozen=True)
class ConnectPage:
    """One page; `outcome` and `detail` are enough to show it again."""

    outcome: str
    status: int
    heading: str
    text: str
    detail: str | None = None
    account: Account | None = None


BAD_LINK = ConnectPage(
    "bad_link",
    400,
    "This link does not work",
    "It is not one of ours, or a part of it is missing. Start again from the payment settings.",
)
USED_LINK = ConnectPage(
    "used_link",
    410,
    "This link has been used or is too old",
    "It works once, for 10 minutes. Start again from the payment settings.",
)
OTHER_BROWSER = ConnectPage(
    "other_browser",
    403,
    "This browser did not start the connection",
    "Come back from Stripe in the browser in which you left for it, and let it keep cookies. "
    "Nothing has changed.",
)
OPERATORS_KEY = ConnectPage(
    "operators_key",
    200,
    "This installation uses the operator’s Stripe key",
    "Nothing has to be connected here: payments go to the account that the key belongs to. "
    "To pay into another account, ask whoever runs this installation.",
)
STILL_LEAVING = ConnectPage(
    "still_leaving",
    409,
    "The account is still being disconnected",
    "Payments that were open are brought to their end first, which takes up to 40 minutes. "
    "Start again from the payment settings then.",
)
DENIED = ConnectPage(
    "denied",
    200,
    "You said no at Stripe",
    "Nothing has changed. You can start again from the payment settings at any time.",
)
UNANSWERED = ConnectPage(
    "unanswered",
    503,
    "Stripe did not answer",
    "The account is not connected yet. Start again from the payment settings in a moment; "
    "saying yes twice at Stripe does no harm.",
)
KEY_REFUSED = ConnectPage(
    "key_refused",
    503,
    "Stripe does not accept this installation’s key",
    "Nothing is connected. Whoever runs this installation finds the reason in the log of the "
    "payments service and with “taquilla doctor”.",
)

_BY_OUTCOME = {page.outcome: page for page in (USED_LINK, DENIED, UNANSWERED, KEY_REFUSED)}


def stripe_refused(code: str) -> ConnectPage:
    """Stripe ended the connection; its code is shown if it looks like one."""
    shown = code if code.isascii() and code.replace("_", "").isalnum() and len(code) < 60 else ""
    return ConnectPage(
        "stripe_refused",
        502,
        "Stripe did not connect the account",
        f"Stripe said: {shown}. Nothing has changed. Start again from the payment settings."
        if shown
        else "Nothing has changed. Start again from the payment settings.",
        detail=shown,
    )


def other_mode(problem: str) -> ConnectPage:
    """A test account for a live installation, or the other way round."""
    return ConnectPage(
        "other_mode",
        409,
        "The account was connected in the other mode",
        f"{problem} Nothing is connected here. Start again, and look at the switch for test mode "
        "at Stripe.",
        detail=problem,
    )


def taken(stripe_account_id: str) -> ConnectPage:
    """Another organization is paid into it already."""
    return ConnectPage(
        "taken",
        409,
        "This Stripe account belongs to another organization here",
        f"The account that ends in {stripe_account_id[-4:]} is already connected to another "
        "organization. Each organization is paid into an account of its own: choose another one at "
        "Stripe, or disconnect it there first.",
        detail=stripe_account_id,
    )


def another(stripe_account_id: str, problem: str) -> ConnectPage:
    """Not the account that the organization has; money never changes its way by accident."""
    return ConnectPage(
        "another",
        409,
        "That is another Stripe account",
        f"You chose the account that ends in {stripe_account_id[-4:]}. {problem} Nothing has "
        "changed here; at Stripe you can take back the right that you have just given, under "
        "installed apps.",
        detail=f"{stripe_account_id} {problem}",
    )


def connected(account: Account) -> ConnectPage:
    """The account by name and last characters, so that a wrong one is noticed now."""
    name = account.display_name or "Your Stripe account"
    return ConnectPage(
        CONNECTED,
        200,
        f"{name} is connected to Stripe",
        "You can now put a price on a webinar."
        if account.may_sell
        else "Before you can put a price on a webinar, Stripe needs something from you.",
        detail=account.stripe_account_id,
        account=account,
    )


def repeated(outcome: str | None, detail: str | None) -> ConnectPage:
    """The page that a first return was shown; without one its answer was lost on the way."""
    detail = detail or ""
    if outcome == "stripe_refused":
        return stripe_refused(detail)
    if outcome == "other_mode":
        return other_mode(detail)
    if outcome == "taken":
        return taken(detail)
    if outcome == "another":
        return another(*detail.split(" ", 1))
    return _BY_OUTCOME.get(outcome or "", UNANSWERED)


def answer(page: ConnectPage, *, is_live: bool, return_url: str | None) -> web.Response:
    """The page as HTML."""
    html = _templates.get_template("page.html").render(
        page=page, is_live=is_live, return_url=return_url
    )
    return web.Response(text=html, status=page.status, content_type="text/html", headers=_HEADERS)


async def style(_request: web.Request) -> web.Response:
    """GET /connect/connect.css"""
    return web.Response(
        body=_STYLE, content_type="text/css", headers={"Cache-Control": "max-age=3600"}
    )
