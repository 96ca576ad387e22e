"""docs/licenses.md names the terms of every package, and what its wheel brings along."""

from __future__ import annotations

import re
import sys
from importlib import metadata

import pytest
from packaging.utils import canonicalize_name

from tests import licenses

COPYLEFT = re.compile(r"\b(GPL|LGPL|AGPL)-")


def pinned() -> set[str]:
    lines = (licenses.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}


def bundled() -> list[tuple[str, str, str]]:
    """Package, part and terms, as in the table of what is under the GPL or LGPL."""
    rows = re.findall(
        r"^\| (`.+`) \| (.+) \| (\S+) \| .+ \|$",
        licenses.DOCUMENT.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return [
        (package, what, terms)
        for packages, parts, terms in rows
        for package in re.findall(r"`([\w-]+)`", packages)
        for what in re.findall(r"`(\w+)`", parts) or ["itself"]
    ]


def test_every_package_of_the_server_is_listed_with_its_licence():
    installed, listed = licenses.server_packages(), licenses.documented(licenses.SERVER)
    assert {name: listed.get(name) for name in installed} == installed
    assert set(listed) - pinned() == set()  # others are needed elsewhere: by a system, by a Python


def test_every_package_of_the_page_is_listed_with_its_licence():
    assert licenses.documented(licenses.PAGE) == licenses.page_packages()


def test_every_package_under_the_gpl_or_lgpl_is_told_apart():
    listed = licenses.documented(licenses.SERVER)
    copyleft = {(name, terms) for name, terms in listed.items() if COPYLEFT.match(terms)}
    assert copyleft
    assert copyleft == {(name, terms) for name, what, terms in bundled() if what == "itself"}


@pytest.mark.skipif(sys.platform != "linux", reason="wheels for Linux are what is listed")
@pytest.mark.parametrize(
    ("package", "part"), [(name, what) for name, what, _ in bundled() if what != "itself"]
)
def test_what_a_wheel_brings_along_is_in_it(package, part):
    files = [str(path) for path in metadata.files(package) or ()]
    assert any(part in path.rpartition("/")[2] for path in files)
