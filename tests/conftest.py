"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.people import make_user


@pytest.fixture
def alice(db: None) -> User:
    """Owns what the test is about."""
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Has things of his own."""
    return make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    """Signed in, and must get nothing."""
    return make_user("charlie")
