"""Prices come from the environment, and one that is none stops the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatproject import env
from chatproject.apps import ChatprojectConfig
from gemini import prices


@pytest.fixture
def start(settings, monkeypatch):
    def started(given: str) -> None:
        monkeypatch.setenv("GEMINI_PRICES", given)
        settings.GEMINI_PRICES = env.json_object("GEMINI_PRICES")
        ChatprojectConfig.create("chatproject").ready()

    yield started
    prices.override({})


def test_an_operator_sets_the_price_of_a_new_model(start):
    start('{"gemini-9": {"input": 0.1, "output": 0.2}}')
    assert prices.is_priced("gemini-9")


@pytest.mark.parametrize("given", ['{"gemini-9": 5}', "[]", "cheap"])
def test_what_is_no_price_stops_the_start(start, given):
    with pytest.raises(ImproperlyConfigured, match="GEMINI_PRICES"):
        start(given)
