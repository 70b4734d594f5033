import pytest

from shared.markdown import render_html, render_text


def test_titles_go_below_the_pages_own_and_lists_stay() -> None:
    html = render_html("# You leave with\n\n1. a **price**\n2. a plan\n\nfirst\\\nsecond")

    assert "<h3>You leave with</h3>" in html
    assert "<li>a <strong>price</strong></li>" in html
    assert "first<br>" in html
    assert "h1" not in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "<https://a.example/\"onmouseover='alert(1)'>",
        '[x](https://a.example "t\\" onmouseover=alert(1) x=\\"")',
        "<iframe src=https://evil.example></iframe>",
        "<style>*{display:none}</style>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "`<script>`",
    ],
)
def test_nothing_that_runs_or_loads_survives(hostile: str) -> None:
    html = render_html(hostile).lower()

    for forbidden in ("<script", "<img", "<iframe", "<style", 'href="javascript', 'href="data'):
        assert forbidden not in html
    assert " onmouseover" not in html.replace("&quot; onmouseover", "")
    assert " onerror=" not in html.replace("&lt;img src=x onerror=", "")


def test_links_say_that_they_vouch_for_nothing() -> None:
    html = render_html("[site](https://a.example/x) and <me@a.example>")

    assert '<a href="https://a.example/x" rel="noopener nofollow">site</a>' in html
    assert 'href="mailto:me@a.example"' in html


def test_a_picture_becomes_a_link_because_pages_load_nothing_from_elsewhere() -> None:
    html = render_html("![a <map>](https://a.example/map.png)")

    assert html.startswith('<p><a href="https://a.example/map.png"')
    assert "a &lt;map&gt;" in html
    assert "<img" not in html


def test_schemes_other_than_web_and_mail_lose_their_link() -> None:
    assert "href" not in render_html("[x](ftp://a.example) [y](tel:123) [z](file:///etc/passwd)")


def test_plain_text_keeps_the_words_their_order_and_the_addresses() -> None:
    text = render_text(
        "# Bring\n\nOne *offer*\nto  \n[sell](https://a.example).\n\n"
        "- a price\n- a plan\n  1. short\n  2. long\n\n> said **so**\n\n---\n\n    code\n"
    )

    assert text == (
        "Bring\n\nOne offer to\nsell (https://a.example).\n\n"
        "- a price\n- a plan\n  1. short\n  2. long\n\n> said so\n\n----\n\n    code"
    )


def test_plain_text_shows_no_address_that_a_page_would_not_link() -> None:
    assert render_text("[x](ftp://a.example) <me@a.example>") == "x me@a.example"


def test_a_table_reads_row_by_row() -> None:
    assert render_text("| a | b |\n|---|---|\n| 1 | 2 |\n").splitlines()[-2:] == ["a | b", "1 | 2"]
    assert "<td>1</td>" in render_html("| a | b |\n|---|---|\n| 1 | 2 |\n")


def test_deep_nesting_ends_quickly_and_harmlessly() -> None:
    assert render_html(">" * 16_000).count("<blockquote>") < 100
    assert isinstance(render_text("- " * 8_000), str)
