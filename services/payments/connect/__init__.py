"""Connecting an organization's Stripe account: by OAuth, by Stripe's onboarding, or by a key."""

from services.payments.connect.doors import ConnectDoors

__all__ = ["ConnectDoors"]
