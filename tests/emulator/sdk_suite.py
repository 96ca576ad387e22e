"""Running the tests that Google ships with its SDK against an emulator, in a process of their own.

The wheel has the tests but neither their recorded traffic nor the files they read. So they run in
the suite's "api" mode, from a copy, with stand-ins for the files; the plugin beside this module
puts the emulator's address into their clients.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from google import genai
from PIL import Image

from emulator.testing import Emulator

HERE = Path(__file__).parent
SHIPPED = Path(str(genai.__file__)).parent / "tests"
SUITES = (  # of the methods that the product calls, and of their unary forms
    "shared/chats",
    "shared/models/test_count_tokens.py",
    "shared/models/test_generate_content.py",
    "shared/models/test_generate_content_stream.py",
    "shared/models/test_list.py",
    "files/test_upload.py",
    "models/test_count_tokens.py",
    "models/test_generate_content.py",
    "models/test_generate_content_image_generation.py",
    "models/test_generate_content_part.py",
    "models/test_generate_content_thought.py",
    "models/test_generate_content_tools.py",
    "models/test_get.py",
    "models/test_list.py",
)
TIMEOUT_S = 170
_PICTURES = ("google.png", "google.jpg", "checkerboard.png", "a-man-and-a-dog.png")
_PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Page >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
_MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x08mdat"
_M4A = b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom" + b"\0\0\0\x08mdat"
_WAV = (
    b"RIFF\x24\x10\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
    b"data\0\x10\0\0" + b"\0" * 4096
)


def run(emulator: Emulator, folder: Path) -> dict[str, str]:
    """Runs the suites in `folder`; gives each test's outcome: passed, failed or skipped.

    A name is ``shared/chats/test_send_message.py::test_send_message[mldev]``, with the rest of
    what a parametrised test was given behind it. Vertex tests are left out: they are skipped.

    Raises:
        AssertionError: pytest itself did not get through; its last words are in the message.
        subprocess.TimeoutExpired: it took longer than it may.
    """
    tests = _copied(folder / "google" / "genai" / "tests")
    report = folder / "report.xml"
    command = [sys.executable, "-P", "-m", "pytest", *(str(tests / suite) for suite in SUITES)]
    command += ["--mode=api", "-o", "consider_namespace_packages=true", f"--rootdir={folder}"]
    command += ["-c", str(folder / "pytest.ini"), "-p", "sdk_plugin", "-q"]
    command += [
        "-p",
        "no:django",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:warnings",
        f"--junitxml={report}",
        "--tb=line",
    ]
    (folder / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\n")
    ran = subprocess.run(
        command,
        cwd=tests.parent,
        env=_environment(emulator, folder),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stdout[-4000:] + ran.stderr[-2000:]
    return _outcomes(report)


def _environment(emulator: Emulator, folder: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GOOGLE_")}
    for name in ("GEMINI_API_KEY", "PYTEST_ADDOPTS", "DJANGO_SETTINGS_MODULE"):
        plain.pop(name, None)
    return plain | {
        "EMULATOR_BASE_URL": emulator.base_url,
        "GOOGLE_API_KEY": emulator.new_key(),
        "GOOGLE_GENAI_REPLAYS_DIRECTORY": str(folder / "replays"),
        "GOOGLE_GENAI_RUN_GEMINI_ONLY_IN_API_MODE": "1",
        "PYTHONPATH": str(HERE),
        "SDK_SUITE_FOLDER": str(folder / "google" / "genai"),
    }


def _copied(target: Path) -> Path:
    """A copy of what the suites need, with stand-ins for the files they read."""
    for name in ("__init__.py", "conftest.py", "pytest_helper.py", *SUITES):
        source, copy = SHIPPED / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    for package in {Path(suite).parts[0] for suite in SUITES}:
        for source in (SHIPPED / package).glob("*.py"):
            if not source.name.startswith("test_"):
                shutil.copyfile(source, target / package / source.name)
    _write_data(target / "data")
    return target


def _write_data(data: Path) -> None:
    data.mkdir()
    for name in _PICTURES:
        Image.new("RGB", (48, 32), (66, 133, 244)).save(data / name)
    for name, content in (
        ("story.pdf", _PDF),
        ("story.txt", b"Once upon a time there was a file.\n"),
        ("animal.mp4", _MP4),
        ("pixel.m4a", _M4A),
        ("voice_sample.wav", _WAV),
    ):
        (data / name).write_bytes(content)
    shutil.copyfile(data / "google.png", data / "google_homepage.png")


def _outcomes(report: Path) -> dict[str, str]:
    outcomes = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        kinds = {child.tag for child in case}
        name = _node_id(case.get("classname", ""), case.get("name", ""))
        if kinds & {"failure", "error"}:
            outcomes[name] = "failed"
        elif "skipped" not in kinds:
            outcomes[name] = "passed"
        elif "[True-" not in name:
            outcomes[name] = "skipped"
    return {name.replace("[False-", "[mldev-"): found for name, found in outcomes.items()}


def _node_id(classname: str, name: str) -> str:
    module = classname.partition("google.genai.tests.")[2] or classname
    return f"{module.replace('.', '/')}.py::{name}"
