import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client

from conversations import models
from tests.conversations.factories import (
    answered_run,
    close_run,
    ledger_row,
    make_artifact,
    open_run,
    plain_answer,
)
from tests.people import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

PAGES = ("thread", "run", "event", "modelcall", "artifact")
SECRET = "Where is the treasure?"
ANSWER = "Under the old oak."


@pytest.fixture
def log(alice):
    run = open_run(alice, SECRET)
    call = ledger_row(alice, run)
    contents = [{"role": "model", "parts": [{"text": ANSWER}]}]
    close_run(run, plain_answer(run, ANSWER), calls=[call], contents=contents)
    make_artifact(alice, data=ANSWER.encode(), mime_type="text/plain", run=run)
    return run


@pytest.fixture
def staff():
    """Support staff who may view everything there is to view."""
    user = make_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


@pytest.mark.parametrize("superuser", [True, False])
def test_no_page_shows_a_word_of_what_was_said(log, staff, superuser):
    staff.is_superuser = superuser
    staff.save()
    client = Client()
    client.force_login(staff)

    for page in PAGES:
        path = f"/admin/conversations/{page}/"
        row = apps.get_model("conversations", page)
        for shown in [path, f"{path}?q=alice", f"{path}{row.objects.first().pk}/change/"]:
            response = client.get(shown)
            assert response.status_code == 200, shown
            for words in (SECRET, "treasure", ANSWER, "oak"):
                assert words.encode() not in response.content
        assert client.get(f"{path}add/").status_code == 403
        assert client.post(f"{path}{row.objects.first().pk}/delete/").status_code == 403


def test_a_run_is_found_by_its_id(log, staff):
    client = Client()
    client.force_login(staff)

    page = client.get(f"/admin/conversations/event/?q={log.run_id}")

    assert page.context["cl"].result_count == 5


def test_deleting_a_person_takes_their_conversations_along(log, alice):
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))

    page = client.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"})

    assert page.status_code == 302
    assert not models.Run.objects.exists()


def test_closestaleruns_ends_what_no_process_holds(alice, capsys):
    stale, _ = open_run(alice, lease_s=-1), answered_run(alice)

    call_command("closestaleruns")

    assert capsys.readouterr().out == f"Closed run {stale.run_id}.\nDone.\n"
    assert models.Run.objects.get(pk=stale.run_id).error_code == "interrupted"
