"""Words in the reader's language: what is said to whom."""

import pytest

from services.registration.catalogues import msgid, speech


@pytest.mark.parametrize("locale", ["en", "en-GB", "fr", "", "../es"])
def test_readers_of_other_languages_read_the_key_which_is_english(locale: str) -> None:
    said = speech(locale)

    assert said.gettext(msgid("All seats are taken.")) == "All seats are taken."
    assert said.ngettext("%(num)s seat", "%(num)s seats", 1) == "%(num)s seat"
    assert said.ngettext("%(num)s seat", "%(num)s seats", 2) == "%(num)s seats"
