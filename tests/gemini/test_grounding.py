"""Sources stand at the words that rest on them, however the counts and the text differ."""

from __future__ import annotations

import pytest

from agents.core.agui import AguiStream
from gemini.grounding import SUGGESTIONS_MAX, Grounding, sources, suggestions
from gemini.outputs import Activity, Saved, Sources, Support, TextDelta, ThoughtDelta
from tests.core.team import of_type, support
from tests.gemini.expected import units

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
        chunks = [{"web": {"uri": uri}}, CHUNK]
        found = sources({"groundingMetadata": {"groundingChunks": chunks}}, "")
        assert found.sources == ({"title": "A", "uri": "https://a.example/"},)
    page = {"urlMetadata": [{"retrievedUrl": "javascript:alert(1)"}]}
    assert sources({"urlContextMetadata": page}, "").pages == ({"uri": "", "ok": True},)


def test_suggestions_of_a_sensible_size_are_shown():
    def entry(html):
        return {"groundingMetadata": {"searchEntryPoint": {"renderedContent": html}}}

    assert suggestions(entry("<b>more</b>")) == "<b>more</b>"
    assert suggestions(entry("x" * (SUGGESTIONS_MAX + 1))) == suggestions({}) == ""


def named(*chunks):
    found = sources({"groundingMetadata": {"groundingChunks": list(chunks)}}, "")
    return [(one["title"], one["uri"]) for one in found.sources] if found else []


def test_every_kind_of_chunk_has_a_title_and_an_address():
    page, file = "https://a.example/page", "https://a.example/file.png"
    noted = {"customMetadata": [None, {"key": "n", "numericValue": 1}, {"stringValue": page}]}
    assert named(
        {"image": {"sourceUri": page, "imageUri": file, "title": "Bee", "domain": "a.example"}},
        {"image": {"sourceUri": None, "imageUri": file, "title": "", "domain": "a.example"}},
        {"retrievedContext": {"uri": page, "title": "notes.txt"}},
        {"retrievedContext": {**noted, "title": None}},
        {"maps": {"uri": page, "title": "Café", "placeId": "places/1"}},
        {"web": None, "maps": {"uri": page, "title": "After null"}},
        {"web": {"title": "site.example", "uri": None}},
    ) == [
        ("Bee", page),
        ("a.example", file),
        ("notes.txt", page),
        (page, page),
        ("Café", page),
        ("After null", page),
        ("site.example", ""),
    ]


@pytest.mark.parametrize("kind", ["retrievedContext", "maps", "image", "somethingNew"])
def test_a_chunk_without_an_address_is_left_out(kind):
    for inner in ({"title": "T"}, {"title": "T", "uri": "gs://b/o"}, {}, None, 3, "x", []):
        assert named({kind: inner}, CHUNK) == [("A", "https://a.example/")]


def test_numbers_of_sources_count_what_was_left_out():
    text = "Paris. Rome."
    chunks = [{"retrievedContext": {"title": "lost"}}, CHUNK, {}, {"maps": {"uri": "https://b/"}}]
    supports = [support(text, "Paris.", 0, 1), support(text, "Rome.", 3), support(text, "Rome.", 2)]
    metadata = {"groundingChunks": chunks, "groundingSupports": supports}
    found = sources({"groundingMetadata": metadata}, text)
    assert [one["uri"] for one in found.sources] == ["https://a.example/", "https://b/"]
    assert found.supports == (Support(0, 6, (0,)), Support(7, 12, (1,)))


@pytest.mark.parametrize("name", ["citationSources", "citations"])
def test_citations_are_sources_at_their_places(name):
    text = "Grüße. To be or not."
    begin = len("Grüße. ".encode())
    citation = {"startIndex": begin, "endIndex": begin + 13, "uri": "https://b/", "license": "x"}
    lost = [{"startIndex": 0, "endIndex": 3}, {"uri": "b", "title": "T"}, None, 4]
    again = {"uri": "https://a.example/", "endIndex": 2, "title": "Again"}
    candidate = {
        "groundingMetadata": {"groundingChunks": [CHUNK]},
        "citationMetadata": {name: [citation, *lost, again, {"uri": "https://c/", "title": "C"}]},
    }
    found = sources(candidate, text)
    assert [(one["title"], one["uri"]) for one in found.sources] == [
        ("A", "https://a.example/"),
        ("https://b/", "https://b/"),
        ("C", "https://c/"),
    ]
    assert [(units(text, s.start, s.end), s.sources) for s in found.supports] == [
        ("To be or not.", (1,)),
        ("Gr", (0,)),
    ]


def test_citations_of_several_chunks_are_told_once_each():
    grounding = Grounding()
    first, second = {"uri": "https://a/", "endIndex": 1}, {"uri": "https://b/", "endIndex": 2}
    for some in ([first], None, [first, second], "x"):
        grounding.feed({"citationMetadata": {"citationSources": some}})
    found = grounding.sources("ab")
    assert [one["uri"] for one in found.sources] == ["https://a/", "https://b/"]
    assert [one.sources for one in found.supports] == [(0,), (1,)]


def test_a_later_chunk_takes_nothing_back_with_null_or_another_type():
    grounding = Grounding()
    metadata = {"groundingChunks": [CHUNK], "webSearchQueries": ["q"]}
    for given in (metadata, None, 3, {"groundingChunks": None, "webSearchQueries": "x"}):
        grounding.feed({"groundingMetadata": given})
    found = grounding.sources("")
    assert (found.queries, len(found.sources)) == (("q",), 1)


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
