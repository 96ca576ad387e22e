"""The description of the REST API that clients are made from."""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command


def test_the_schema_is_valid_and_complete(tmp_path: Path):
    written = tmp_path / "schema.yml"
    options = {"validate": True, "fail_on_warn": True}
    call_command("spectacular", "--file", str(written), **options)
    described = written.read_text()
    for path in ("/api/estimate/", "/api/files/{file_id}/link/", "/api/voices/", "/api/agents/"):
        assert f"\n  {path}:\n" in described
