"""The pages on which an account's owner agrees to a connection, or completes an account."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from deploy.local.sandbox.objects import accounts, oauth
from deploy.local.sandbox.pages.forms import Form, read_form, see_other
from deploy.local.sandbox.pages.rendering import page
from deploy.local.sandbox.sandbox import CLIENT_ID, Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry

# The form's fields, and what Stripe calls the thing that each of them gives.
_FIELDS = {
    "name": "business_profile.name",
    "url": "business_profile.url",
    "person": "representative.first_name",
    "iban": "external_account",
    "terms": "tos_acceptance.date",
}


class ConnectPages:
    """`/oauth/authorize` and `/setup/{token}`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/oauth/authorize", self.ask),
            web.post("/oauth/authorize", self.decide),
            web.get("/setup/{token}", self.show_setup),
            web.post("/setup/{token}", self.finish_setup),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        problem = self._problem(asked)
        if problem is not None:
            return page("refused.html", status=400, problem=problem)
        return page(
            "consent.html",
            accounts=[entry.object for entry in self._connectable()],
            asked={
                name: asked[name] for name in ("client_id", "redirect_uri", "state", "scope",
                                               "response_type") if name in asked
            },
        )  # fmt: skip

    async def decide(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        problem = self._problem(form)
        if problem is not None:
            return page("refused.html", status=400, problem=problem)
        back: dict[str, str] = {}
        if "state" in form:
            back["state"] = form["state"]
        if form.get("answer") != "approve":
            back |= {
                "error": "access_denied",
                "error_description": "The user denied your request",
            }
        else:
            account = self._sandbox.world.find("account", form.get("account", ""))
            if account is None or account not in self._connectable():
                return page("refused.html", status=400, problem="There is no such account.")
            back |= {"scope": "read_write", "code": oauth.grant(self._sandbox, account)}
        address = self._redirect_uri(form)
        return see_other(f"{address}{'&' if '?' in address else '?'}{urlencode(back)}")

    def _problem(self, asked: dict[str, Any]) -> str | None:
        """What Stripe would show on its own page instead of sending the person back."""
        if asked.get("client_id") != CLIENT_ID:
            return "No application matches the supplied client identifier."
        if asked.get("response_type", "code") != "code":
            return "response_type must be code."
        if asked.get("scope", "read_write") != "read_write":
            return "scope must be read_write."
        address = self._redirect_uri(asked)
        if not address:
            return "No redirect URI is set in the platform's settings."
        if not oauth.is_allowed_redirect(self._sandbox, address):
            return f"Invalid redirect URI: {address}. Add it to the platform's settings first."
        return None

    def _redirect_uri(self, asked: dict[str, str]) -> str:
        registered = self._sandbox.settings.redirect_uris
        return asked.get("redirect_uri") or (registered[0] if registered else "")

    def _connectable(self) -> list[Entry]:
        return [
            entry
            for entry in self._sandbox.world.everything("account")
            if entry.id != PLATFORM
            and entry.hidden["connectable"]
            and not entry.hidden.get("closed")
        ]

    async def show_setup(self, request: web.Request) -> web.Response:
        link = self._link(request)
        if link is None:
            return page("missing.html", status=404)
        if not self._is_usable(link):
            return see_other(link.object["refresh_url"])
        return self._setup_page(link)

    async def finish_setup(self, request: web.Request) -> web.Response:
        link = self._link(request)
        if link is None:
            return page("missing.html", status=404)
        if not self._is_usable(link):
            return see_other(link.object["refresh_url"])
        form = await read_form(request)
        answer = form.get("answer")
        # A field that was not sent at all counts as given: scripts need not know the form.
        if "name" in form:
            form["terms"] = form.get("agrees", "")  # Browsers send no box that is not ticked.
        empty = [name for name in _FIELDS if name in form and not form[name]]
        if answer in ("complete", "document") and empty:
            return self._setup_page(link, form=form, errors=empty, status=422)
        link.object["used"] = True
        self._sandbox.world.save(link)
        account = self._sandbox.world.get("account", link.account)
        name = form.get("name") or None
        if answer == "complete":
            accounts.set_ready(self._sandbox, account, True)
            accounts.fill_in(self._sandbox, account, name=name, missing=[], is_submitted=True)
        elif answer == "document":
            accounts.fill_in(
                self._sandbox, account, name=name, missing=[accounts.DOCUMENT], is_submitted=True
            )
        elif not account.object["details_submitted"]:
            given = {code for field, code in _FIELDS.items() if form.get(field)}
            due = [
                code
                for code in account.object["requirements"]["currently_due"]
                if code not in given
            ]
            accounts.fill_in(self._sandbox, account, name=name, missing=due, is_submitted=False)
        return see_other(link.object["return_url"])

    def _setup_page(
        self,
        link: Entry,
        *,
        form: Form | None = None,
        errors: list[str] | None = None,
        status: int = 200,
    ) -> web.Response:
        account = self._sandbox.world.get("account", link.account)
        return page(
            "setup.html",
            status=status,
            token=link.id,
            account=account.object,
            due=account.object["requirements"]["currently_due"],
            document=accounts.DOCUMENT,
            typed=form,
            errors=errors or [],
        )

    def _link(self, request: web.Request) -> Entry | None:
        return self._sandbox.world.find("onboarding", request.match_info["token"])

    def _is_usable(self, link: Entry) -> bool:
        now = self._sandbox.world.clock.seconds()
        return not link.object["used"] and bool(link.object["expires_at"] > now)
