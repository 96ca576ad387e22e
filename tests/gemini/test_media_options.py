"""What can be asked of pictures and speech: what a model takes of it, and how it is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gemini import media_options
from gemini.catalogue import ModelList
from gemini.files import newest_pictures
from gemini.media_options import PictureOptions, Speaker, SpeechOptions
from gemini.model_info import ListedModel
from gemini.outputs import Media
from gemini.request import ModelRequest, request_body
from gemini.speech import parse_script
from tests.core.exchanges import IMAGE
from tests.core.scripted import ScriptedModel
from tests.core.team import ask, asks, attached, call, events_of, of_type, said

BANANA = ModelList().info("gemini-3-image")
PRO = ModelList().info("gemini-3-pro-image")
NEVER_HEARD_OF = ModelList().info("gemini-9-image")
OLD_VOICE = "gemini-3.1-flash-tts-preview"
TALK = "Anna: Hello, Tom.\nTom: Good morning!\nAnna: Bees?"
KORE, PUCK = Speaker("Kore"), Speaker("Puck")


async def requests_of(*replies, prompt="A fox", **turn) -> list[ModelRequest]:
    scripted = ScriptedModel(*replies, said("Well."), said("Well."))
    await events_of(ask(scripted, prompt, **turn))
    return scripted.requests


async def asked_directly(output, prompt="A fox", **turn):
    [request] = await requests_of(prompt=prompt, agent="media", output=output, **turn)
    return request_body(request)


async def asked_by_the_coordinator(task="A fox", *, arguments, **turn):
    asking = asks(call("media", task=task, reason="Media", **arguments))
    return request_body((await requests_of(asking, **turn))[1])


# pictures


async def test_ratio_and_size_go_along_as_the_user_chose_them():
    sent = await asked_directly("image", picture=PictureOptions("21:9", "4K"))
    assert sent["generationConfig"]["imageConfig"] == {"aspectRatio": "21:9", "imageSize": "4K"}
    assert "imageConfig" not in (await asked_directly("image"))["generationConfig"]


async def test_the_users_choice_goes_before_what_was_understood():
    understood = {"output": "image", "aspect_ratio": "16:9", "image_size": "2k"}
    sent = await asked_by_the_coordinator(arguments=understood, picture=PictureOptions("1:1"))
    assert sent["generationConfig"]["imageConfig"] == {"aspectRatio": "1:1", "imageSize": "2K"}


@pytest.mark.parametrize("understood", [{"aspect_ratio": "7:3"}, {"image_size": "huge"}])
async def test_what_was_understood_wrongly_is_left_to_the_model(understood):
    sent = await asked_by_the_coordinator(arguments={"output": "image", **understood})
    assert "imageConfig" not in sent["generationConfig"]


@pytest.mark.parametrize(
    ("model", "chosen", "refusal"),
    [
        (BANANA, PictureOptions("8:1", "4K"), ""),
        (PRO, PictureOptions(), ""),
        (PRO, PictureOptions("8:1"), "makes no pictures of this ratio. Choose one of 1:1, 2:3"),
        (PRO, PictureOptions("", "512"), "of this size. Choose one of 1K, 2K, 4K, or leave"),
        (NEVER_HEARD_OF, PictureOptions("", "1K"), "It is not known which sizes "),
        (NEVER_HEARD_OF, PictureOptions(), ""),
    ],
)
def test_a_refusal_names_what_the_model_takes(model, chosen, refusal):
    told = media_options.picture_refusal(model, chosen)
    assert refusal in told if refusal else told == ""


def pictures(count):
    return [attached(Media(f"p{n}", "image/png", b"png", f"p{n}.png")) for n in range(count)]


async def test_more_pictures_than_the_model_follows_are_refused_before_it_is_asked():
    scripted = ScriptedModel()
    answer = ask(scripted, "Mix", agent="media", output="image", attachments=pictures(15))
    [error] = of_type(await events_of(answer), "SUBAGENT_ERROR")
    assert "Nano Banana 2.1 follows at most 14 pictures, and here are 15." in error["message"]
    assert scripted.requests == []
    sent = await asked_directly("image", attachments=pictures(14))
    assert len(sent["contents"][0]["parts"]) == 15


def test_of_earlier_pictures_the_newest_stay_and_the_others_are_mentioned():
    def content(*ids):
        parts = [{"artifact": {"id": i, "mimeType": "image/png", "name": f"{i}.png"}} for i in ids]
        return {"role": "user", "parts": [*parts, {"text": "words"}]}

    kept = newest_pictures([content("a", "b"), content("c")], 2)
    assert kept[0]["parts"][0] == {"text": "[File: a.png, image/png]"}
    assert [part["artifact"]["id"] for c in kept for part in c["parts"] if "artifact" in part] == [
        *("b", "c")
    ]


# speech


def config_of(*speakers):
    return {
        "multiSpeakerVoiceConfig": {
            "speakerVoiceConfigs": [
                {
                    "speaker": name,
                    "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}},
                }
                for name, voice in speakers
            ]
        }
    }


DUET = config_of(("Anna", "Kore"), ("Tom", "Puck"))


async def test_two_voices_speak_a_dialogue_each_line_with_its_speaker():
    speech = SpeechOptions((KORE, PUCK), "calm, slow")
    sent = await asked_directly("speech", f"At breakfast:\n{TALK}\nAnd wasps?", speech=speech)
    assert sent["generationConfig"]["speechConfig"] == DUET
    style = "At breakfast:\ncalm, slow"
    assert sent["contents"] == [
        {
            "role": "user",
            "parts": [
                {"text": words, "speechMetadata": {"speaker": name, "style": style}}
                for words, name in (
                    *(("Hello, Tom.", "Anna"), ("Good morning!", "Tom")),
                    ("Bees?\nAnd wasps?", "Anna"),
                )
            ],
        }
    ]


async def test_names_that_are_given_are_the_only_speakers():
    speakers = (Speaker("Puck", "Tom"), Speaker("Kore", "Anna"))
    text = TALK + "\nNote: no wasps"
    sent = await asked_directly("speech", text, speech=SpeechOptions(speakers))
    assert sent["generationConfig"]["speechConfig"] == config_of(("Tom", "Puck"), ("Anna", "Kore"))
    assert sent["contents"][0]["parts"][-1]["text"] == "Bees?\nNote: no wasps"


async def test_more_speakers_than_voices_are_refused_in_words():
    scripted = ScriptedModel()
    turn = {"agent": "media", "output": "speech", "speech": SpeechOptions((KORE, PUCK))}
    events = await events_of(ask(scripted, TALK + "\nEve: Hi", **turn))
    [error] = of_type(events, "SUBAGENT_ERROR")
    assert "this text has more: Anna, Tom, Eve." in error["message"]
    assert scripted.requests == []


@pytest.mark.parametrize("text", ["Hello", "Anna: I talk alone", "Note: a: b"])
async def test_what_is_no_dialogue_is_read_by_the_first_voice(text):
    sent = await asked_directly("speech", text, speech=SpeechOptions((PUCK, KORE)))
    assert sent["contents"] == [{"role": "user", "parts": [{"text": text}]}]
    voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}}
    assert sent["generationConfig"]["speechConfig"] == voice


@pytest.mark.parametrize("names", ["Anna, Tom", "Anna and Tom", " Anna & Tom "])
async def test_a_dialogue_that_the_coordinator_understood_gets_two_voices(names):
    understood = {"output": "speech", "speakers": names, "style": "whispering"}
    sent = await asked_by_the_coordinator("**Anna:** Hi\nTom: Ho", arguments=understood)
    assert sent["generationConfig"]["speechConfig"] == DUET
    assert sent["contents"][0]["parts"] == [
        {"text": "Hi", "speechMetadata": {"speaker": "Anna", "style": "whispering"}},
        {"text": "Ho", "speechMetadata": {"speaker": "Tom", "style": "whispering"}},
    ]


@pytest.mark.parametrize("names", ["Anna", "Anna, Anna", "Anna, Tom, Eve", "Bob, Eve", ","])
async def test_speakers_that_were_understood_wrongly_are_left_out(names):
    understood = {"output": "speech", "speakers": names}
    sent = await asked_by_the_coordinator(TALK, arguments=understood)
    assert "voiceConfig" in sent["generationConfig"]["speechConfig"]
    assert sent["contents"][0]["parts"] == [{"text": TALK}]


@pytest.mark.parametrize(
    ("text", "speakers", "sent_as"),
    [
        ("Hello", (), "Read this aloud, in this style: calm:\n\nHello"),
        (
            "Anna: Hi\nTom: Ho",
            (KORE, PUCK),
            "TTS the following conversation between Anna and Tom:\n"
            "Speak in this style: calm.\nAnna: Hi\nTom: Ho",
        ),
    ],
)
async def test_older_models_take_style_and_names_as_words(text, speakers, sent_as):
    listed = {OLD_VOICE: ListedModel(OLD_VOICE)}
    sent = await asked_directly(
        "speech", text, speech=SpeechOptions(speakers, "calm"), models=ModelList(listed)
    )
    assert sent["contents"] == [{"role": "user", "parts": [{"text": sent_as}]}]


@pytest.mark.parametrize(
    ("speakers", "refusal"),
    [
        ((KORE, PUCK), ""),
        ((), ""),
        ((KORE,), "has exactly 2 speakers"),
        ((Speaker("Kore", "Tom"), Speaker("Puck", "Tom")), "Two speakers need two names."),
    ],
)
def test_a_dialogue_is_of_two(speakers, refusal):
    model = ModelList().info("gemini-3-speech")
    told = media_options.speech_refusal(model, SpeechOptions(speakers))
    assert refusal in told if refusal else told == ""
    alone = replace(model, speech=replace(model.speech, speakers=1))
    told = media_options.speech_refusal(alone, SpeechOptions(speakers))
    assert told == (
        f"{model.label} speaks with one voice only. Choose no second one." * bool(speakers)
    )


def test_lines_of_a_dialogue_are_found_as_people_write_them():
    script = parse_script("*Dr. Anya*: Hm: well.\n\n  __Tom__: Yes\n12:30 is late\nhttp://x.test")
    assert script.names == ("Dr. Anya", "Tom")
    assert [line.words for line in script.lines] == [
        "Hm: well.",
        "Yes\n12:30 is late\nhttp://x.test",
    ]


def test_the_image_model_is_the_one_that_is_asked():
    assert BANANA.api_id == IMAGE
