"""The catalogue joined with what Google lists for a key: a new model can be used at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gemini.catalogue import ModelList
from gemini.keys import list_models
from gemini.model_info import ListedModel, kind_of_id, listed_from
from gemini.request import request_body
from tests.core.exchanges import FLASH, LITE
from tests.core.scripted import ScriptedModel
from tests.core.team import ask, events_of, said

XENON = ListedModel("gemini-4-xenon", "Gemini 4 Xenon", "For tomorrow.", 2_097_152, 131_072, True)
BANANA, PRO_IMAGE = "gemini-nano-banana-2.1", "gemini-3-pro-image"
TTS, LITE_TTS = "gemini-3.8-flash-tts", "gemini-3.8-flash-lite-tts"


def listing(*models: ListedModel | str, **known) -> ModelList:
    entries = [ListedModel(one) if isinstance(one, str) else one for one in models]
    return ModelList({model.id: model for model in entries}, **known)


def test_a_model_that_nobody_described_is_on_offer_with_what_google_says():
    models = listing(FLASH, XENON)
    model = models.models("chat")[-1]
    assert (model.name, model.api_id, model.label) == (*(XENON.id, XENON.id), XENON.label)
    assert (model.window_tokens, model.output_tokens) == (2_097_152, 131_072)
    assert (model.state, model.thinking, model.needs_billing) == ("unknown", (), None)
    assert not model.price_known
    assert models.resolve(XENON.id) == model
    assert ModelList().resolve(XENON.id) is None


@pytest.mark.parametrize(
    ("api_id", "kind"),
    [
        ("gemini-4-xenon", "chat"),
        ("gemini-3-flash-preview", "chat"),
        ("gemini-5-nano", "chat"),
        ("gemini-nano-banana-3", "image"),
        ("gemini-4-flash-image-preview", "image"),
        ("gemini-4-flash-tts", "speech"),
        ("gemini-2.5-pro-preview-tts", "speech"),
        ("gemini-embedding-2", ""),
        ("gemini-3.8-live-extended-thinking", ""),
        ("gemini-2.5-flash-native-audio-preview-12-2025", ""),
        ("gemini-robotics-er-2-preview", ""),
        ("gemini-2.5-computer-use-preview-10-2025", ""),
        ("gemini-omni-1.1-flash", ""),
        ("gemini-3.1-pro-preview-customtools", ""),
        ("gemma-4-31b-it", ""),
        ("deep-research-preview-04-2026", ""),
        ("gemini-4-xenon/../../files", ""),
        ("gemini-" + "x" * 50, ""),
    ],
)
def test_what_a_model_answers_with_is_told_by_its_id(api_id, kind):
    assert kind_of_id(api_id) == kind
    offered = [model.api_id for of in ("chat", "image", "speech") for model in of_kind(api_id, of)]
    assert offered == ([api_id] if kind else [])


def of_kind(api_id: str, kind: str):
    listed = listing(api_id)
    return [model for model in listed.models(kind) if model.api_id == api_id]


def test_versions_and_aliases_of_a_model_are_not_offered_beside_it():
    listed = listing("gemini-4-xenon", "gemini-4-xenon-001", "gemini-flash-latest", "gemini-5-002")
    offered = [model.name for model in listed.models("chat") if not model.current]
    assert offered == ["gemini-4-xenon", "gemini-5-002"]


def test_older_models_are_on_offer_to_keys_that_have_them():
    assert "gemini-2.5-flash-lite" not in names(ModelList())
    assert "gemini-2.5-flash-lite" in names(listing("gemini-2.5-flash-lite"))
    assert "gemini-3.7-flash" not in names(listing("gemini-3.7-flash"))  # answers as another one


def names(models: ModelList) -> list[str]:
    return [model.name for model in models.models("chat")]


def test_googles_limits_go_before_ours():
    listed = ListedModel(LITE, input_tokens=500_000, output_tokens=8_000)
    model = listing(listed).info("gemini-3-flash-lite")
    assert (model.window_tokens, model.output_tokens) == (500_000, 8_000)
    assert model.thinking == ("minimal", "low", "medium", "high")


@pytest.mark.parametrize(
    ("listed", "kind", "best"),
    [
        (None, "image", BANANA),
        (None, "speech", TTS),
        ((PRO_IMAGE, BANANA, "gemini-3.1-flash-image"), "image", BANANA),
        (("gemini-3.1-flash-image", PRO_IMAGE), "image", PRO_IMAGE),
        (("gemini-3.1-flash-image",), "image", "gemini-3.1-flash-image"),
        (("gemini-nano-banana-9", "gemini-embedding-2"), "image", "gemini-nano-banana-9"),
        (("gemini-3.1-flash-tts-preview", LITE_TTS), "speech", LITE_TTS),
        (("gemini-2.5-flash-preview-tts",), "speech", "gemini-2.5-flash-preview-tts"),
        ((FLASH,), "image", None),
        ((), "speech", None),
    ],
)
def test_what_draws_and_speaks_is_the_best_that_the_key_lists(listed, kind, best):
    models = ModelList() if listed is None else listing(*listed)
    found = models.best(kind)
    assert (found and found.api_id) == best


async def test_the_media_agent_asks_for_what_the_key_lists():
    for output, listed in (("image", PRO_IMAGE), ("speech", LITE_TTS)):
        model = ScriptedModel(said("Done."))
        await events_of(
            ask(model, "A fox", agent="media", output=output, models=listing(FLASH, listed))
        )
        assert [request.model for request in model.requests] == [listed]


async def test_a_key_that_lists_nothing_of_a_kind_is_told_so_and_asks_nothing():
    model = ScriptedModel(said("Done."))
    events = await events_of(
        ask(model, "A fox", agent="media", output="image", models=listing(FLASH))
    )
    assert events[-1]["code"] == "model_gone"
    assert "no model that makes pictures" in events[-1]["message"]
    assert model.requests == []


async def test_a_model_of_tomorrow_answers_and_is_asked_for_nothing_it_may_not_have():
    for thinks in (True, False):
        model = ScriptedModel(said("Hello."))
        models = listing(replace(XENON, thinks=thinks))
        await events_of(ask(model, model=XENON.id, models=models, thinking="high"))
        (request,) = model.requests
        assert request.model == XENON.id
        thinking = request_body(request).get("generationConfig", {}).get("thinkingConfig", {})
        assert thinking == ({"includeThoughts": True} if thinks else {})


def test_what_is_stored_of_a_list_is_read_whatever_it_is():
    rows = [XENON.as_json(), "gemini-4-argon", None, 7, {"id": 7}, {"id": "x", "thinks": "yes"}]
    found = listed_from(rows)
    assert found == {
        XENON.id: XENON,
        "gemini-4-argon": ListedModel("gemini-4-argon"),
        "x": ListedModel("x"),
    }
    for odd in (None, "models", 7, {"id": "x"}):
        assert listed_from(odd) == {}


def test_a_key_without_billing_is_known_by_what_google_refused_it():
    models = listing(FLASH, "gemini-4-neon", has_billing=False, unbilled=frozenset({LITE}))
    lacking = [model.name for model in models.models("chat") if models.lacks_billing(model)]
    assert lacking == [
        *("gemini-4-argon", "gemini-4-carbon", "gemini-4-neon", "gemini-3-pro"),
        "gemini-3-flash-lite",
    ]
    assert not any(listing(FLASH).lacks_billing(model) for model in models.models("chat"))


def test_an_old_list_refuses_nothing():
    old = listing(FLASH, XENON, fresh=False)
    assert {old.lists(model) for model in old.models("chat")} == {None}
    assert old.resolve(XENON.id) is not None


async def test_the_emulators_list_is_understood_whole(emulator, endpoint):
    listed = await asyncio.to_thread(list_models, endpoint, emulator.new_key())
    models = ModelList({model.id: model for model in listed})
    assert all(models.lists(model) for model in models.models("chat"))
    assert models.best("image").api_id == BANANA
    assert models.best("speech").api_id == TTS
