"""Sources stand at the words that rest on them, however the counts and the text differ."""

from __future__ import annotations

import pytest

from agents.core.agui import AguiStream
from agents.core.grounding import SUGGESTIONS_MAX, sources, suggestions
from agents.core.outputs import Activity, Saved, Sources, Support, TextDelta, ThoughtDelta
from tests.core.expected import units
from tests.core.team import of_type, support

CHUNK = {"web": {"uri": "https://a.example/", "title": "A"}}


def placed(text, *supports, chunks=1):
    """The words that these supports point at, and the indices of their sources."""
    metadata = {"groundingChunks": [CHUNK] * chunks, "groundingSupports": list(supports)}
    found = sources({"groundingMetadata": metadata}, text)
    return [(units(text, one.start, one.end), one.sources) for one in found.supports]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Paris is big.", "is big."),
        ("Schöne Grüße aus Köln.", "Grüße"),
        ("🦊 foxes 🦊 dig", "dig"),
        ("世界 is the world", "the world"),
        ("a 👩‍👩‍👧 family", "👩‍👩‍👧"),
        ("line\nbreak\r\nhere", "break\r\nhere"),
    ],
)
def test_bytes_become_utf_16_units_whatever_stands_before(text, words):
    assert placed(text, support(text, words, 0)) == [(words, (0,))]


def test_a_place_that_does_not_fit_the_text_is_looked_for_by_its_words():
    moved = support("Hello! Paris is big.", "Paris is big.", 0)
    assert placed("👋 Paris is big.", moved) == [("Paris is big.", (0,))]
    assert placed("Rome is big.", moved) == []


def test_a_place_counted_within_a_later_part_is_found_further_on():
    """A program ran after the first part; the second one says the same words again."""
    first, second = "Yes. It is 7. ", "I counted: Yes. It is 7."
    at = len("I counted: ")
    counted = {"startIndex": at, "endIndex": at + 4, "text": "Yes.", "partIndex": 3}
    found = sources(
        {
            "groundingMetadata": {
                "groundingChunks": [CHUNK],
                "groundingSupports": [{"segment": counted, "groundingChunkIndices": [0]}],
            }
        },
        first + second,
    )
    assert [(one.start, one.end) for one in found.supports] == [(25, 29)]


def test_a_place_without_words_is_believed_if_it_is_in_the_text():
    inside = {"segment": {"startIndex": 2, "endIndex": 4}, "groundingChunkIndices": [0]}
    outside = {"segment": {"startIndex": 2, "endIndex": 40}, "groundingChunkIndices": [0]}
    nothing = {"segment": {"startIndex": 2, "endIndex": 2}, "groundingChunkIndices": [0]}
    assert placed("ABCDEF", inside, outside, nothing) == [("CD", (0,))]


def test_the_same_words_twice_are_told_apart_by_their_counts():
    text = "Foxes. Cats. Foxes."
    last = {"segment": {"startIndex": 13, "endIndex": 19, "text": "Foxes."}}
    [found] = sources(
        {
            "groundingMetadata": {
                "groundingChunks": [CHUNK],
                "groundingSupports": [{**last, "groundingChunkIndices": [0]}],
            }
        },
        text,
    ).supports
    assert found == Support(13, 19, (0,))


def test_sources_that_are_not_listed_are_not_pointed_at():
    text = "Paris."
    assert placed(text, support(text, text, 0, 1, 7, -1), chunks=2) == [(text, (0, 1))]
    assert placed(text, support(text, text, 5)) == []


def test_queries_alone_are_told_and_nothing_is_not():
    assert sources({"groundingMetadata": {"webSearchQueries": ["q"]}}, "x") == Sources(
        ("q",), text="x"
    )
    assert sources({"groundingMetadata": {}, "urlContextMetadata": {}}, "x") is None
    assert sources({}, "x") is None


def test_only_web_addresses_are_addresses():
    for uri in ("javascript:alert(1)", "data:text/html,x", "//a.example", "ftp://a.example", None):
        found = sources({"groundingMetadata": {"groundingChunks": [{"web": {"uri": uri}}]}}, "")
        assert found.sources == ({"title": "", "uri": ""},)
    page = {"urlMetadata": [{"retrievedUrl": "javascript:alert(1)"}]}
    assert sources({"urlContextMetadata": page}, "").pages == ({"uri": "", "ok": True},)


def test_suggestions_of_a_sensible_size_are_shown():
    def entry(html):
        return {"groundingMetadata": {"searchEntryPoint": {"renderedContent": html}}}

    assert suggestions(entry("<b>more</b>")) == "<b>more</b>"
    assert suggestions(entry("x" * (SUGGESTIONS_MAX + 1))) == suggestions({}) == ""


# in the messages of a run


def told(*outputs):
    """The content of the last activity, and the text of each message."""
    stream = AguiStream("thread1", "run1")
    events = [event for output in outputs for event in stream.feed(output)]
    texts: dict[str, str] = {}
    for event in of_type(events, "TEXT_MESSAGE_CONTENT"):
        texts[event["messageId"]] = texts.get(event["messageId"], "") + event["delta"]
    return of_type(events, "ACTIVITY_SNAPSHOT")[-1]["content"], list(texts.items())


CODE = Activity("code", {"code": "1"}, "ref1")


def test_a_place_is_in_the_message_that_holds_it():
    text = "👋 One. Two."
    answer = Sources(supports=(Support(0, 7, (0,)), Support(8, 12, (1,))), text=text)
    content, [(first, _), (second, _)] = told(
        TextDelta("👋 One"), TextDelta(". "), CODE, TextDelta("Two."), answer
    )
    assert content["supports"] == [
        {"messageId": first, "start": 0, "end": 7, "sources": [0]},
        {"messageId": second, "start": 0, "end": 4, "sources": [1]},
    ]


def test_a_place_over_two_messages_is_where_it_ends():
    answer = Sources(supports=(Support(2, 6, (0,)),), text="One Two")
    content, [_, (second, _)] = told(TextDelta("One "), CODE, TextDelta("Two"), answer)
    assert content["supports"] == [{"messageId": second, "start": 0, "end": 2, "sources": [0]}]


def test_what_was_said_before_this_answer_does_not_count():
    answer = Sources(supports=(Support(0, 3, (0,)),), text="Two")
    content, [_, (second, _)] = told(TextDelta("One"), CODE, TextDelta("Two"), answer)
    assert content["supports"] == [{"messageId": second, "start": 0, "end": 3, "sources": [0]}]


def test_thoughts_in_between_are_no_part_of_the_text():
    answer = Sources(supports=(Support(0, 3, (0,)), Support(3, 6, (0,))), text="OneTwo")
    content, [(first, _), (second, _)] = told(
        *(TextDelta("One"), ThoughtDelta("hm, hm"), TextDelta("Two"), ThoughtDelta("so"), answer)
    )
    assert [(one["messageId"], one["start"], one["end"]) for one in content["supports"]] == [
        (first, 0, 3),
        (second, 0, 3),
    ]


def test_suggestions_are_told_by_their_file():
    html = Saved("id1", "/api/files/id1/", "text/html", "search suggestions")
    content, _ = told(Sources(("q",), pages=({"uri": "https://a/", "ok": True},), suggestions=html))
    assert content == {
        "queries": ["q"],
        "sources": [],
        "supports": [],
        "pages": [{"uri": "https://a/", "ok": True}],
        "suggestions": {"artifactId": "id1", "url": "/api/files/id1/"},
    }
