"""Refusals that are meant are no errors in the log."""

import logging

import pytest
from django.http import HttpResponse
from django.urls import path
from rest_framework.views import APIView

from common.errors import AppError


class Refusing(APIView):
    authentication_classes = permission_classes = ()

    def get(self, request, status):
        if status == 500:
            raise RuntimeError("ours")
        raise AppError("full", "There is no room.", status=status)


urlpatterns = [
    path("api/<int:status>/", Refusing.as_view()),
    path("plain/<int:status>/", lambda request, status: HttpResponse(status=status)),
]


@pytest.fixture
def lines(caplog, client, settings):
    """The levels of what Django logs of one request, by our own settings of the log."""
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False

    def ask(address: str) -> list[int]:
        caplog.clear()
        client.get(address)
        return [record.levelno for record in caplog.records if record.name == "django.request"]

    return ask


@pytest.mark.parametrize("kind", ["api", "plain"])
def test_only_a_500_is_an_error(lines, kind):
    assert lines(f"/{kind}/507/") == [logging.WARNING]
    assert lines(f"/{kind}/502/") == [logging.WARNING]
    assert lines(f"/{kind}/503/") == []  # an outage is said once, by who notices it
    assert lines(f"/{kind}/500/")[-1] == logging.ERROR
