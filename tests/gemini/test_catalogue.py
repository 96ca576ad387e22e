"""The catalogue: what models can do, and what became of those that are gone."""

from __future__ import annotations

from datetime import date

import pytest

from gemini import catalogue, model_info
from gemini.known_models import KNOWN, SHUTDOWNS
from gemini.voices import DEFAULT_VOICE, VOICES, is_voice

TODAY = date(2026, 11, 28)
LAST_DAY, THE_END = date(2026, 11, 30), date(2026, 12, 1)


@pytest.fixture
def names(monkeypatch):
    """Names whose ids an operator may change, as they were afterwards."""
    monkeypatch.setattr(catalogue, "_BY_NAME", dict(catalogue._BY_NAME))


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("gemini-3-flash", "gemini-3-flash"),
        ("gemini-3.8-flash", "gemini-3-flash"),
        ("gemini-4-neon", "gemini-4-neon"),
        ("gemini-nano-banana-2.1", "gemini-3-image"),
        ("gemini-3.1-flash-image", "gemini-3.1-flash-image"),
        ("gemini-3-pro-image", "gemini-3-pro-image"),
        ("gemini-3.6-flash", "gemini-3.6-flash"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-1.5-flash-002", "gemini-3-flash-lite"),
        ("gemini-1.5-pro", "gemini-3-flash"),
        ("gemini-2.0-flash-lite-001", "gemini-3-flash-lite"),
        ("gemini-2.0-flash-preview-image-generation", "gemini-3-image"),
        ("gemini-2.5-pro-preview-06-05", "gemini-3-flash"),
        ("gemini-2.5-flash-image", "gemini-3-image"),
        ("gemini-3-pro-preview", "gemini-3-pro"),
        ("gemini-3-pro-image-preview", "gemini-3-image"),
        ("gemini-3.1-flash-lite-preview", "gemini-3.1-flash-lite"),
        ("gemini-3.5-flash", "gemini-3.6-flash"),
        ("gemini-3.7-flash", "gemini-3-flash"),
    ],
)
def test_a_name_an_id_and_one_that_was_shut_down_mean_a_model(name, means):
    model = catalogue.resolve(name, TODAY)
    assert model is not None
    assert model.name == means
    in_use = name in {word for one in catalogue.all_models() for word in (one.name, one.api_id)}
    assert (catalogue.replacement_for(name, TODAY) is None) is in_use


@pytest.mark.parametrize(
    "name", ["gemini-2.5-flash-lite", "gemini-3.6-flash", "gemini-3-pro-image"]
)
def test_a_model_that_google_has_not_ended_is_not_replaced(name):
    assert catalogue.shutdown_of(name) is None
    assert catalogue.replacement_for(name, date(2030, 1, 1)) is None


@pytest.mark.parametrize(
    "name",
    ["", "gpt-9", "gemini-9-flash", "gemini", "../gemini-1.5-pro", "gemini-2.5-flash-tomorrow"],
)
def test_what_nobody_knows_means_nothing(name):
    """No pattern: a model whose name only looks like an old one may be the newest."""
    assert catalogue.resolve(name, TODAY) is None
    assert catalogue.replacement_for(name, TODAY) is None


def test_a_model_is_replaced_from_the_day_on_which_it_ends_and_warned_of_before():
    model, note = catalogue.resolve_choice("gemini-2.5-pro", LAST_DAY)
    assert model.name == "gemini-2.5-pro"
    assert note == "Gemini 2.5 Pro ends on 2026-12-01: choose Gemini 3 Flash."
    model, note = catalogue.resolve_choice("gemini-2.5-pro", THE_END)
    assert model.name == "gemini-3-flash"
    assert "gemini-2.5-pro, is not offered any more; Gemini 3 Flash answers." in note
    assert catalogue.resolve_choice("gemini-2.5-flash", THE_END)[0].name == "gemini-3-flash-lite"


def test_an_end_that_is_far_away_is_no_warning_yet():
    model = catalogue.resolve("gemini-3.1-flash-lite", TODAY)
    assert model is not None
    assert catalogue.shutdown_warning(model, TODAY) == ""
    assert "ends on 2027-05-07" in catalogue.shutdown_warning(model, date(2027, 4, 1))


def test_an_end_without_a_day_is_told_as_such():
    model = catalogue.resolve("gemini-3.1-flash-image", TODAY)
    assert model is not None
    warning = catalogue.shutdown_warning(model, TODAY)
    assert warning == "Google is going to end Nano Banana 2: choose Nano Banana 2.1."
    assert "2026-10-29" in SHUTDOWNS["gemini-3.1-flash-image"].note


def test_every_model_that_ends_has_a_successor_a_day_and_a_source():
    for api_id, end in SHUTDOWNS.items():
        last = end.on or TODAY
        successor = catalogue.resolve(end.replacement, last)
        assert successor is not None, api_id
        assert catalogue.replacement_for(successor.name, last) is None, api_id
        assert end.source.startswith("https://"), api_id
        assert date.fromisoformat(end.read_on) <= TODAY, api_id


def test_every_model_says_who_said_so_and_when():
    for model in KNOWN:
        assert model.source.startswith("https://"), model.name
        assert date.fromisoformat(model.checked_on) <= TODAY, model.name


def test_an_id_that_the_operator_put_into_use_is_not_shut_down(names):
    catalogue.override({"gemini-3-pro": "gemini-2.5-pro"})
    assert catalogue.replacement_for("gemini-2.5-pro", THE_END) is None
    assert catalogue.resolve_choice("gemini-2.5-pro", THE_END)[0].name == "gemini-3-pro"


def test_a_name_has_the_abilities_of_the_id_behind_it(names):
    catalogue.override({"gemini-3-flash": "gemini-4-hydrogen", "gemini-3-image": "gemini-9-image"})
    model = catalogue.resolve("gemini-3-flash")
    assert model is not None
    assert (model.api_id, model.label) == ("gemini-4-hydrogen", "Gemini 3 Flash")
    assert model.thinking == ("low", "medium", "high", "xhigh")
    assert catalogue.ModelList().best("image").api_id == "gemini-9-image"


def test_a_choice_that_only_a_key_can_know_stays_what_it_is():
    model, note = catalogue.resolve_choice("gemini-4-xenon", TODAY)
    assert (model.name, model.api_id, model.kind, note) == (
        *("gemini-4-xenon", "gemini-4-xenon", "chat", ""),
    )
    for name in ("gpt-9", "gemini-3-image", "gemini-4-image", "gemini-embedding-2", "../x"):
        model, note = catalogue.resolve_choice(name, TODAY)
        assert model.name == catalogue.DEFAULT_MODEL
        assert "is not on offer here; Gemini 3 Flash answers." in note


def test_models_say_what_they_can():
    for model in catalogue.all_models():
        assert set(model.tools) <= set(model_info.TOOLS)
        assert set(model.thinking) <= set(model_info.THINKING) - {"auto"}
        assert model.window_tokens >= 8_192
        assert (model.pictures is not None) == (model.kind == "image")
        assert (model.speech is not None) == (model.kind == "speech")
    assert {model.tools for model in catalogue.chat_models()} == {model_info.TOOLS}


def test_gemini_4_can_be_chosen():
    levels = {model.name: model.thinking[-1] for model in catalogue.chat_models()}
    assert levels["gemini-4-argon"] == levels["gemini-4-carbon"] == "high"
    assert levels["gemini-4-hydrogen"] == levels["gemini-4-neon"] == "xhigh"
    billed = {model.name for model in catalogue.chat_models() if model.needs_billing}
    assert billed == {"gemini-4-argon", "gemini-4-carbon", "gemini-4-neon", "gemini-3-pro"}


def test_what_can_be_asked_of_a_picture_and_of_a_voice():
    models = catalogue.ModelList()
    pictures, speech = models.info("gemini-3-image").pictures, models.info("gemini-3-speech").speech
    assert pictures is not None
    assert (len(pictures.ratios), list(pictures.sizes), pictures.references) == (
        *(14, ["1K", "2K", "4K"], 14),
    )
    assert speech is not None
    assert (len(speech.voices), speech.speakers, speech.style) == (30, 2, "metadata")


@pytest.mark.parametrize(
    ("name", "wanted", "asked"),
    [
        ("gemini-3-flash", "auto", ""),
        ("gemini-3-flash", "minimal", "low"),
        ("gemini-3-flash-lite", "minimal", "minimal"),
        ("gemini-3-pro", "high", "high"),
        ("gemini-3-pro", "xhigh", "high"),
        ("gemini-4-neon", "xhigh", "xhigh"),
        ("gemini-3-speech", "high", ""),
        ("gemini-4-xenon", "high", ""),
    ],
)
def test_a_level_that_a_model_refuses_becomes_the_next_one(name, wanted, asked):
    assert catalogue.thinking_level(catalogue.ModelList().info(name), wanted) == asked


def test_there_are_thirty_voices():
    assert len(VOICES) == 30
    assert is_voice(DEFAULT_VOICE)
    assert not is_voice("kore")
    assert all(character and " " not in character for character in VOICES.values())
