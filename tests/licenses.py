"""The licences of what runs, from the packages' own metadata: the tables of docs/licenses.md.

python -m tests.licenses            print the tables
python -m tests.licenses --write    put them into docs/licenses.md
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "licenses.md"
SERVER, PAGE = "server", "page"
# Packages that write free text where an SPDX expression belongs.
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def server_packages() -> dict[str, str]:
    """Licence by name of each package that requirements.txt brings on this machine."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pending = [Requirement(line) for line in lines if line and not line.startswith("#")]
    extras: dict[str, set[str]] = {}
    while pending:
        wanted = pending.pop()
        name = canonicalize_name(wanted.name)
        new = (wanted.extras | {""}) - extras.get(name, set())
        if new:
            extras.setdefault(name, set()).update(new)
            pending += _required(name, new)
    return {name: license_of(metadata.metadata(name).json) for name in extras}


def _required(name: str, extras: set[str]) -> Iterator[Requirement]:
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        marker = needed.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield needed


def license_of(fields: Mapping[str, str | list[str]]) -> str:
    """The SPDX expression of a package; else its free text or its classifiers in SPDX terms."""
    expression, text = (str(fields.get(name, "")) for name in ("license_expression", "license"))
    if expression or (text and "\n" not in text and len(text) < 40):
        return _spdx(expression or text)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in fields.get("classifier", ())
        if line.startswith("License ::")
    ]
    return " OR ".join(sorted(_spdx(line) for line in classifiers)) or "not named"


def _spdx(text: str) -> str:
    return SPDX.get(text, text)


def page_packages() -> dict[str, str]:
    """Licence by name of each npm package that is not for development alone."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    return {
        path.rpartition("node_modules/")[2]: package["license"]
        for path, package in lock["packages"].items()
        if path and not package.get("dev")
    }


def table(packages: Mapping[str, str]) -> str:
    """One row per licence, with the packages that are under it."""
    rows = ["| licence | packages |", "| --- | --- |"]
    for terms in sorted(set(packages.values()), key=str.lower):
        names = sorted(name for name in packages if packages[name] == terms)
        rows.append(f"| {terms} | {', '.join(names)} |")
    return "\n".join(rows)


def documented(part: str) -> dict[str, str]:
    """Licence by name as docs/licenses.md has them, of ``server`` or ``page``."""
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", _between(part), re.MULTILINE)
    return {name: terms for terms, names in rows[2:] for name in names.split(", ")}


def _between(part: str) -> str:
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.partition(_begin(part))[2].partition(_end(part))[0]


def _begin(part: str) -> str:
    return f"<!-- {part}: python -m tests.licenses --write -->\n"


def _end(part: str) -> str:
    return f"\n<!-- end of {part} -->"


def main(arguments: list[str]) -> int:
    tables = {SERVER: table(server_packages()), PAGE: table(page_packages())}
    if arguments == ["--write"]:
        for part, made in tables.items():
            text = DOCUMENT.read_text(encoding="utf-8")
            before, _, after = text.partition(_begin(part))
            rest = after.partition(_end(part))[2]
            DOCUMENT.write_text(before + _begin(part) + made + _end(part) + rest, encoding="utf-8")
    else:
        sys.stdout.write("\n\n".join(tables.values()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
