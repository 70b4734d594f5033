"""What a test may set about this Stripe while it runs."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Settings:
    """Durations in seconds of the virtual clock, but for the redirect, which people wait for."""

    # Stripe books a captured charge a moment after it succeeded.
    settlement_delay: float = 0.2
    # How long the test cards for refunds take to change their mind.
    refund_delay: float = 2.0
    # How long a delayed payment method (bank debit) takes.
    bank_debit_delay: float = 2.0
    # Checkout waits this long for the 2xx of checkout.session.completed.
    redirect_wait: float = 10.0
    # Further redirect URIs of the platform; loopback addresses are always allowed.
    redirect_uris: list[str] = field(default_factory=list)
    # Stripe's own limit for each account and endpoint; 0 is no limit.
    requests_per_second: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def change(self, values: dict[str, Any]) -> None:
        """Take over what is given; an unknown name or a wrong type raises ValueError."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no setting {name}.")
            if isinstance(known[name], list):
                if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                    raise ValueError(f"{name} is a list of texts.")
            elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name} is a number that is not negative.")
        for name, value in values.items():
            setattr(self, name, value)

    def reset(self) -> None:
        self.change(Settings().as_json())
