"""A browser's long name in words that its owner recognizes. No I/O here."""

# The first that is found counts: each names the ones after it as well.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Such as "Firefox, Linux"; empty for what is not known."""
    found = [
        next((name for sign, name in signs if sign in user_agent), None)
        for signs in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name)
