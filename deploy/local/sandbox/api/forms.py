"""Reads Stripe's form encoding: `line_items[0][price_data][currency]=eur` becomes a tree."""

from typing import Any
from urllib.parse import parse_qsl

Form = dict[str, Any]

# One request with more fields than this is a mistake, and nobody should pay for its parsing.
MOST_FIELDS = 4000


def read_pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)


def tree(pairs: list[tuple[str, str]]) -> Form:
    """Nest the fields; a list is a mapping of its indexes, with `[]` counted for the caller."""
    root: Form = {}
    for name, value in pairs:
        if "[" not in name:
            root[name] = value
            continue
        first, _, rest = name.partition("[")
        segments = [first, *rest.removesuffix("]").split("][")]
        branch = root
        for segment in segments[:-1]:
            key = segment or str(len(branch))
            deeper = branch.get(key)
            if not isinstance(deeper, dict):
                deeper = branch[key] = {}
            branch = deeper
        branch[segments[-1] or str(len(branch))] = value
    return root
