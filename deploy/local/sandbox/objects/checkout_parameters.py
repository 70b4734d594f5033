"""What a Checkout Session accepts in this version of the API."""

from deploy.local.sandbox.api.method_types import METHOD_TYPES
from deploy.local.sandbox.api.operations import SHIPPING, accepts
from deploy.local.sandbox.api.parameters import (
    Choice,
    Email,
    Flag,
    Integer,
    Many,
    Metadata,
    Moments,
    Record,
    Text,
    Unused,
    Url,
)

LOCALES = (
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr",
    "fr-CA", "hi-IN", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl",
    "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
)  # fmt: skip
BRANDS = ("american_express", "discover_global_network", "mastercard", "visa")
FUNDINGS = ("credit", "debit", "prepaid")

_PRICE_DATA = Record(
    {
        "currency": Text(3, is_required=True),
        "product": Text(),
        "product_data": Record(
            {
                "name": Text(is_required=True),
                "description": Text(40_000),
                "images": Many(Url(), most=8),
                "metadata": Metadata(),
                "tax_code": Text(),
                "unit_label": Text(),
            },
            unplayed=frozenset(("tax_details",)),
        ),
        "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
        "unit_amount": Integer(0),
    },
    unplayed=frozenset(("recurring", "unit_amount_decimal")),
)
_LINE_ITEM = Record(
    {
        "price": Text(),
        "price_data": _PRICE_DATA,
        "quantity": Integer(1, 999_999),
        "metadata": Metadata(),
    },
    unplayed=frozenset(("adjustable_quantity", "tax_rates")),
)
_PAYMENT_INTENT_DATA = Record(
    {
        "application_fee_amount": Integer(0),
        "capture_method": Choice(("automatic", "automatic_async"), unplayed=("manual",)),
        "description": Text(1000),
        "metadata": Metadata(),
        "receipt_email": Email(),
        "shipping": SHIPPING,
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
    },
    unplayed=frozenset(("on_behalf_of", "setup_future_usage", "transfer_data", "transfer_group")),
)
_CARD_OPTIONS = Record(
    {
        "request_three_d_secure": Choice(("any", "automatic", "challenge")),
        "restrictions": Record(
            {
                "brands_blocked": Many(Choice(BRANDS), may_be_unset=True),
                "funding_types_blocked": Many(Choice(FUNDINGS), may_be_unset=True),
            }
        ),
    },
    unplayed=frozenset(
        (
            "capture_method",
            "installments",
            "request_extended_authorization",
            "request_incremental_authorization",
            "request_multicapture",
            "request_overcapture",
            "setup_future_usage",
            "statement_descriptor_suffix_kana",
            "statement_descriptor_suffix_kanji",
        )
    ),
)

CREATE = accepts(
    {
        "adaptive_pricing": Record({"enabled": Flag()}),
        "allow_promotion_codes": Flag(),
        "allowed_payment_method_types": Many(Text()),
        "automatic_tax": Record(
            {"enabled": Flag(is_required=True)}, unplayed=frozenset(("liability",))
        ),
        "billing_address_collection": Choice(("auto", "required")),
        "branding_settings": Unused(),
        "cancel_url": Url(),
        "client_reference_id": Text(200),
        "currency": Text(3),
        "customer_creation": Choice(("if_required",), unplayed=("always",)),
        "customer_email": Email(),
        "excluded_payment_method_types": Many(Text()),
        "expires_at": Integer(),
        "integration_identifier": Text(),
        "invoice_creation": Record(
            {"enabled": Flag(is_required=True)}, unplayed=frozenset(("invoice_data",))
        ),
        "line_items": Many(_LINE_ITEM),
        "locale": Choice(LOCALES),
        "metadata": Metadata(),
        "mode": Choice(("payment",), unplayed=("setup", "subscription")),
        "origin_context": Choice(("mobile_app", "web")),
        "payment_intent_data": _PAYMENT_INTENT_DATA,
        "payment_method_collection": Choice(("always", "if_required")),
        "payment_method_configuration": Text(),
        "payment_method_options": Record({"card": _CARD_OPTIONS}, unplayed=frozenset(METHOD_TYPES)),
        "phone_number_collection": Record({"enabled": Flag(is_required=True)}),
        "submit_type": Choice(("auto", "book", "donate", "pay"), unplayed=("subscribe",)),
        "success_url": Url(),
        "ui_mode": Choice(("hosted_page",), unplayed=("elements", "embedded_page", "form")),
    },
    unplayed=(
        "after_expiration",
        "consent_collection",
        "custom_fields",
        "custom_text",
        "customer",
        "customer_account",
        "customer_update",
        "discounts",
        "managed_payments",
        "name_collection",
        "optional_items",
        "payment_method_data",
        "permissions",
        "redirect_on_completion",
        "return_url",
        "saved_payment_method_options",
        "setup_intent_data",
        "shipping_address_collection",
        "shipping_options",
        "subscription_data",
        "tax_id_collection",
        "wallet_options",
    ),
)

UPDATE = accepts(
    {"metadata": Metadata()},
    unplayed=("collected_information", "line_items", "payment_intent_data", "shipping_options"),
)

LIST = accepts(
    {
        "created": Moments(),
        "customer_details": Record({"email": Email(is_required=True)}),
        "payment_intent": Text(),
        "status": Choice(("complete", "expired", "open")),
    },
    unplayed=("customer", "customer_account", "payment_link", "subscription"),
    lists=True,
)
