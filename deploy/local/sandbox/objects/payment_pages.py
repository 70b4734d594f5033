"""The undocumented calls by which Stripe's own command line pays a Checkout Session."""

from deploy.local.sandbox.api.operations import Call, Operation, accepts
from deploy.local.sandbox.api.parameters import Integer, Text, Unused
from deploy.local.sandbox.api.refusals import Refusal, no_such
from deploy.local.sandbox.objects import checkout_payment, payment_methods
from deploy.local.sandbox.objects.confirmation import Verdict
from deploy.local.sandbox.objects.payment_intents import declined
from deploy.local.sandbox.world import Entry, JsonObject


def _session(call: Call) -> Entry:
    session = call.world.find("checkout.session", call.ids[0], call.account)
    if session is None:
        raise no_such("payment_page", call.ids[0], param="session")
    return session


def _shown(session: Entry) -> JsonObject:
    state = session.object
    names = ("amount_total", "currency", "mode", "payment_intent", "payment_status", "status")
    return {
        "id": "ppage_" + session.id.removeprefix("cs_test_"),
        "object": "payment_page",
        "livemode": False,
        "session_id": session.id,
        **{name: state[name] for name in names},
    }


def retrieve(call: Call) -> JsonObject:
    return _shown(_session(call))


def confirm(call: Call) -> JsonObject:
    session = _session(call)
    expected = call.params.get("expected_amount")
    if expected is not None and expected != session.object["amount_total"]:
        raise Refusal(
            400,
            "The amount of this Checkout Session has changed.",
            code="checkout_amount_mismatch",
            param="expected_amount",
        )
    method = payment_methods.resolve(call.sandbox, call.account, call.params["payment_method"])
    try:
        outcome = checkout_payment.pay(call.sandbox, session, method=method)
    except checkout_payment.SessionIsClosed as closed:
        raise Refusal(
            400,
            "This Checkout Session is no longer active.",
            code="checkout_not_active_session",
            is_stored=True,
        ) from closed
    except checkout_payment.MethodIsRefused as refused:
        raise Refusal(400, str(refused), param="payment_method") from refused
    if outcome.verdict is Verdict.DECLINED:
        intent = call.world.get("payment_intent", session.object["payment_intent"])
        raise declined(intent, outcome)
    return _shown(session)


OPERATIONS = [
    Operation("GET", "/v1/payment_pages/:id", retrieve, accepts()),
    Operation(
        "POST",
        "/v1/payment_pages/:id/confirm",
        confirm,
        accepts(
            {
                "payment_method": Text(is_required=True),
                "expected_amount": Integer(0),
                "expected_payment_method_type": Unused(),
                "key": Unused(),
            }
        ),
    ),
]
