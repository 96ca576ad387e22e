"""The page's types say what the REST API takes and gives now."""

from __future__ import annotations

import pytest

from tests import api_types


@pytest.mark.skipif(not api_types.can_generate(), reason="node or web/node_modules is missing")
def test_the_types_of_the_page_are_those_of_the_schema():
    written = api_types.TYPES.read_text(encoding="utf-8")
    assert written == api_types.generated(), "run: python -m tests.api_types --write"
