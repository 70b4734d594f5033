"""`make words`: the catalogues of the registration service follow the words of its sources.

New words arrive without a translation, words that nobody says any more leave.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes
from jinja2.ext import extract_from_ast

from services.registration import app, catalogues
from shared.refusals import Refusal

SERVICE = Path(app.__file__).parent
SPOKEN = ("_", "gettext", "ngettext", "msgid")
WIDTH = 100
# No dates and no line numbers: what changes in these files is words.
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plural_forms}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""

Message = str | tuple[str, str]  # One, or one and many.


class NotConstant(Exception):
    """Words are looked up by a text that only a running program knows."""


def spoken(sources: Path = SERVICE) -> Catalog:
    """All words of templates and modules and of every refusal, each with the files that say it."""
    catalog = Catalog(fuzzy=False)
    for path in sorted(sources.rglob("*")):
        find = _FINDERS.get(path.suffix)
        for message, context in find(path) if find else ():
            place = str(path.relative_to(sources))
            catalog.add(message, locations=[(place, 0)], context=context or None)
    for refusal in _refusals(Refusal):
        place = refusal.__module__.removeprefix("services.registration.").replace(".", "/") + ".py"
        catalog.add((refusal.__doc__ or "").strip(), locations=[(place, 0)])
    return catalog


def follow(path: Path) -> None:
    """Bring one language's file up to date."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.stem, abort_invalid=True)
    catalog.update(spoken(), no_fuzzy_matching=True)
    header = HEADER.format(language=path.stem, plural_forms=catalog.plural_forms)
    with path.open("wb") as file:
        file.write(header.encode())
        write_po(
            file,
            catalog,
            width=WIDTH,
            no_location=True,
            omit_header=True,
            sort_output=True,
            ignore_obsolete=True,
        )


def _in_template(path: Path) -> Iterator[tuple[Message, str]]:
    tree = _TEMPLATES.parse(path.read_text(encoding="utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in SPOKEN:
            first = call.args[0]
            if isinstance(first, nodes.CondExpr | nodes.Concat | nodes.Add):
                # Each half must be words of its own: _("One") if it_is else _("Other").
                raise NotConstant(f"{path}:{call.lineno}")
    for _, function, message in extract_from_ast(tree, SPOKEN):
        texts = message if isinstance(message, tuple) else (message,)
        if texts[0] is None:
            continue  # Looked up by a name: marked by msgid() where it is written.
        yield ((texts[0], texts[1] or "") if function == "ngettext" else texts[0]), ""


def _in_module(path: Path) -> Iterator[tuple[Message, str]]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)
        if name == "msgid":
            message, *contexts = (_constant(argument, path) for argument in node.args)
            yield message, "".join(contexts)
        elif name in SPOKEN and node.args and isinstance(node.args[0], ast.Constant):
            one = _constant(node.args[0], path)
            yield ((one, _constant(node.args[1], path)) if name == "ngettext" else one), ""
        elif name == "go":
            # The note that the next page shows.
            for said in (word.value for word in node.keywords if word.arg == "note"):
                if isinstance(said, ast.Constant) and said.value:
                    yield _constant(said, path), ""


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _constant(node: ast.expr, path: Path) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise NotConstant(f"{path}:{node.lineno}")


def _refusals(base: type[Refusal]) -> Iterator[type[Refusal]]:
    for refusal in sorted(base.__subclasses__(), key=lambda found: found.__qualname__):
        if refusal.__module__.startswith(("services.registration.", "shared.")):
            yield refusal
        yield from _refusals(refusal)


_TEMPLATES = Environment(extensions=["jinja2.ext.i18n"])
_TEMPLATES.policies["ext.i18n.trimmed"] = True
_TEMPLATES.newstyle_gettext = True  # type: ignore[attr-defined] # The extension's.
_FINDERS = {".html": _in_template, ".py": _in_module}

if __name__ == "__main__":
    for found in sorted(catalogues.FOLDER.glob("*.po")):
        follow(found)
