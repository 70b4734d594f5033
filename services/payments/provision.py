"""Stripe's side of an installation: the webhook endpoints, made once and repaired after that."""

from dataclasses import dataclass

from services.payments.stripe_events import API_VERSION, ENDPOINT_EVENTS
from services.payments.stripe_gateway import StripeGateway
from services.payments.stripe_gateway.endpoints import (
    Endpoint,
    Kind,
    create_endpoint,
    list_endpoints,
    remove_endpoint,
    repair_endpoint,
)


@dataclass(frozen=True)
class Provisioned:
    """One endpoint as it is now; its secret is known only where it was made just now."""

    kind: Kind
    says: str
    secret: str | None = None


async def provision(
    *, secret_key: str, api_url: str, webhook_url: str, connect: bool, rotate: bool = False
) -> list[str]:
    """Make or repair the webhook endpoints; the secrets of those made now, shown only once.

    May be repeated: an endpoint of the same URL and API version is used. Raises a StripeFailure.
    """
    provisioned = await provision_endpoints(
        secret_key=secret_key,
        api_url=api_url,
        webhook_url=webhook_url,
        connect=connect,
        rotate=rotate,
    )
    return [each.secret for each in provisioned if each.secret is not None]


async def provision_endpoints(
    *,
    secret_key: str,
    api_url: str,
    webhook_url: str,
    connect: bool,
    rotate: bool = False,
    retire: bool = False,
) -> list[Provisioned]:
    """The same, telling of each endpoint what was done.

    `rotate` makes new ones beside the old, which go on until `retire` removes all but the newest:
    in between both secrets belong into PAYMENTS_STRIPE_WEBHOOK_SECRETS, so nothing is lost.
    """
    kinds: tuple[Kind, ...] = ("account", "connect") if connect else ("account",)
    async with StripeGateway(secret_key, api_url=api_url) as gateway:
        existing = await list_endpoints(gateway, webhook_url)
        provisioned: list[Provisioned] = []
        for kind in kinds:
            own = [endpoint for endpoint in existing if endpoint.kind == kind]
            provisioned += await _provision_kind(
                gateway, webhook_url, kind, own, rotate=rotate, retire=retire
            )
        return provisioned


async def _provision_kind(
    gateway: StripeGateway,
    url: str,
    kind: Kind,
    existing: list[Endpoint],
    *,
    rotate: bool,
    retire: bool,
) -> list[Provisioned]:
    usable = [endpoint for endpoint in existing if endpoint.api_version == API_VERSION]
    if rotate or not usable:
        secret = await create_endpoint(
            gateway,
            url,
            kind,
            api_version=API_VERSION,
            events=ENDPOINT_EVENTS,
            beside=existing[0].endpoint_id if existing else None,
        )
        made = [Provisioned(kind, f"Made the {kind} endpoint for {url}.", secret)]
        return made + [
            Provisioned(
                kind,
                f"{older.endpoint_id} goes on beside it. Once the new secret is in "
                "PAYMENTS_STRIPE_WEBHOOK_SECRETS, remove it: taquilla stripe provision --retire.",
            )
            for older in existing
        ]

    newest, told = usable[0], []
    if endpoint_problem(newest) is None:
        says = f"The {kind} endpoint {newest.endpoint_id} is as it should be."
    else:
        await repair_endpoint(gateway, newest.endpoint_id, ENDPOINT_EVENTS)
        says = f"Repaired the {kind} endpoint {newest.endpoint_id}: {endpoint_problem(newest)}."
    told.append(
        Provisioned(
            kind,
            f"{says} Its secret was shown when it was made; Stripe's dashboard still has it, "
            "or make a new one: taquilla stripe provision --rotate.",
        )
    )
    for older in existing:
        if older is newest:
            continue
        if retire:
            await remove_endpoint(gateway, older.endpoint_id)
            told.append(Provisioned(kind, f"Removed {older.endpoint_id}."))
        else:
            version = older.api_version or "of the account"
            told.append(
                Provisioned(
                    kind,
                    f"{older.endpoint_id} has the same URL (version {version}); remove it with "
                    "taquilla stripe provision --retire.",
                )
            )
    return told


def endpoint_problem(endpoint: Endpoint) -> str | None:
    """What is wrong with an endpoint that we use, in words; None is fine."""
    problems: list[str] = []
    if not endpoint.is_enabled:
        problems.append("it was switched off")
    if endpoint.api_version != API_VERSION:
        problems.append(f"it writes API version {endpoint.api_version or 'of the account'}")
    missing = sorted(set(ENDPOINT_EVENTS) - set(endpoint.events))
    if missing and "*" not in endpoint.events:
        problems.append(f"it left out {', '.join(missing)}")
    superfluous = sorted(set(endpoint.events) - set(ENDPOINT_EVENTS))
    if superfluous:
        problems.append(f"it also sent {', '.join(superfluous)}")
    return ", ".join(problems) or None
