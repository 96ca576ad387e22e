"""Google's own tools, acted out: what they add to an answer, and when they are refused."""

from __future__ import annotations

import html.parser
import io
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from PIL import Image

from tests.emulator.asking import MODEL, TEAM, calls_of, parts_of, stream, text_of

OLDER = "gemini-2.5-flash"
SEARCH = types.Tool(google_search=types.GoogleSearch())
CODE = types.Tool(code_execution=types.ToolCodeExecution())
PAGES = types.Tool(url_context=types.UrlContext())
MAPS = types.Tool(google_maps=types.GoogleMaps())
SHOWN = types.ToolConfig(include_server_side_tool_invocations=True)
NEWS = "What is the latest news of Gänse, 日本 and 🦊?"


def merged(chunks: list[types.GenerateContentResponse]) -> list[types.Part]:
    """The parts as one answer holds them: neighbouring texts of a kind are one part."""
    whole: list[types.Part] = []
    for part in parts_of(chunks):
        last = whole[-1] if whole else None
        if (
            last
            and last.text is not None
            and part.text is not None
            and last.thought == part.thought
        ):
            whole[-1] = types.Part(text=last.text + part.text, thought=last.thought)
        else:
            whole.append(part)
    return whole


def cited(chunks: list[types.GenerateContentResponse]) -> list[tuple[str, list[int]]]:
    """The cited segments and their sources; each must lie where its offsets say."""
    found = []
    parts = merged(chunks)
    for support in chunks[-1].candidates[0].grounding_metadata.grounding_supports:
        segment = support.segment
        text = parts[segment.part_index or 0].text.encode()
        assert text[segment.start_index or 0 : segment.end_index].decode() == segment.text
        found.append((segment.text, support.grounding_chunk_indices))
    return found


async def test_places_of_maps_are_cited_as_google_cites_them(client: genai.Client):
    chunks = await stream(client, "Which restaurants are near the Gänseliesel?", tools=[MAPS])
    assert [sources for _, sources in cited(chunks)] == [[0], [1]]
    found = chunks[-1].candidates[0].grounding_metadata.grounding_chunks
    assert all(chunk.maps.uri.startswith("https://maps.google.com/?cid=") for chunk in found)
    assert all(chunk.maps.place_id.startswith("places/") for chunk in found)


async def test_search_cites_sentences_in_the_middle_by_bytes(client: genai.Client):
    chunks = await stream(client, NEWS, tools=[SEARCH])
    segments = cited(chunks)
    assert [sources for _, sources in segments] == [[0], [1, 2], [0, 1]]
    assert any("☀️" in text for text, _ in segments)
    first = chunks[-1].candidates[0].grounding_metadata.grounding_supports[0].segment
    assert first.start_index > len(NEWS)
    assert first.part_index is None


@pytest.mark.parametrize("model", [MODEL, OLDER])
async def test_offsets_count_in_the_part_that_holds_the_text(client: genai.Client, model: str):
    thinking = types.ThinkingConfig(include_thoughts=True)
    prompt = f"{NEWS} Count the words."
    chunks = await stream(client, prompt, model, tools=[SEARCH, CODE], thinking_config=thinking)
    assert len(cited(chunks)) == 3
    places = chunks[-1].candidates[0].grounding_metadata.grounding_supports
    assert {place.segment.part_index for place in places} == {3 if model == MODEL else 4}


class Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.found.append((dict(attrs)["href"] or "", ""))

    def handle_data(self, data: str) -> None:
        if self.found and not self.found[-1][1]:
            self.found[-1] = (self.found[-1][0], data)


async def test_search_suggestions_are_html_with_a_link_for_each_query(client: genai.Client):
    chunks = await stream(client, "The latest <b>news</b> & more", tools=[SEARCH])
    grounding = chunks[-1].candidates[0].grounding_metadata
    links = Links()
    links.feed(grounding.search_entry_point.rendered_content)
    assert {"style", "div", "a"} <= links.tags
    assert "b" not in links.tags
    assert [text for _, text in links.found] == grounding.web_search_queries
    assert all(href.startswith("https://www.google.com/search?q=") for href, _ in links.found)


@pytest.mark.parametrize(
    ("host", "statuses"), [("example.com", ["SUCCESS", "ERROR"]), ("a.test", ["ERROR", "ERROR"])]
)
async def test_pages_are_read_or_not(client: genai.Client, host: str, statuses: list[str]):
    prompt = f"Read https://{host}/a and https://nowhere.invalid/b"
    chunks = await stream(client, prompt, tools=[PAGES])
    first = next(chunk.candidates[0] for chunk in chunks if chunk.text)
    read = first.url_context_metadata.url_metadata
    found = [page.url_retrieval_status.value.removeprefix("URL_RETRIEVAL_STATUS_") for page in read]
    assert found == statuses
    grounding = chunks[-1].candidates[0].grounding_metadata
    succeeded = statuses.count("SUCCESS")
    assert len((grounding and grounding.grounding_chunks) or []) == succeeded
    assert (chunks[-1].usage_metadata.tool_use_prompt_token_count or 0) == 400 * succeeded


async def test_search_and_pages_share_one_list_of_sources(client: genai.Client):
    prompt = "The latest news at https://example.com/news"
    chunks = await stream(client, prompt, tools=[SEARCH, PAGES])
    sources = chunks[-1].candidates[0].grounding_metadata.grounding_chunks
    assert [source.web.uri for source in sources][-1] == "https://example.com/news"
    assert cited(chunks)[0][1] == [len(sources) - 1]


@pytest.mark.parametrize("model", [MODEL, OLDER])
async def test_a_plot_follows_the_code_that_made_it(client: genai.Client, model: str):
    chunks = await stream(client, "Plot the length of these words", model, tools=[CODE])
    kinds = [kind for part in merged(chunks) if (kind := kind_of(part))]
    opening = [] if model == MODEL else ["text"]
    assert kinds[: 3 + len(opening)] == [*opening, "code", "result", "picture"]
    picture = next(part.inline_data for part in parts_of(chunks) if part.inline_data)
    assert Image.open(io.BytesIO(picture.data)).size == (320, 200)
    assert (
        "matplotlib" in next(p for p in parts_of(chunks) if p.executable_code).executable_code.code
    )


def kind_of(part: types.Part) -> str:
    kinds = {
        "code": part.executable_code,
        "result": part.code_execution_result,
        "picture": part.inline_data,
        "tool call": part.tool_call,
        "tool response": part.tool_response,
        "call": part.function_call,
        "text": part.text,
    }
    return next((kind for kind, found in kinds.items() if found), "")


async def test_tools_and_functions_need_the_switch(client: genai.Client):
    with pytest.raises(errors.ClientError, match="include_server_side_tool_invocations to use"):
        await stream(client, "Hi", tools=[SEARCH, *TEAM])
    with pytest.raises(errors.ClientError, match="Tool use with function calling is unsupported"):
        await stream(client, "Hi", OLDER, tools=[SEARCH, *TEAM], tool_config=SHOWN)


async def search_and_delegate(client: genai.Client) -> list[types.Content]:
    """A question, the tools' parts with a call, and its result."""
    prompt = "Search the latest news and draw a picture of it"
    chunks = await stream(client, prompt, tools=[SEARCH, *TEAM], tool_config=SHOWN)
    parts = [part for part in parts_of(chunks) if kind_of(part)]
    assert [kind_of(part) for part in parts] == ["tool call", "tool response", "call"]
    assert parts[0].tool_call.id == parts[1].tool_response.id
    assert parts[0].tool_call.tool_type == "GOOGLE_SEARCH_WEB"
    assert all(part.thought_signature for part in parts)
    [call] = calls_of(chunks)
    answer = types.FunctionResponse(id=call.id, name=call.name, response={"output": "done"})
    return [
        types.Content(role="user", parts=[types.Part(text=prompt)]),
        types.Content(role="model", parts=parts),
        types.Content(role="user", parts=[types.Part(function_response=answer)]),
    ]


async def test_the_parts_of_tools_come_before_a_call_and_go_back_with_it(client: genai.Client):
    contents = await search_and_delegate(client)
    config: dict[str, Any] = {"tools": [SEARCH, *TEAM], "tool_config": SHOWN}
    assert "The media agent answered" in text_of(await stream(client, contents, **config))


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        ((2,), "tool call and tool response parts"),
        ((1, 2), "tool call and tool response parts"),
        ((0, 2), "tool call and tool response parts"),
    ],
)
async def test_the_parts_of_tools_must_all_come_back(
    client: genai.Client, kept: tuple[int, ...], problem: str
):
    contents = await search_and_delegate(client)
    contents[1].parts = [contents[1].parts[index] for index in kept]
    with pytest.raises(errors.ClientError, match=problem) as refused:
        await stream(client, contents, tools=[SEARCH, *TEAM], tool_config=SHOWN)
    assert refused.value.code == 400


async def test_the_parts_of_tools_must_come_back_signed(client: genai.Client):
    contents = await search_and_delegate(client)
    contents[1].parts[1].thought_signature = None
    with pytest.raises(errors.ClientError, match="missing a thought_signature in toolResponse"):
        await stream(client, contents, tools=[SEARCH, *TEAM], tool_config=SHOWN)


async def test_an_answer_shows_the_tools_it_used_when_asked_to(client: genai.Client):
    prompt = "The latest news at https://example.com/news"
    chunks = await stream(client, prompt, tools=[SEARCH, PAGES], tool_config=SHOWN)
    kinds = [kind_of(part) for part in merged(chunks)]
    assert kinds[:5] == ["tool call", "tool response", "tool call", "tool response", "text"]
    assert len(cited(chunks)) == 4
    hidden = await stream(client, prompt, tools=[SEARCH, PAGES])
    assert kind_of(parts_of(hidden)[0]) == "text"


@pytest.mark.parametrize(
    ("model", "tool", "problem"),
    [
        ("gemini-2.5-flash-image", SEARCH, "Search as tool is not enabled"),
        ("gemini-3.1-flash-lite-image", SEARCH, "Search as tool is not enabled"),
        ("gemini-3.1-flash-image", CODE, "Code execution is not enabled"),
        ("gemini-3-pro-image", PAGES, "Browse as tool is not enabled"),
        ("gemini-3-pro-image", TEAM[0], "Function calling is not enabled"),
    ],
)
async def test_tools_that_a_model_does_not_have_are_refused(
    client: genai.Client, model: str, tool: types.Tool, problem: str
):
    with pytest.raises(errors.ClientError, match=problem):
        await stream(client, "Hi", model, response_modalities=["TEXT", "IMAGE"], tools=[tool])


async def test_some_image_models_may_search(client: genai.Client):
    modalities = ["TEXT", "IMAGE"]
    model = "gemini-3-pro-image"
    chunks = await stream(client, "Hi", model, response_modalities=modalities, tools=[SEARCH])
    assert any(part.inline_data for part in parts_of(chunks))


async def test_other_functions_are_called_when_their_name_is_spoken(client: genai.Client):
    schema = {"type": "object", "properties": {"task": {"type": "string"}}}
    weather = types.FunctionDeclaration(name="ask_weather_agent", parameters_json_schema=schema)
    tools = [types.Tool(function_declarations=[weather])]
    [call] = calls_of(await stream(client, "How is the weather in Zürich?", tools=tools))
    assert (call.name, call.args["task"]) == ("ask_weather_agent", "How is the weather in Zürich?")
    assert calls_of(await stream(client, "Hello", tools=tools)) == []
