"""What an organizer wrote in Markdown, as harmless HTML and as plain text. No I/O here."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

URL_SCHEMES = {"http", "https", "mailto"}
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# The page has its own h1 and h2: a description's titles go below them.
_TITLES = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}


def _image_as_link(_self: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
    """Pages and mails load nothing from elsewhere: a picture becomes a link to itself."""
    source = nh3.clean_text(str(tokens[at].attrGet("src") or ""))
    words = nh3.clean_text(tokens[at].content) or source
    return f'<a href="{source}">{words}</a>'


_parser = MarkdownIt("commonmark", {"html": False})
_parser.enable(["table", "strikethrough"])
_parser.add_render_rule("image", _image_as_link)


@lru_cache(maxsize=256)
def render_html(markdown: str) -> str:
    """Sanitized HTML: a few tags, no pictures, links to http, https and mailto only."""
    tokens = _parser.parse(markdown)
    for token in tokens:
        token.tag = _TITLES.get(token.tag, token.tag)
    return nh3.clean(
        _parser.renderer.render(tokens, _parser.options, {}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=URL_SCHEMES,
        link_rel="noopener nofollow",
    )


@lru_cache(maxsize=256)
def render_text(markdown: str) -> str:
    """The same words for a plain-text mail: no markup, links followed by their address."""
    writer = _TextWriter()
    for token in _parser.parse(markdown):
        writer.take(token)
    return writer.finished()


class _TextWriter:
    """Collects blocks; knows how deep in lists and quotations it is."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.prefixes: list[str] = []
        self.numbers: list[int | None] = []
        self.marker = ""
        self.is_tight = False
        self.cells: list[str] | None = None

    def take(self, token: Token) -> None:
        """Follow one token of the parser's flat list."""
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._open_list(token)
            case "table_open":
                self.blocks.append("\n")
            case "bullet_list_close" | "ordered_list_close":
                self.numbers.pop()
            case "list_item_open":
                self._open_item()
            case "list_item_close" | "blockquote_close":
                self.prefixes.pop()
                self.marker = ""
            case "blockquote_open":
                self.prefixes.append("> ")
            case "paragraph_open":
                self.is_tight = token.hidden
            case "tr_open":
                self.cells = []
            case "tr_close":
                self._write(" | ".join(self.cells or []), is_tight=True)
                self.cells = None
            case "inline":
                self._take_inline(token)
            case "fence" | "code_block":
                self._write("\n".join("    " + line for line in token.content.splitlines()))
            case "hr":
                self._write("----")

    def finished(self) -> str:
        return re.sub(r"\n{3,}", "\n\n", "".join(self.blocks)).strip()

    def _open_list(self, token: Token) -> None:
        if not self.numbers:
            self.blocks.append("\n")
        is_counted = token.type == "ordered_list_open"
        self.numbers.append(int(token.attrGet("start") or 1) if is_counted else None)

    def _open_item(self) -> None:
        number = self.numbers[-1]
        self.marker = "- " if number is None else f"{number}. "
        if number is not None:
            self.numbers[-1] = number + 1
        self.prefixes.append(" " * len(self.marker))

    def _take_inline(self, token: Token) -> None:
        words = _inline_text(token.children or [])
        if self.cells is not None:
            self.cells.append(words)
            return
        self._write(words, is_tight=self.is_tight)
        self.is_tight = False

    def _write(self, words: str, *, is_tight: bool = False) -> None:
        rest = "".join(self.prefixes)
        first = rest
        if self.marker:
            first = "".join(self.prefixes[:-1]) + self.marker
            self.marker = ""
        lines = words.split("\n")
        text = "\n".join((first if at == 0 else rest) + line for at, line in enumerate(lines))
        gap = "" if not self.blocks or is_tight else "\n"
        self.blocks.append(f"{gap}{text}\n")


def _inline_text(tokens: Sequence[Token]) -> str:
    written: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type == "softbreak":
            written.append(" ")
        elif token.type == "hardbreak":
            written.append("\n")
        elif token.type == "link_open":
            links.append((str(token.attrGet("href") or ""), len(written)))
        elif token.type == "link_close":
            address, start = links.pop()
            written.append(_address_after("".join(written[start:]), address))
        elif token.type == "image":
            written.append(token.content)
            written.append(_address_after(token.content, str(token.attrGet("src") or "")))
        else:
            written.append(token.content)
    return "".join(written)


def _address_after(words: str, address: str) -> str:
    scheme = address.partition(":")[0].lower()
    if scheme not in URL_SCHEMES or address in (words, f"mailto:{words}"):
        return ""
    return f" ({address})"
