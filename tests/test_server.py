"""The edge as a browser sees it: the page, its files and headers."""

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from chatproject import __version__
from common import outages

ASSET = "assets/index-AbC_12-x.js"


@pytest.fixture
def built_page(settings, tmp_path):
    settings.WEB_DIST = tmp_path / "dist"
    settings.WEB_DIST.mkdir()
    (settings.WEB_DIST / "index.html").write_text("<!doctype html><title>chat</title>")
    settings.STATIC_ROOT = tmp_path / "static"
    (settings.STATIC_ROOT / "assets").mkdir(parents=True)
    (settings.STATIC_ROOT / ASSET).write_text("let plain")
    (settings.STATIC_ROOT / f"{ASSET}.gz").write_bytes(b"zip")
    (settings.STATIC_ROOT / "favicon.svg").write_text("<svg/>")
    return settings.WEB_DIST


def directives(response) -> dict[str, str]:
    policy = response.headers["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


@pytest.mark.usefixtures("built_page")
def test_the_page_is_checked_for_news_on_every_visit(client):
    response = client.get("/")
    assert response.content.startswith(b"<!doctype html>")
    assert response.headers["Cache-Control"] == "no-cache"


def test_without_a_build_the_page_says_what_to_type(client, settings, tmp_path):
    settings.WEB_DIST = tmp_path / "absent"
    response = client.get("/")
    assert response.status_code == 503
    assert "make run" in response.text


@pytest.mark.usefixtures("built_page")
def test_files_with_a_hash_are_kept_for_ever_and_others_are_not():
    client = Client()  # the files are listed when the first request comes
    assert "immutable" in client.get(f"/static/{ASSET}").headers["Cache-Control"]
    assert "immutable" not in client.get("/static/favicon.svg").headers["Cache-Control"]


@pytest.mark.usefixtures("built_page")
def test_files_are_sent_compressed_to_who_can_read_it():
    client = Client()
    assert client.get(f"/static/{ASSET}").content == b"let plain"
    packed = client.get(f"/static/{ASSET}", headers={"Accept-Encoding": "gzip"})
    assert (packed.content, packed.headers["Content-Encoding"]) == (b"zip", "gzip")
    assert client.head(f"/static/{ASSET}").content == b""


@pytest.mark.usefixtures("built_page")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/", "/admin/login/", "/api/config/", "/api/docs/", "/api/none/", "/none", f"/static/{ASSET}"],
)
def test_every_answer_carries_the_security_headers(path):
    response = Client().get(path)
    policy = directives(response)
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy.get("script-src", "'self'") == "'self'"
    assert policy.get("style-src", "'self'") == "'self'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.usefixtures("built_page")
def test_the_page_may_open_a_socket_to_its_own_server_only(client):
    policy = directives(client.get("/"))
    assert policy["connect-src"] == "'self' ws://testserver wss://testserver"
    assert policy["img-src"] == "'self' blob: data:"
    assert policy["frame-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"


@pytest.mark.django_db
def test_the_api_and_the_admin_are_not_kept_by_caches(client):
    for path in ("/api/config/", "/admin/login/"):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_nothing_there_is_json_for_programs_and_a_sentence_for_people(client):
    for_program = client.get("/api/none/")
    assert (for_program.status_code, for_program.json()["code"]) == (404, "not_found")
    for_person = client.get("/none")
    assert for_person.status_code == 404
    assert "There is nothing at this address." in for_person.text


@pytest.mark.parametrize("emulated", [True, False])
def test_a_visitor_is_told_whether_answers_are_real(client, settings, emulated):
    settings.GEMINI_BASE_URL = "http://127.0.0.1:8089" if emulated else "https://gemini.example/"
    assert client.get("/api/config/").json() == {
        "emulated": emulated,
        "registration": False,
        "upload_max_bytes": 20 * 1024 * 1024,
        "version": __version__,
    }


@pytest.mark.django_db
def test_ready_means_that_the_database_answers(client, monkeypatch):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200

    def broken():
        raise DatabaseError("connection to db.internal failed")

    monkeypatch.setattr(outages, "PROBE_EVERY_S", 0)
    monkeypatch.setattr(connection, "cursor", broken)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "db.internal" not in answer.text


def test_the_api_describes_itself(client):
    schema = client.get("/api/schema/", headers={"Accept": "application/json"})
    assert schema.status_code == 200
    assert "/api/config/" in schema.json()["paths"]


def test_the_api_pages_load_nothing_from_elsewhere(client):
    page = client.get("/api/docs/").text
    assert "//" not in page.replace("<!doctype", "")
    assert "<style" not in page
    assert "onclick" not in page
