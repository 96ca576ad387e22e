"""What a question would cost: estimated without a word to Google, or counted by it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.utils import timezone

from accounts.tokens import issue
from agents.protocol.run_input import build_request
from agents.runs.estimates import Estimate, estimate
from apikeys.models import UserApiKey
from common.database import in_database
from common.errors import AppError
from conversations.files.artifacts import artifact_delete
from conversations.models import Artifact, GeminiFile, ModelCall, Run
from emulator.testing import Emulator
from gemini import catalogue
from tests.agents.asking import (
    answered,
    asked_upstream,
    calls_of,
    choose,
    of_kind,
    question,
    sent_by,
)
from tests.agents.conftest import in_this_process
from tests.conversations.mediafiles import wav
from tests.conversations.samples import PDF, picture
from tests.people import assert_secret_free, make_key

pytestmark = in_this_process

# An exact count and what Google counts when it is asked: another way to round the characters.
ROUNDING = 2
# With an agent by name: it gets an instruction of its own, the count has the coordinator's.
INSTRUCTIONS = 200


async def estimated(user: User, *, exact: bool = False, **asked: Any) -> Estimate:
    return await estimate(
        user.pk,
        build_request(**{"text": "Hello", "continues": "thread_id" in asked, **asked}),
        exact=exact,
    )


async def refusal(user: User, *, exact: bool = False, **asked: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        await estimated(user, exact=exact, **asked)
    return caught.value


async def rest(user: User, **asked: Any) -> tuple[int, Any, Any]:
    """The answer over REST: status, body, headers."""
    token = (await in_database(issue, user)).access
    answer = await AsyncClient().post(
        "/api/estimate/",
        {"text": "Hello", **asked},
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )
    return answer.status_code, answer.json(), answer.headers


async def files_of(user: User) -> tuple[UUID, ...]:
    files = [(b"Bees " * 100, "a.txt"), (picture(), "b.png"), (wav(), "c.wav"), (PDF, "d.pdf")]
    return tuple([(await sent_by(user, *file)).pk for file in files])


async def test_an_estimate_tells_google_nothing_and_keeps_nothing(
    alice: User, work: UserApiKey, emulator: Emulator
):
    first = question("My name is Ada.")
    await answered(alice, first)
    before = await emulator.requests_async()
    files = await files_of(alice)
    found = await estimated(
        alice, text="Who am I? " * 50, thread_id=first.thread_id, attachments=files
    )
    assert await emulator.requests_async() == before
    assert found.preview.exact is False
    assert found.preview.model == catalogue.api_id("gemini-3-flash")
    assert found.preview.input_tokens > 1000
    assert (found.preview.price_usd or 0) > 0
    assert found.preview.left_out == 0
    assert await in_database(Run.objects.count) == 1
    assert await in_database(Artifact.objects.filter(thread=None).count) == len(files)


async def test_an_estimate_errs_on_the_high_side(alice: User, work: UserApiKey, emulator: Emulator):
    files = await files_of(alice)
    here = await estimated(alice, text="What is this? " * 20, attachments=files)
    exact = await estimated(alice, text="What is this? " * 20, attachments=files, exact=True)
    assert exact.preview.exact
    assert await in_database(ModelCall.objects.count) == 0, "counting is free"
    assert exact.preview.input_tokens <= here.preview.input_tokens


@pytest.mark.parametrize("inline_bytes", [4_000_000, 0])
@pytest.mark.parametrize(
    ("agent", "tolerance"), [("auto", ROUNDING), ("direct", ROUNDING), ("text", INSTRUCTIONS)]
)
async def test_an_exact_count_is_what_is_counted_later(
    alice: User,
    work: UserApiKey,
    emulator: Emulator,
    settings: Any,
    agent: str,
    tolerance: int,
    inline_bytes: int,
):
    settings.GEMINI_INLINE_MAX_BYTES = inline_bytes
    first = question("My name is Ada.")
    await answered(alice, first)
    text_file, image = [
        await sent_by(alice, b"Bees " * 100),
        await sent_by(alice, picture(), "b.png"),
    ]
    more = {"thread_id": first.thread_id, "attachments": (text_file.pk, image.pk), "agent": agent}
    found = await estimated(alice, text="What is my name, and what is this?", exact=True, **more)
    asked = question("What is my name, and what is this?", **more)
    await answered(alice, asked)
    call = (await calls_of(asked.run_id))[0]
    assert (found.preview.exact, found.preview.model) == (True, call.model)
    assert abs(found.preview.input_tokens - call.input_tokens) <= tolerance
    assert len(emulator.files()) == (0 if inline_bytes else 2), "counted and asked with one upload"
    assert [request["method"] for request in await emulator.requests_async()].count("GET") == 0


async def test_a_count_brings_a_file_anew_that_google_lost(
    alice: User, work: UserApiKey, emulator: Emulator, settings: Any
):
    settings.GEMINI_INLINE_MAX_BYTES = 0
    file = await sent_by(alice, PDF, "contract.pdf")
    before = await estimated(alice, attachments=(file.pk,), exact=True)
    emulator.expire_files()
    after = await estimated(alice, attachments=(file.pk,), exact=True)
    assert after.preview == before.preview
    assert [there["expired"] for there in emulator.files()] == [True, False]


async def test_a_question_on_an_older_branch_counts_that_branch(
    alice: User, work: UserApiKey, emulator: Emulator
):
    first = question("Hello")
    await answered(alice, first)
    long = question("Long " * 2000, thread_id=first.thread_id)
    await answered(alice, long)
    thread = {"thread_id": first.thread_id}
    newest = await estimated(alice, **thread)
    older = await estimated(alice, **thread, parent_run_id=first.run_id)
    root = await estimated(alice, **thread, at_start=True)
    assert newest.preview.input_tokens > older.preview.input_tokens + 2000
    assert older.preview.input_tokens > root.preview.input_tokens
    assert root.preview.input_tokens == (await estimated(alice)).preview.input_tokens


async def test_what_does_not_fit_is_told_as_the_run_tells_it(
    alice: User, work: UserApiKey, emulator: Emulator, settings: Any
):
    first = question("Long " * 400)
    await answered(alice, first)
    for _ in range(2):
        await answered(alice, question("Long " * 400, thread_id=first.thread_id))
    settings.HISTORY_MAX_TOKENS = 1500
    found = await estimated(alice, thread_id=first.thread_id)
    events = await answered(alice, question(thread_id=first.thread_id))
    [history] = of_kind(events, "history")
    assert found.preview.left_out == history["leftOut"] > 0
    assert found.preview.window_tokens == history["windowTokens"] == 1_048_576


async def test_above_the_users_limit_there_is_a_warning(
    alice: User, work: UserApiKey, emulator: Emulator
):
    usual = await estimated(alice, text="word " * 1000)
    assert (usual.warn, usual.warn_above_tokens) == (False, 50_000)
    assert (await estimated(alice, text="word " * 100_000)).warn
    exactly = usual.preview.input_tokens
    for limit, warns in ((exactly - 1, True), (exactly, False), (None, False)):
        await choose(alice, warn_above_tokens=limit)
        found = await estimated(alice, text="word " * 1000)
        assert (found.warn, found.warn_above_tokens) == (warns, limit)


async def test_an_estimate_is_refused_as_the_run_would_be(
    alice: User, charlie: User, work: UserApiKey, emulator: Emulator
):
    assert (await refusal(charlie)).code == "no_key"
    assert (await refusal(alice, model="gemini-99")).code == "unknown_model"
    file = await sent_by(alice)
    await in_database(lambda: artifact_delete(owner_id=alice.pk, artifact_id=file.pk))
    assert (await refusal(alice, attachments=(file.pk,))).code == "file_not_found"
    listed = {"listed_models": [], "listed_at": timezone.now() - timedelta(hours=1)}
    await in_database(lambda: UserApiKey.objects.update(**listed))
    assert (await refusal(alice)).code == "model_not_available"


async def test_a_run_of_another_thread_is_not_there(
    alice: User, work: UserApiKey, emulator: Emulator
):
    here, there = question(), question()
    await answered(alice, here)
    await answered(alice, there)
    elsewhere = await refusal(alice, thread_id=here.thread_id, parent_run_id=there.run_id)
    without_thread = await refusal(alice, parent_run_id=there.run_id)
    asked = question(thread_id=here.thread_id, parent_run_id=there.run_id)
    with pytest.raises(AppError) as caught:
        await answered(alice, asked)
    assert elsewhere.code == without_thread.code == caught.value.code == "run_not_found"


async def test_charlie_gets_the_same_404_for_what_is_alices_and_for_nothing(
    alice: User, charlie: User, work: UserApiKey, emulator: Emulator
):
    theirs = await in_database(lambda: make_key(owner=charlie, secret=emulator.new_key()))
    asked, file = question(), await sent_by(alice)
    await answered(alice, asked)
    before = await emulator.requests_async()
    mine = question()
    await answered(charlie, mine)
    wanted = {
        "thread_not_found": ({"thread_id": asked.thread_id}, {"thread_id": uuid4()}),
        "run_not_found": tuple(
            {"thread_id": mine.thread_id, "parent_run_id": run} for run in (asked.run_id, uuid4())
        ),
        "file_not_found": ({"attachments": [file.pk]}, {"attachments": [uuid4()]}),
        "key_not_found": ({"key_id": work.pk}, {"key_id": uuid4()}),
    }
    for code, (alices, nobodys) in wanted.items():
        for exact in (False, True):
            foreign = await rest(charlie, exact=exact, **alices)
            none = await rest(charlie, exact=exact, **nobodys)
            assert foreign[:2] == none[:2]
            assert (foreign[0], foreign[1]["code"]) == (404, code)
    started = await rest(charlie, at_start=True, thread_id=asked.thread_id)
    assert (started[0], started[1]["code"]) == (404, "thread_not_found")
    counted = [r for r in await emulator.requests_async() if "countTokens" in r["path"]]
    assert len(await emulator.requests_async()) == len(before) + 1
    assert counted == []
    assert theirs.pk != work.pk


async def test_over_rest_an_estimate_says_all_of_it(
    alice: User, work: UserApiKey, emulator: Emulator
):
    status, found, _ = await rest(alice, exact=True)
    assert status == 200
    assert found.keys() == {
        *("model", "input_tokens", "exact", "price_usd", "window_tokens", "left_out"),
        *("picture", "warn", "warn_above_tokens"),
    }
    assert Decimal(found["price_usd"]) > 0
    assert (found["exact"], found["warn"]) == (True, False)


async def test_googles_refusals_have_the_shape_of_every_error(
    alice: User, work: UserApiKey, emulator: Emulator
):
    secret = work.get_decrypted_key()
    faults = {
        "quota": ({"status": 429}, 429),
        "overloaded": ({"status": 503}, 502),
        "key_blocked": ({"status": 403, "body": f"Consumer 'api_key:{secret}' suspended"}, 502),
        "upstream_error": ({"status": 200, "body": f"no JSON, {secret}"}, 502),
    }
    for code, (step, expected) in faults.items():
        emulator.script(step, method="countTokens")
        status, found, headers = await rest(alice, exact=True)
        assert (status, found["code"]) == (expected, code)
        assert found["message"].endswith(".")
        assert_secret_free(f"{found} {headers}", secret)
    for wrong in ({"attachments": [str(uuid4())] * 17}, {"tools": ["mail"]}, {"agent": "nobody"}):
        status, found, _ = await rest(alice, **wrong)
        assert (status, found["code"]) == (400, "invalid")
    assert await asked_upstream(emulator) == []
    assert await in_database(GeminiFile.objects.count) == 0
