"""What happens on the pay page: paying a Checkout Session, the bank's challenge, and its end."""

from deploy.local.sandbox import cards
from deploy.local.sandbox.api.operations import shipping
from deploy.local.sandbox.objects import confirmation, payment_methods
from deploy.local.sandbox.objects.confirmation import Outcome, Verdict
from deploy.local.sandbox.sandbox import CLIENT_ID, Sandbox
from deploy.local.sandbox.world import PLATFORM, Entry, JsonObject


class SessionIsClosed(Exception):
    """The session is complete or expired: nothing can be paid with it."""


class MethodIsRefused(Exception):
    """The session does not take this payment method; the text tells the payer why."""


def pay(
    sandbox: Sandbox,
    session: Entry,
    *,
    number: str | None = None,
    iban: str | None = None,
    method: Entry | None = None,
    name: str | None = None,
    email: str | None = None,
    expires: tuple[int, int] = (12, 2034),
) -> Outcome:
    """Submit the pay page with a card's number, an IBAN or a method made before.

    A decline leaves the session open.
    """
    require_open(session)
    if not sandbox.world.get("account", session.account).object["charges_enabled"]:
        raise MethodIsRefused("This account cannot take payments at the moment.")
    email = session.object["customer_email"] or email
    if session.object["payment_status"] == "no_payment_required":
        _complete(sandbox, session, name, email)
        return Outcome(Verdict.SUCCEEDED)
    if method is not None:
        _refuse_blocked(session, method)
    elif iban is not None:
        method = _bank_debit(sandbox, session, iban, name, email)
    else:
        method = _card(sandbox, session, number or "", name, email, expires)
    intent = _intent(sandbox, session)
    if intent.object["status"] == "processing":
        raise SessionIsClosed
    outcome = confirmation.confirm(sandbox, intent, method)
    if outcome.verdict is Verdict.REQUIRES_ACTION:
        intent.hidden["payer"] = [name, email]
        sandbox.world.save(intent)
        return outcome
    _follow(sandbox, session, intent, outcome, name, email)
    return outcome


def authenticate(sandbox: Sandbox, intent: Entry, *, passes: bool) -> Outcome:
    """The payer's answer to the bank's challenge, on a session's intent or a bare one."""
    session = _session_of(sandbox, intent)
    if session is not None:
        require_open(session)
    if intent.object["status"] != "requires_action":
        raise SessionIsClosed
    if not passes:
        return confirmation.fail_authentication(sandbox, intent)
    method = sandbox.world.get("payment_method", intent.object["payment_method"])
    outcome = confirmation.confirm(sandbox, intent, method, was_authenticated=True)
    if session is not None:
        name, email = intent.hidden["payer"]
        _follow(sandbox, session, intent, outcome, name, email)
    return outcome


def expire(sandbox: Sandbox, session: Entry) -> None:
    """End an open session; what it could still have charged is cancelled."""
    if session.object["status"] != "open":
        return
    session.object.update(status="expired", url=None)
    sandbox.world.save(session)
    sandbox.emit("checkout.session.expired", session.account, session.object)
    intent_id = session.object["payment_intent"]
    if intent_id is not None:
        confirmation.cancel(sandbox, sandbox.world.get("payment_intent", intent_id), "expired")


def finish_debit(sandbox: Sandbox, intent: Entry) -> None:
    """The bank answers a debit: the session hears of it if it began there."""
    outcome = confirmation.finish_debit(
        sandbox, intent, succeeds=intent.hidden.get("debit_succeeds", True)
    )
    session = _session_of(sandbox, intent)
    if outcome is None or session is None:
        return
    if outcome.verdict is Verdict.SUCCEEDED:
        session.object["payment_status"] = "paid"
        sandbox.world.save(session)
        sandbox.emit("checkout.session.async_payment_succeeded", session.account, session.object)
    else:
        sandbox.emit("checkout.session.async_payment_failed", session.account, session.object)


def resume(sandbox: Sandbox, intent: Entry) -> None:
    """Put the bank's answer to a debit on the agenda."""
    if intent.object["status"] == "processing":
        sandbox.world.agenda.add(intent.hidden["debit_due"], lambda: finish_debit(sandbox, intent))


def require_open(session: Entry) -> None:
    if session.object["status"] != "open":
        raise SessionIsClosed


def _session_of(sandbox: Sandbox, intent: Entry) -> Entry | None:
    session_id = intent.hidden["session"]
    return None if session_id is None else sandbox.world.get("checkout.session", session_id)


def _card(
    sandbox: Sandbox,
    session: Entry,
    number: str,
    name: str | None,
    email: str | None,
    expires: tuple[int, int],
) -> Entry:
    try:
        method = payment_methods.add_card(
            sandbox, session.account, number, name=name, email=email, expires=expires
        )
    except payment_methods.NotACard as wrong:
        raise MethodIsRefused("Your card number is invalid.") from wrong
    _refuse_blocked(session, method)
    return method


def _refuse_blocked(session: Entry, method: Entry) -> None:
    """Hold a card against the session's restrictions."""
    if method.object["type"] != "card":
        return
    card = cards.card(method.hidden["number"])
    blocked = session.object["payment_method_options"]["card"].get("restrictions", {})
    if cards.BLOCKABLE.get(card.brand) in blocked.get("brands_blocked", ()):
        raise MethodIsRefused(f"{card.brand.title()} cards are not accepted here.")
    if card.funding in blocked.get("funding_types_blocked", ()):
        raise MethodIsRefused(f"{card.funding.title()} cards are not accepted here.")


def _bank_debit(
    sandbox: Sandbox, session: Entry, iban: str, name: str | None, email: str | None
) -> Entry:
    if "sepa_debit" not in session.object["payment_method_types"]:
        raise MethodIsRefused("Bank debits are not accepted here.")
    plain = cards.digits(iban).upper()
    if plain not in payment_methods.IBANS:
        raise MethodIsRefused("The IBAN that you entered is not a test account.")
    return payment_methods.add_bank_debit(sandbox, session.account, plain, name=name, email=email)


def _intent(sandbox: Sandbox, session: Entry) -> Entry:
    """The session's payment intent, which exists from the first submission on."""
    state = session.object
    if state["payment_intent"] is not None:
        return sandbox.world.get("payment_intent", state["payment_intent"])
    wanted = session.hidden["payment_intent_data"]
    names = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
    intent = confirmation.new_intent(
        sandbox,
        session.account,
        amount=state["amount_total"],
        currency=state["currency"],
        application=None if session.account == PLATFORM else CLIENT_ID,
        hidden={"session": session.id},
        application_fee_amount=wanted.get("application_fee_amount"),
        metadata=dict(wanted.get("metadata", {})),
        shipping=shipping(wanted.get("shipping")),
        payment_method_options=state["payment_method_options"],
        payment_method_types=list(state["payment_method_types"]),
        **{name: wanted.get(name) for name in names},
    )
    state["payment_intent"] = intent.id
    sandbox.world.save(session)
    return intent


def _follow(
    sandbox: Sandbox,
    session: Entry,
    intent: Entry,
    outcome: Outcome,
    name: str | None,
    email: str | None,
) -> None:
    if outcome.verdict is Verdict.SUCCEEDED:
        session.object["payment_status"] = "paid"
        _complete(sandbox, session, name, email)
    elif outcome.verdict is Verdict.PROCESSING:
        _complete(sandbox, session, name, email)
        resume(sandbox, intent)


def _complete(sandbox: Sandbox, session: Entry, name: str | None, email: str | None) -> None:
    session.object.update(
        status="complete", url=None, customer_details=customer_details(email, name)
    )
    event = sandbox.emit("checkout.session.completed", session.account, session.object)
    session.hidden["completed_event"] = event.id
    sandbox.world.save(session)


def customer_details(email: str | None, name: str | None) -> JsonObject:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None if name is None else [],
    }
