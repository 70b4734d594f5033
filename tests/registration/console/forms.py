"""Forms of the console as browsers send them."""

import re
from html import unescape

from tests.registration.pages.counter import Page

TYPED = {
    "title": "Bread at home",
    "kind": "webinar",
    "date": "2090-06-01",
    "time": "18:00",
    "zone": "Europe/Madrid",
    "duration": "90",
    "seats": "",
    "hold_minutes": "15",
    "description": "Bring **flour**.",
    "policy": "",
    "do": "save",
}


def as_shown(page: Page) -> dict[str, str]:
    """The fields as a browser would send them."""
    fields = page.hidden_fields()
    for tag in re.findall(r"<input[^>]*>", page.html):
        name = re.search(r' name="([^"]+)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        is_box = 'type="radio"' in tag or 'type="checkbox"' in tag
        if name and (not is_box or " checked" in tag):
            fields[name[1]] = unescape(value[1]) if value else ""
    for name, words in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>',
                                  page.html, re.S):  # fmt: skip
        fields[name] = unescape(words)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>',
                                    page.html, re.S):  # fmt: skip
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', options)[0]
    return fields
