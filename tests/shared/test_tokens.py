import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tokens import BadToken, BadTokenKeys, TokenSigner

OLD, NEW = "old:" + "o" * 32, "new:" + "n" * 32
SIGNER = TokenSigner.from_setting(NEW)


@given(payload=st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_what_was_signed_is_read_again(payload: str) -> None:
    assert SIGNER.verify("pay", SIGNER.sign("pay", payload)) == payload


def test_a_token_is_good_for_one_purpose_only() -> None:
    with pytest.raises(BadToken):
        SIGNER.verify("manage", SIGNER.sign("pay", "42"))


def test_a_token_of_the_previous_key_is_still_good() -> None:
    token = TokenSigner.from_setting(OLD).sign("pay", "42")

    assert TokenSigner.from_setting(f"{NEW},{OLD}").verify("pay", token) == "42"


def test_a_token_of_a_key_that_is_gone_is_refused() -> None:
    with pytest.raises(BadToken):
        SIGNER.verify("pay", TokenSigner.from_setting(OLD).sign("pay", "42"))


@given(garbage=st.text(max_size=80))
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(BadToken):
        SIGNER.verify("pay", garbage)


def test_every_changed_character_is_noticed() -> None:
    token = SIGNER.sign("pay", "42")

    for place, character in enumerate(token):
        changed = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadToken):
            SIGNER.verify("pay", changed)


def test_a_token_fits_into_a_path() -> None:
    assert set(SIGNER.sign("pay", "ñ/?#")) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    )


@pytest.mark.parametrize(
    "setting", ["", "short:abc", "no-colon", "a b:" + "x" * 40, ":" + "x" * 40]
)
def test_weak_or_unreadable_keys_are_refused(setting: str) -> None:
    with pytest.raises(BadTokenKeys):
        TokenSigner.from_setting(setting)
