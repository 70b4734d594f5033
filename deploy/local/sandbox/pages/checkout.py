"""The hosted pay page, and the page on which a bank asks its customer to authenticate."""

from aiohttp import web

from deploy.local.sandbox import cards
from deploy.local.sandbox.objects import checkout_payment
from deploy.local.sandbox.objects.confirmation import Outcome, Verdict
from deploy.local.sandbox.pages.forms import Form, read_form, see_other
from deploy.local.sandbox.pages.rendering import page
from deploy.local.sandbox.sandbox import Sandbox
from deploy.local.sandbox.world import Entry


class CheckoutPages:
    """`/c/pay/{session}` and `/3ds/{intent}`; both work without any script."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/c/pay/{id}", self.show),
            web.post("/c/pay/{id}", self.submit),
            web.post("/c/pay/{id}/expire", self.expire),
            web.get("/3ds/{id}", self.show_challenge),
            web.post("/3ds/{id}", self.answer_challenge),
        ]

    async def show(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session is None:
            return page("missing.html", status=404)
        return self._page(session)

    async def submit(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session is None:
            return page("missing.html", status=404)
        form = await read_form(request)
        errors, expires = _check(form)
        if errors and session.object["payment_status"] != "no_payment_required":
            return self._page(session, form=form, errors=errors, status=422)
        try:
            outcome = checkout_payment.pay(
                self._sandbox,
                session,
                number=_number(form),
                iban=form.get("iban", "") or None if form.get("card", "") == "iban" else None,
                name=form.get("name", "") or None,
                email=form.get("email", "") or None,
                expires=expires,
            )
        except checkout_payment.SessionIsClosed:
            return self._page(session)
        except checkout_payment.MethodIsRefused as refused:
            return self._page(session, form=form, errors={"number": str(refused)}, status=402)
        return await self._follow(session, outcome, form)

    async def expire(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session is None:
            return page("missing.html", status=404)
        checkout_payment.expire(self._sandbox, session)
        return see_other(f"/c/pay/{session.id}")

    async def show_challenge(self, request: web.Request) -> web.Response:
        intent = self._sandbox.world.find("payment_intent", request.match_info["id"])
        if intent is None:
            return page("missing.html", status=404)
        if intent.object["status"] != "requires_action":
            return self._after_challenge(intent)
        return page("challenge.html", intent=intent.object, merchant=self._merchant(intent))

    async def answer_challenge(self, request: web.Request) -> web.Response:
        intent = self._sandbox.world.find("payment_intent", request.match_info["id"])
        if intent is None:
            return page("missing.html", status=404)
        form = await read_form(request)
        passes = form.get("answer", "") == "complete"
        try:
            outcome = checkout_payment.authenticate(self._sandbox, intent, passes=passes)
        except checkout_payment.SessionIsClosed:
            return self._after_challenge(intent)
        session_id = intent.hidden["session"]
        if session_id is None:
            return self._after_challenge(intent)
        session = self._sandbox.world.get("checkout.session", session_id)
        return await self._follow(session, outcome, None)

    def _after_challenge(self, intent: Entry) -> web.Response:
        session_id = intent.hidden["session"]
        if session_id is not None:
            return see_other(f"/c/pay/{session_id}")
        return page("authenticated.html", intent=intent.object)

    async def _follow(self, session: Entry, outcome: Outcome, form: Form | None) -> web.Response:
        if outcome.verdict is Verdict.REQUIRES_ACTION:
            return see_other(f"/3ds/{session.object['payment_intent']}")
        if outcome.verdict is Verdict.DECLINED:
            assert outcome.decline is not None
            errors = {"number": outcome.decline.message}
            return self._page(session, form=form, errors=errors, status=402)
        await self._wait_for_webhook(session)
        return see_other(self._success_url(session))

    async def _wait_for_webhook(self, session: Entry) -> None:
        """Stripe holds the payer back until its event was taken, but not for ever."""
        event = self._sandbox.world.get("event", session.hidden["completed_event"])
        await self._sandbox.postman.wait_until_delivered(
            event, self._sandbox.settings.redirect_wait
        )

    def _success_url(self, session: Entry) -> str:
        address: str = session.object["success_url"]
        return address.replace("{CHECKOUT_SESSION_ID}", session.id)

    def _session(self, request: web.Request) -> Entry | None:
        self._sandbox.world.agenda.run_due()
        return self._sandbox.world.find("checkout.session", request.match_info["id"])

    def _merchant(self, entry: Entry) -> str:
        account = self._sandbox.world.get("account", entry.account)
        return account.object["settings"]["dashboard"]["display_name"] or account.id

    def _page(
        self,
        session: Entry,
        *,
        form: Form | None = None,
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> web.Response:
        state = session.object
        merchant = self._merchant(session)
        if state["status"] != "open":
            return page(
                "closed.html",
                session=state,
                merchant=merchant,
                success_url=self._success_url(session),
            )
        typed = form or {}
        return page(
            "pay.html",
            status=status,
            session=state,
            merchant=merchant,
            items=session.hidden["line_items"],
            showcase=cards.SHOWCASE,
            chosen=typed.get("card") or cards.SHOWCASE[0][0],
            typed=typed,
            errors=errors or {},
            takes_debit="sepa_debit" in state["payment_method_types"],
        )


def _number(form: Form) -> str:
    chosen = form.get("card", "")
    return form.get("number", "") if chosen in ("", "other") else chosen


def _check(form: Form) -> tuple[dict[str, str], tuple[int, int]]:
    """What is wrong with the typed card, and its expiry; a showcase card needs nothing typed."""
    fallback = (12, 2034)
    if form.get("card", "") not in ("", "other"):
        return {}, fallback
    errors: dict[str, str] = {}
    if not cards.is_card_number(cards.digits(form.get("number", ""))):
        errors["number"] = "Your card number is invalid."
    month, _, year = form.get("expiry", "").replace(" ", "").partition("/")
    expires = fallback
    if month.isdigit() and year.isdigit() and 1 <= int(month) <= 12:
        expires = (int(month), int(year) + (2000 if len(year) <= 2 else 0))
        if expires[1] < 2026:
            errors["expiry"] = "Your card's expiration year is in the past."
    elif form.get("expiry", ""):
        errors["expiry"] = "Your card's expiration date is invalid."
    cvc = form.get("cvc", "")
    if cvc and not (cvc.isdigit() and len(cvc) in (3, 4)):
        errors["cvc"] = "Your card's security code is invalid."
    return errors, expires
