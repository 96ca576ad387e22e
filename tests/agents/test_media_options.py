"""Pictures and speech as the user wants them: from the door to Google, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents.protocol import run_input
from apikeys.models import UserApiKey
from common.database import in_database
from common.errors import AppError
from conversations.models import Artifact
from emulator.testing import Emulator
from gemini.media_options import PictureOptions, Speaker, SpeechOptions
from tests.agents.asking import (
    answered,
    asked_upstream,
    calls_of,
    of_kind,
    question,
    refused,
    sent_by,
)
from tests.agents.conftest import in_this_process
from tests.agents.test_estimates import estimated, refusal, rest
from tests.agents.test_inputs import asked
from tests.conversations.samples import picture
from tests.people import client_for

pytestmark = in_this_process

DRAW = {"agent": "media", "output": "image"}
SPEAK = {"agent": "media", "output": "speech"}
DUET = SpeechOptions((Speaker("Kore"), Speaker("Puck")), "calm")


def config_of(request: dict[str, Any], name: str) -> Any:
    return request["body"]["generationConfig"].get(name)


async def test_each_size_of_a_picture_is_drawn_and_paid_for_as_such(
    alice: User, work: UserApiKey, emulator: Emulator
):
    sizes = {"1K": 1_120, "2K": 1_680, "4K": 3_780}
    paid = []
    for size, tokens in sizes.items():
        wanted = question("Draw a fox", **DRAW, picture=PictureOptions("16:9", size))
        [drawn] = of_kind(await answered(alice, wanted), "artifact")
        made = await in_database(Artifact.objects.get, pk=drawn["url"].split("/")[3])
        assert (made.width, made.height) == (1024 * int(size[0]), 576 * int(size[0]))
        [call] = await calls_of(wanted.run_id)
        assert call.image_tokens == tokens
        told = (await estimated(alice, text="Draw a fox", **DRAW, picture=wanted.picture)).preview
        assert (told.picture.size, told.picture.price_usd) == (size, Decimal(tokens * 30) / 10**6)
        paid.append(call.price_usd)
        assert told.picture.price_usd < call.price_usd < told.picture.price_usd + Decimal("0.01")
    assert paid == sorted(set(paid))
    sent = [config_of(request, "imageConfig") for request in await asked_upstream(emulator)]
    assert sent == [{"aspectRatio": "16:9", "imageSize": size} for size in sizes]


async def test_words_about_the_shape_reach_the_model_by_way_of_the_coordinator(
    alice: User, work: UserApiKey, emulator: Emulator
):
    await answered(alice, question("Draw a wide 16:9 poster in 2K", agent="auto"))
    await answered(alice, question("Draw a 7:3 poster", agent="auto"))
    _, wide, _, odd = await asked_upstream(emulator)
    assert config_of(wide, "imageConfig") == {"aspectRatio": "16:9", "imageSize": "2K"}
    assert config_of(odd, "imageConfig") is None


async def test_a_dialogue_is_spoken_by_two(alice: User, work: UserApiKey, emulator: Emulator):
    text = "Anna: Hello\nTom: Good morning"
    [sound] = of_kind(await answered(alice, question(text, **SPEAK, speech=DUET)), "artifact")
    assert sound["mimeType"] == "audio/wav"
    [request] = await asked_upstream(emulator)
    assert [part["speechMetadata"] for part in request["body"]["contents"][0]["parts"]] == [
        {"speaker": "Anna", "style": "calm"},
        {"speaker": "Tom", "style": "calm"},
    ]
    speakers = config_of(request, "speechConfig")["multiSpeakerVoiceConfig"]["speakerVoiceConfigs"]
    assert [speaker["speaker"] for speaker in speakers] == ["Anna", "Tom"]


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"picture": PictureOptions("7:3")}, "Nano Banana 2.1 makes no pictures of this ratio"),
        ({"picture": PictureOptions("", "512")}, "Choose one of 1K, 2K, 4K"),
        ({"speech": SpeechOptions((Speaker("Kore"),))}, "exactly 2 speakers"),
    ],
)
async def test_what_the_model_does_not_take_is_refused_before_anything_is_stored(
    alice: User, work: UserApiKey, emulator: Emulator, wanted: dict[str, Any], named: str
):
    for told in (await refused(alice, question(**wanted)), await refusal(alice, **wanted)):
        assert (told.code, told.status) == ("unsupported_option", 400)
        assert named in told.message
    assert await emulator.requests_async() == []


async def test_a_style_that_looks_like_a_key_is_refused(alice: User, work: UserApiKey):
    secret = "AIza" + "x9" * 17 + "Q"
    for speech in (SpeechOptions(style=secret), SpeechOptions((Speaker("Kore", secret),))):
        assert (await refused(alice, question(speech=speech))).code == "looks_like_key"


async def test_too_many_references_are_told_by_the_estimate_too(alice: User, work: UserApiKey):
    files = [await sent_by(alice, picture(), f"{number}.png") for number in range(15)]
    told = await refusal(alice, attachments=tuple(file.pk for file in files), **DRAW)
    assert (told.code, told.status) == ("bad_request", 400)
    assert "follows at most 14 pictures" in told.message


async def test_over_rest_an_estimate_tells_the_price_of_the_picture(alice: User, work: UserApiKey):
    status, found, _ = await rest(alice, **DRAW, picture={"ratio": None, "size": "4K"})
    assert (status, found["picture"]) == (200, {"size": "4K", "price_usd": "0.113400000"})
    status, found, _ = await rest(alice, **DRAW)
    assert (status, found["picture"]["size"]) == (200, "1K")
    status, found, _ = await rest(alice, speech={"speakers": [{"voice": "Kore"}] * 2}, **SPEAK)
    assert (status, found["picture"]) == (200, None)
    for wrong in ({"picture": {"size": "9K"}}, {"speech": {"speakers": [{"voice": "Darth"}]}}):
        assert (await rest(alice, **wrong))[0] == 400


def test_what_can_be_asked_for_is_told_with_its_price(alice: User, work: UserApiKey):
    offered = client_for(alice).get("/api/media/").json()
    drawn, spoken = offered["pictures"], offered["speech"]
    assert (drawn["model"], drawn["usual_size"], drawn["references"]) == (
        *("Nano Banana 2.1", "1K", 14),
    )
    assert len(drawn["ratios"]) == 14
    assert drawn["sizes"] == [
        {"size": "1K", "price_usd": "0.0336"},
        {"size": "2K", "price_usd": "0.0504"},
        {"size": "4K", "price_usd": "0.1134"},
    ]
    assert (spoken["model"], spoken["speakers"]) == ("Gemini 3.8 Flash TTS", 2)
    assert {"name": "Kore", "description": "Firm"} in spoken["voices"]


def test_a_model_that_only_google_knows_is_offered_without_what_is_not_known(
    alice: User, work: UserApiKey
):
    UserApiKey.objects.filter(pk=work.pk).update(
        listed_models=[{"id": "gemini-9-image"}], listed_at=timezone.now()
    )
    offered = client_for(alice).get("/api/media/").json()
    assert offered["pictures"]["sizes"] == offered["pictures"]["ratios"] == []
    assert offered["pictures"]["references"] is None
    assert offered["speech"] is None


def props(**given: Any) -> Any:
    return run_input.request_from(asked(forwardedProps=given))


def test_the_doors_take_what_is_left_open_as_such():
    bare = props(picture=None, speech=None)
    assert (bare.picture, bare.speech) == (PictureOptions(), SpeechOptions())
    assert props(picture={"ratio": None, "size": "2K"}).picture == PictureOptions("", "2K")
    given = props(speech={"speakers": [{"voice": "Kore"}, {"voice": "Puck", "name": "Tom"}]})
    assert given.speech.speakers == (Speaker("Kore"), Speaker("Puck", "Tom"))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"picture": {"ratio": 16}}, {"picture": {"quality": "high"}}, {"picture": "16:9"}),
        *({"picture": {"size": "x" * 11}}, {"speech": {"style": "x" * 501}}, {"speech": []}),
        {"speech": {"speakers": [{"voice": "Darth"}, {"voice": "Kore"}]}},
        {"speech": {"speakers": [{"voice": "Kore"}] * 3}},
        {"speech": {"speakers": [{"voice": "Kore", "name": "a:b"}, {"voice": "Puck"}]}},
        {"speech": {"speakers": [{"voice": "Kore", "name": "x" * 41}, {"voice": "Puck"}]}},
        {"speech": {"style": "\ud800"}},
        {"speech": {"rate": 2}},
    ],
    ids=str,
)
def test_what_no_door_knows_is_refused(wrong: dict[str, Any]):
    with pytest.raises(AppError) as caught:
        props(**wrong)
    assert caught.value.code == "invalid_input"
