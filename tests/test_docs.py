"""What the documentation promises is there, and what is there is documented."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
from django.conf import global_settings

import chatproject
from agents.core.errors import RunError
from conversations.access import MAX_ATTACHMENTS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md")]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def names_in_settings() -> set[str]:
    """The first argument of every ``env.reader("NAME", ...)`` in the settings."""
    return {
        str(call.args[0].value)
        for call in ast.walk(ast.parse(text_of("chatproject/settings.py")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.func.attr not in ("forget", "load_file")
        and isinstance(call.args[0], ast.Constant)
    }


def test_every_setting_is_documented_and_every_documented_setting_exists():
    documented = set(re.findall(r"^\| `([A-Z_]+)`", text_of("docs/configuration.md"), re.MULTILINE))
    assert documented == names_in_settings()


def test_settings_read_the_environment_through_the_strict_readers_only():
    reads = re.findall(r"os\.environ\S*", text_of("chatproject/settings.py"))
    assert reads == ['os.environ.get("ENV_FILE",']


def test_every_setting_has_an_effect():
    source = text_of("chatproject/settings.py")
    parts = ("chatproject", "common", "accounts", "apikeys", "conversations", "agents", "gemini")
    code = "".join(path.read_text() for part in parts for path in (ROOT / part).rglob("*.py"))
    idle = [
        name
        for name in re.findall(r"^([A-Z_]+) = env\.", source, re.MULTILINE)
        if not hasattr(global_settings, name)
        and len(re.findall(rf"\b{name}\b(?!\")", source)) < 2
        and f"settings.{name}" not in code
    ]
    assert idle == []


def test_secrets_that_may_come_from_a_file_are_marked():
    marked = set(
        re.findall(r"^\| `([A-Z_]+)` \*secret\*", text_of("docs/configuration.md"), re.MULTILINE)
    )
    assert marked == set(re.findall(r'env\.secret\("(\w+)"\)', text_of("chatproject/settings.py")))


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert project["version"] == chatproject.__version__
    assert f"## {chatproject.__version__}" in text_of("CHANGELOG.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_that_are_named_exist(document):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    code = " ".join(re.findall(r"`[^`]+`", text_of(document)))
    named = set(re.findall(r"\bmake ([a-z]+)\b", code))
    assert named
    assert named <= targets


def test_requirements_are_pinned():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-web.txt"):
        lines = [line for line in text_of(name).splitlines() if line and line[0] not in "#-"]
        assert [
            line for line in lines if not re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[\w.]+", line)
        ] == []


def test_decisions_have_context_choice_and_price():
    decisions = sorted(ROOT.glob("docs/adr/*.md"))
    assert decisions
    for number, path in enumerate(decisions, start=1):
        assert path.name.startswith(f"{number:04d}-")
        text = path.read_text(encoding="utf-8")
        for part in ("Context", "Choice", "Price"):
            assert re.search(rf"^(## |\*\*){part}", text, re.MULTILINE), (path.name, part)


def test_every_code_that_ends_an_answer_is_documented():
    documented = text_of("docs/wire.md").partition("## The end")[2]
    assert set(re.findall(r"`([a-z_]+)`", documented)) >= set(RunError.specs)


def test_how_many_files_a_message_carries_is_documented():
    row = f"| files of one message | {MAX_ATTACHMENTS} |"
    assert row in (ROOT / "docs" / "files.md").read_text()


def test_every_activity_is_documented():
    told = {
        event["activityType"]
        for stream in (ROOT / "tests" / "streams").glob("*.jsonl")
        for event in map(json.loads, stream.read_text(encoding="utf-8").strip().split("\n"))
        if event["type"] == "ACTIVITY_SNAPSHOT"
    }
    documented = re.findall(r"^\| `([a-z]+)` \|", text_of("docs/wire.md"), re.MULTILINE)
    assert told
    assert told <= set(documented)
