"""The pages that someone sees who connects a Stripe account: what is true, then what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from services.payments.accounts import Account
from services.payments.words import say
from shared.localized import Language

CONNECTED = "connected"


@dataclass(frozen=True)
class ConnectPage:
    """One page; `outcome` and `detail` are enough to show it again."""

    outcome: str
    status: int
    detail: str | None = None
    account: Account | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def heading(self, language: Language) -> str:
        """What is true."""
        if self.outcome == CONNECTED and not self.values:
            return say(language, "connect.connected_unnamed")
        return say(language, f"connect.{self.outcome}", **self.values)

    def text(self, language: Language) -> str:
        """What to do."""
        if self.outcome == "other_mode":
            modes = {
                name: say(language, f"connect.mode_{mode}") for name, mode in self.values.items()
            }
            return say(language, "connect.other_mode_text", **modes)
        if self.outcome == CONNECTED and not (self.account and self.account.may_sell):
            return say(language, "connect.connected_waiting_text")
        said = say(language, f"connect.{self.outcome}_text", **self.values)
        if self.outcome == "stripe_refused" and self.detail:
            return f"{say(language, 'connect.stripe_refused_code', code=self.detail)} {said}"
        return said


BAD_LINK = ConnectPage("bad_link", 400)
USED_LINK = ConnectPage("used_link", 410)
OTHER_BROWSER = ConnectPage("other_browser", 403)
OPERATORS_KEY = ConnectPage("operators_key", 200)
STILL_LEAVING = ConnectPage("still_leaving", 409)
DENIED = ConnectPage("denied", 200)
UNANSWERED = ConnectPage("unanswered", 503)
KEY_REFUSED = ConnectPage("key_refused", 503)

_BY_OUTCOME = {page.outcome: page for page in (USED_LINK, DENIED, UNANSWERED, KEY_REFUSED)}


def stripe_refused(code: str) -> ConnectPage:
    """Stripe ended the connection; its code is shown if it looks like one."""
    is_code = code.isascii() and code.replace("_", "").isalnum() and len(code) < 60
    return ConnectPage("stripe_refused", 502, detail=code if is_code else "")


def other_mode(*, is_live_here: bool) -> ConnectPage:
    """A test account for a live installation, or the other way round."""
    ours, theirs = ("live", "test") if is_live_here else ("test", "live")
    return ConnectPage("other_mode", 409, detail=ours, values={"ours": ours, "theirs": theirs})


def taken(stripe_account_id: str) -> ConnectPage:
    """Another organization is paid into it already."""
    return ConnectPage(
        "taken", 409, detail=stripe_account_id, values={"account": stripe_account_id[-4:]}
    )


def another(stripe_account_id: str, current: str) -> ConnectPage:
    """Not the account that the organization has; money never changes its way by accident."""
    return ConnectPage(
        "another",
        409,
        detail=f"{stripe_account_id} {current}",
        values={"account": stripe_account_id[-4:], "current": current},
    )


def already(account: Account) -> ConnectPage:
    """Stripe shall make an account for an organization that has one."""
    return ConnectPage("already", 409, account=account, values={"current": account.last_four})


def unfinished(account: Account) -> ConnectPage:
    """Back from Stripe's onboarding before its end."""
    return ConnectPage("unfinished", 200, account=account)


def connected(account: Account) -> ConnectPage:
    """The account by name and last characters, so that a wrong one is noticed now."""
    name = account.display_name
    return ConnectPage(
        CONNECTED,
        200,
        detail=account.stripe_account_id,
        account=account,
        values={"account": name} if name else {},
    )


def repeated(outcome: str | None, detail: str | None) -> ConnectPage:
    """The page that a first return was shown; without one its answer was lost on the way."""
    detail = detail or ""
    if outcome == "stripe_refused":
        return stripe_refused(detail)
    if outcome == "other_mode":
        return other_mode(is_live_here=detail == "live")
    if outcome == "taken":
        return taken(detail)
    if outcome == "another":
        return another(*detail.split(" ", 1))
    return _BY_OUTCOME.get(outcome or "", UNANSWERED)


def home_of_success(return_url: str) -> str:
    """Where someone lands who has connected an account: that page says so."""
    parts = urlsplit(return_url)
    query = urlencode([*parse_qsl(parts.query), ("connected", "1")])
    return urlunsplit(parts._replace(query=query))
