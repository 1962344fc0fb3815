#!/usr/bin/env python3
"""Writes the table of values in helm/aster-drive/README.md from values.yaml and its comments.

  helm/values_reference.py            writes it
  helm/values_reference.py --check    exits with 1 when it is not what values.yaml says

A comment directly above a key is its description. Every key has one, or is part of a value that is shown whole.
"""

import json
import sys
from pathlib import Path

import yaml

CHART = Path(__file__).resolve().parent / "aster-drive"
BEGIN = "<!-- values: made from values.yaml by `make reference`; do not edit -->\n"
END = "<!-- end of values -->\n"
# Longer values are named and not shown.
LONGEST_SHOWN = 60


class Undescribed(Exception):
    pass


def comment_above(lines, line):
    """The comment that ends on the line before `line`, as one text."""
    words = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        words.insert(0, lines[line].strip().removeprefix("#").strip())
    return " ".join(words)


def rows(lines, node, path=()):
    """(path, default, description) of every key, from the top."""
    for key, value in node.value:
        here = (*path, key.value)
        description = comment_above(lines, key.start_mark.line)
        if not description:
            raise Undescribed(".".join(here))
        # A map in braces, on its key's line, is one value.
        described = isinstance(value, yaml.MappingNode) and any(
            comment_above(lines, inner.start_mark.line)
            for inner, _ in value.value
            if inner.start_mark.line > key.start_mark.line
        )
        default = None if described else yaml.safe_load(yaml.serialize(value))
        yield here, described, default, description
        if described:
            yield from rows(lines, value, here)


def shown(default):
    text = json.dumps(default, ensure_ascii=False)
    return f"`{text}`" if len(text) <= LONGEST_SHOWN else "see values.yaml"


def table(text):
    """Markdown: a heading for each top-level key, a table of what is in it."""
    lines = text.splitlines()
    out = []
    headed = False
    for path, is_section, default, description in rows(lines, yaml.compose(text)):
        if len(path) == 1 and is_section:
            out += ["", f"### `{path[0]}`", "", description, "", "| Value | Default | What it is |", "|---|---|---|"]
            headed = True
            continue
        if len(path) == 1 and (headed or not out):
            out += ["", "| Value | Default | What it is |", "|---|---|---|"]
            headed = False
        name = ".".join(path[1:] or path)
        value = f"**`{name}`** |" if is_section else f"`{name}` | {shown(default)}"
        out.append(f"| {value} | {description} |")
    return "\n".join(out) + "\n\n"


def main(arguments):
    readme = CHART / "README.md"
    present = readme.read_text()
    before, rest = present.split(BEGIN)
    after = rest.split(END)[1]
    wanted = before + BEGIN + table((CHART / "values.yaml").read_text()) + END + after
    if arguments == ["--check"]:
        if wanted != present:
            sys.exit(f"{readme} does not say what values.yaml says; run: make reference")
    elif arguments:
        sys.exit(__doc__)
    else:
        readme.write_text(wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
