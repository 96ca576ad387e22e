"""What each agent asks of each model, and how that is written for Google."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from gemini import capabilities, catalogue
from gemini.request import Function, ModelRequest, request_body
from gemini.voices import DEFAULT_VOICE
from tests.core.exchanges import FLASH, IMAGE, LITE, PRO, SPEECH, user
from tests.core.scripted import ScriptedModel
from tests.core.team import KEY, ask, asks, call, events_of, said

ALL = ("search", "code", "url", "maps")
ASK = Function("ask", "Asks.", {"type": "object"})
DECLARED = {
    "functionDeclarations": [
        {"name": "ask", "description": "Asks.", "parametersJsonSchema": {"type": "object"}}
    ]
}
SUBSETS = [subset for size in range(5) for subset in combinations(ALL, size)]


async def request_of(prompt, *replies, number=0, **turn) -> ModelRequest:
    scripted = ScriptedModel(*replies, said("Well."))
    await events_of(ask(scripted, prompt, **turn))
    return scripted.requests[number]


def written(**request):
    sent = ModelRequest(**{"model": FLASH, "system": "", "contents": (), "api_key": KEY} | request)
    written = request_body(sent)
    assert written.pop("store") is False
    return written


# Google's tools


@pytest.mark.parametrize("wanted", SUBSETS, ids="+".join)
@pytest.mark.parametrize("agent", ["text", "direct"])
async def test_who_may_use_tools_is_given_those_that_the_user_wants(agent, wanted):
    assert (await request_of("Hello", agent=agent, tools=wanted)).tools == wanted


async def test_an_agent_that_the_coordinator_asks_is_given_them_too():
    asking = asks(call("text", task="Find it", reason="News"))
    assert (await request_of("Hello", asking, number=1, tools=("url",))).tools == ("url",)


@pytest.mark.parametrize("agent", ["auto", "media"])
async def test_the_coordinator_with_its_functions_and_the_media_agent_are_given_none(agent):
    assert (await request_of("Hello", agent=agent, tools=ALL)).tools == ()


async def test_tools_that_nobody_knows_are_not_sent():
    assert (await request_of("Hello", agent="text", tools=("search", "telepathy"))).tools == (
        "search",
    )


def test_a_model_is_given_only_the_tools_that_it_has():
    assert capabilities.supported_tools(FLASH, ALL) == ALL
    assert (
        capabilities.supported_tools(IMAGE, ALL) == capabilities.supported_tools(SPEECH, ALL) == ()
    )
    assert capabilities.supported_tools("gemini-99", ALL) == ALL


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, {}),
        ({"tools": ("search",)}, {"tools": [{"googleSearch": {}}]}),
        (
            {"tools": ALL},
            {
                "tools": [
                    {"googleSearch": {}},
                    {"codeExecution": {}},
                    {"urlContext": {}},
                    {"googleMaps": {}},
                ]
            },
        ),
        (
            {"functions": (ASK,)},
            {"tools": [DECLARED], "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}},
        ),
        (
            {"functions": (ASK,), "call_functions": False},
            {"tools": [DECLARED], "toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
        ),
        (
            {"functions": (ASK,), "tools": ("code",)},
            {
                "tools": [DECLARED, {"codeExecution": {}}],
                "toolConfig": {
                    "functionCallingConfig": {"mode": "AUTO"},
                    "includeServerSideToolInvocations": True,
                },
            },
        ),
    ],
)
def test_tools_and_functions_as_google_reads_them(request_, expected):
    assert written(**request_) == {"contents": [], **expected}


def test_what_is_kept_beside_a_content_is_not_sent():
    kept = {"role": "model", "parts": [{"text": "Hi"}], "model": FLASH, "agent": "text"}
    assert written(contents=(kept,)) == {"contents": [{"role": "model", "parts": [{"text": "Hi"}]}]}


# thinking


@pytest.mark.parametrize(
    ("model", "level", "config"),
    [
        *((FLASH, level, {"thinkingLevel": level}) for level in ("low", "medium", "high")),
        (FLASH, "minimal", {"thinkingLevel": "low"}),
        (FLASH, "auto", {}),
        (FLASH, "", {}),
        (FLASH, "enormous", {}),
        ("gemini-2.5-flash", "minimal", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "minimal", {"thinkingBudget": 128}),
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1_024}),
        ("gemini-2.5-flash", "medium", {"thinkingBudget": 8_192}),
        ("gemini-2.5-flash", "high", {"thinkingBudget": 24_576}),
        ("gemini-2.5-flash", "auto", {}),
        ("gemini-2.5-flash", "xhigh", {"thinkingBudget": 24_576}),
        *((model, "auto", {}) for model in (IMAGE, SPEECH)),
        (IMAGE, "low", {"thinkingLevel": "medium"}),
        (SPEECH, "high", {}),
        ("gemini-4-neon", "xhigh", {"thinkingLevel": "xhigh"}),
        ("gemini-4-hydrogen", "xhigh", {"thinkingLevel": "xhigh"}),
        ("gemini-4-carbon", "xhigh", {"thinkingLevel": "high"}),
        ("gemini-4-argon", "minimal", {"thinkingLevel": "low"}),
        ("gemini-99", "medium", {}),  # its levels are not known, and a wrong one is refused
    ],
)
def test_a_level_of_thinking_as_the_model_takes_it(model, level, config):
    assert capabilities.thinking_config(model, level) == config
    sent = written(model=model, thinking=level)
    assert sent.get("generationConfig", {}).get("thinkingConfig", {}) == config


@pytest.mark.parametrize(
    ("has", "wanted", "given"),
    [
        (("low", "high"), "minimal", "low"),
        (("low", "high"), "high", "high"),
        (("low", "high"), "medium", "high"),
        (("high",), "minimal", "high"),
        (("minimal", "low"), "high", "low"),
    ],
)
def test_a_level_that_a_model_does_not_have_becomes_the_next(monkeypatch, has, wanted, given):
    flash = replace(catalogue.resolve(catalogue.DEFAULT_MODEL), thinking=has)
    monkeypatch.setitem(catalogue._BY_NAME, flash.name, flash)
    assert capabilities.thinking_config(flash.api_id, wanted) == {"thinkingLevel": given}


def test_summaries_are_asked_for_whatever_the_level():
    for level, more in (("auto", {}), ("low", {"thinkingLevel": "low"})):
        sent = written(thoughts=True, thinking=level)
        assert sent["generationConfig"] == {"thinkingConfig": {"includeThoughts": True, **more}}


@pytest.mark.parametrize("agent", ["auto", "direct", "text", "media"])
async def test_everybody_thinks_as_much_as_the_user_chose(agent):
    request = await request_of("Hello", agent=agent, thinking="low")
    assert request.thinking == "low"
    assert request.thoughts == (agent != "media")


# the media agent's models


async def test_a_picture_is_asked_of_the_model_that_draws():
    asking = asks(
        call("media", task="A fox", reason="Picture", output="image", aspect_ratio="16:9")
    )
    sent = request_body(await request_of("A fox", asking, number=1))
    assert sent["contents"] == [user("A fox")]
    assert sent["generationConfig"] == {
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {"aspectRatio": "16:9"},
    }
    assert (await request_of("A fox", asking, number=1)).model == IMAGE


async def test_a_shape_that_no_model_draws_is_left_to_it():
    asking = asks(call("media", task="A fox", output="image", aspect_ratio="1:1000"))
    sent = request_body(await request_of("A fox", asking, number=1))
    assert sent["generationConfig"] == {"responseModalities": ["TEXT", "IMAGE"]}


@pytest.mark.parametrize(("voice", "heard"), [("", DEFAULT_VOICE), ("Puck", "Puck")])
async def test_speech_is_asked_of_the_model_that_speaks_in_the_users_voice(voice, heard):
    request = await request_of(
        "Hello there", agent="media", output="speech", voice=voice, thinking="high"
    )
    assert request.model == SPEECH
    assert request_body(request) == {
        "store": False,
        "contents": [user("Hello there")],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": heard}}},
        },
    }


@pytest.mark.parametrize(
    ("code", "name", "instead"),
    [
        ("quota", "gemini-3-pro", "gemini-3-flash"),
        ("overloaded", "gemini-3-flash", "gemini-3-flash-lite"),
        ("timeout", "gemini-3-flash-lite", ""),
        ("model_gone", "gemini-3-pro", "gemini-3-flash"),
        ("model_gone", "gemini-3-flash", ""),
        ("quota", "gemini-3-image", ""),
        ("model_gone", "gemini-3-image", ""),
        ("billing_required", "gemini-4-neon", "gemini-3-flash"),
        ("quota", "gemini-4-neon", "gemini-4-hydrogen"),
        ("quota", "gemini-4-hydrogen", "gemini-3-flash"),
        ("invalid_key", "gemini-3-pro", ""),
        ("too_long", "gemini-3-pro", ""),
    ],
)
def test_another_model_is_advised_only_where_it_may_do_better(code, name, instead):
    assert capabilities.fallback_model(catalogue.api_id(name), code) == instead


def test_a_model_that_nobody_knows_is_replaced_only_when_it_is_gone():
    assert capabilities.fallback_model("gemini-99", "model_gone") == catalogue.DEFAULT_MODEL
    assert capabilities.fallback_model("gemini-99", "quota") == ""


def test_the_models_of_these_tests_are_those_of_the_catalogue():
    names = ("flash", "pro", "flash-lite", "image", "speech")
    assert [catalogue.api_id(f"gemini-3-{name}") for name in names] == [
        *(FLASH, PRO, LITE, IMAGE, SPEECH)
    ]
