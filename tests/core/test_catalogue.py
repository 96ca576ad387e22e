"""The catalogue: what models can do, and what became of those that are gone."""

from __future__ import annotations

import pytest

from agents.core import catalogue
from agents.core.voices import DEFAULT_VOICE, VOICES, is_voice


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("gemini-3-flash", "gemini-3-flash"),
        ("gemini-3.8-flash", "gemini-3-flash"),
        ("gemini-3.1-flash-image", "gemini-3-image"),
        ("gemini-1.5-flash-002", "gemini-3-flash-lite"),
        ("gemini-1.5-pro", "gemini-3-flash"),
        ("gemini-2.0-flash-lite-001", "gemini-3-flash-lite"),
        ("gemini-2.0-flash-preview-image-generation", "gemini-3-image"),
        ("gemini-2.5-pro-preview-06-05", "gemini-3-flash"),
        ("gemini-2.5-flash", "gemini-3-flash-lite"),
        ("gemini-2.5-flash-image", "gemini-3-image"),
        ("gemini-2.5-pro-preview-tts", "gemini-3-speech"),
        ("gemini-3-pro-preview", "gemini-3-pro"),
        ("gemini-3-pro-image-preview", "gemini-3-image"),
        ("gemini-3-flash-preview", "gemini-3-flash"),
        ("gemini-3.1-flash-lite-preview", "gemini-3-flash-lite"),
        ("gemini-3.5-flash", "gemini-3-flash"),
    ],
)
def test_a_name_an_id_and_a_retired_one_mean_a_model(name, means):
    model = catalogue.resolve(name)
    assert model is not None
    assert model.name == means
    in_use = name in {word for one in catalogue.all_models() for word in (one.name, one.api_id)}
    assert (catalogue.replaced(name) is None) is in_use


@pytest.mark.parametrize("name", ["", "gpt-9", "gemini-9-flash", "gemini", "../gemini-1.5-pro"])
def test_what_nobody_knows_means_nothing(name):
    assert catalogue.resolve(name) is None
    assert catalogue.replaced(name) is None


def test_every_retired_one_has_a_successor():
    assert all(catalogue.exists(name) for name in catalogue.RETIRED.values())


def test_an_id_that_the_operator_put_into_use_is_not_retired(monkeypatch):
    monkeypatch.setattr(catalogue, "_BY_NAME", dict(catalogue._BY_NAME))
    catalogue.override({"gemini-3-pro": "gemini-2.5-pro"})
    assert catalogue.replaced("gemini-2.5-pro") is None
    assert catalogue.chosen("gemini-2.5-pro")[0].name == "gemini-3-pro"


def test_models_say_what_they_can():
    for model in catalogue.all_models():
        assert set(model.tools) <= set(catalogue.TOOLS)
        assert set(model.thinking) <= set(catalogue.THINKING) - {"auto"}
        assert model.window_tokens >= 8_192
    assert {model.tools for model in catalogue.chat_models()} == {catalogue.TOOLS}


@pytest.mark.parametrize(
    ("name", "wanted", "asked"),
    [
        ("gemini-3-flash", "auto", ""),
        ("gemini-3-flash", "minimal", "low"),
        ("gemini-3-flash-lite", "minimal", "minimal"),
        ("gemini-3-pro", "high", "high"),
        ("gemini-3-speech", "high", ""),
    ],
)
def test_a_level_that_a_model_refuses_becomes_the_next_one(name, wanted, asked):
    assert catalogue.level_for(name, wanted) == asked


def test_there_are_thirty_voices():
    assert len(VOICES) == 30
    assert is_voice(DEFAULT_VOICE)
    assert not is_voice("kore")
    assert all(character and " " not in character for character in VOICES.values())
