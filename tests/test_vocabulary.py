"""Names are made of words that Django, asyncio, HTTP and agent frameworks use."""

from __future__ import annotations

import pytest

from tests import vocabulary


def test_no_name_needs_our_own_history_to_be_understood():
    assert vocabulary.private_names() == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("last_said", {"said"}),
        ("whoAsked", {"asked"}),
        ("KeysFound", {"found"}),
        ("LOOK_S", {"look"}),
        ("HTTPRing", {"ring"}),
        ("string", set()),
        ("askedness", set()),
        ("lookup", set()),
        ("not_found", set()),
        ("RunNotFound", set()),
    ],
)
def test_words_are_whole_parts_of_names(name, words):
    assert vocabulary.banned_words(name) == words


def test_names_of_python_are_what_a_module_defines(tmp_path):
    module = tmp_path / "rung.py"
    module.write_text(
        "import json as told\n"
        "class Song:\n"
        "    kept: int\n"
        "    def ring(self, look, *, heard=1):\n"
        "        self.found = asked = look.said()  # orders\n"
        "        match asked:\n"
        "            case {'desk': sings}: return 'questions'\n"
    )
    private = {name for name in vocabulary.python_names(module) if vocabulary.banned_words(name)}
    assert private == {
        "rung", "told", "Song", "kept", "ring", "look", "heard", "found", "asked", "sings",
    }  # fmt: skip


def test_names_of_the_page_are_its_code_without_texts_and_comments(tmp_path):
    component = tmp_path / "Song.svelte"
    component.write_text(
        "<script lang='ts'>\n"
        "  const kept = `told ${ring} heard` // asked\n"
        "  /* found */ say('said', \"look\")\n"
        "</script>\n"
        "<p class='desk'>questions {#each sings as rung}{rung}{/each} orders</p>\n"
        "<style>.heard { color: red }</style>\n"
    )
    private = {name for name in vocabulary.page_names(component) if vocabulary.banned_words(name)}
    assert private == {"Song", "kept", "ring", "sings", "rung"}
