"""The payment methods that Stripe knows besides cards; requests may name them, all are refused."""

METHOD_TYPES = (
    "acss_debit", "affirm", "afterpay_clearpay", "alipay", "alma", "amazon_pay", "au_becs_debit",
    "bacs_debit", "bancontact", "billie", "bizum", "blik", "boleto", "card_present", "cashapp",
    "crypto", "custom", "customer_balance", "demo_pay", "eps", "fpx", "giropay", "grabpay",
    "ideal", "interac_present", "kakao_pay", "klarna", "konbini", "kr_card", "link", "mb_way",
    "mobilepay", "multibanco", "naver_pay", "nz_bank_account", "oxxo", "p24", "pay_by_bank",
    "payco", "paynow", "paypal", "paypay", "payto", "pix", "promptpay", "revolut_pay",
    "samsung_pay", "satispay", "scalapay", "sepa_debit", "sequra", "sofort", "sunbit", "swish",
    "twint", "upi", "us_bank_account", "wechat_pay", "zip",
)  # fmt: skip

METHOD_CAPABILITIES = (
    "ach_debit_payments", "acss_debit_payments", "affirm_payments", "afterpay_clearpay_payments",
    "alma_payments", "amazon_pay_payments", "au_becs_debit_payments", "bacs_debit_payments",
    "bancontact_payments", "blik_payments", "blik_recurring_payments", "boleto_payments",
    "cartes_bancaires_payments", "cashapp_payments", "eps_payments", "fpx_payments",
    "gb_bank_transfer_payments", "grabpay_payments", "ideal_payments", "jcb_payments",
    "jp_bank_transfer_payments", "kakao_pay_payments", "klarna_payments", "konbini_payments",
    "kr_card_payments", "link_payments", "mobilepay_payments", "multibanco_payments",
    "mx_bank_transfer_payments", "naver_pay_payments", "oxxo_payments", "p24_payments",
    "pay_by_bank_payments", "payco_payments", "paynow_payments", "promptpay_payments",
    "revolut_pay_payments", "samsung_pay_payments", "satispay_payments",
    "sepa_bank_transfer_payments", "sepa_debit_payments", "sequra_payments", "sunbit_payments",
    "swish_payments", "twint_payments", "us_bank_transfer_payments", "zip_payments",
)  # fmt: skip
