"""Markdown that is read as it was said: nothing of one message swallows the next."""

import time
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from conversations.models import Message, Thread
from tests.conversations.factories import open_run
from tests.people import client_for

pytestmark = pytest.mark.django_db


SECONDS = 0.5  # of the server's own CPU time


def exported(alice, text: str, title: str = "Bees") -> str:
    opened = open_run(alice, text)
    Thread.objects.update(title=title)
    last = Message.objects.get()
    last.pk, last.position, last.role, last.text = opened.run_id, 2, "assistant", "The answer."
    last.save(force_insert=True)
    path = f"/api/threads/{opened.thread_id}/export/"
    return client_for(alice).get(path, {"as": "markdown"}).getvalue().decode()


def headings(markdown: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [inline.content for token, inline in pairwise(tokens) if token.type == "heading_open"]


@pytest.mark.parametrize(
    "text",
    [
        "Look:\n```python\nprint(1)",
        "Look:\n~~~~\n```\nx",
        "````md\n```\na\n```",
        "- a list\n  ```\n  code in it",
        "> ```\n> quoted",
        "<!-- a comment",
        "<pre>\nold\n\nstyle",
        "```\nclosed\n```",
        "",
    ],
)
def test_what_a_message_leaves_open_is_closed(alice, text):
    assert headings(exported(alice, text)) == ["Bees", "You", "Assistant"]


def test_a_message_that_closes_everything_is_left_as_it_is(alice):
    text = "```\ncode\n```\n\n- a\n\n<b>x</b>"
    assert f"## You\n\n{text}\n\n## Assistant" in exported(alice, text)


def test_a_title_is_no_markup(alice):
    title = "# *a* [b](javascript:x) <img> `c`"
    markdown = exported(alice, "Hello?", title)

    inline = MarkdownIt("commonmark").parse(markdown)[1]
    assert "".join(child.content for child in inline.children) == title
    assert {child.type for child in inline.children} <= {"text", "text_special"}


@pytest.mark.parametrize(
    "text", ["[a\n" * 30_000, "<b>\n\n" + "1. a\n" * 30_000, "<b>" + "![" * 50_000]
)
def test_what_takes_long_to_read_takes_no_time_of_the_servers(alice, text):
    begin = time.thread_time()

    markdown = exported(alice, text)

    assert time.thread_time() - begin < SECONDS
    assert f"## You\n\n{text}" in markdown
