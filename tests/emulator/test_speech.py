"""Sound that stands for speech: its form, and whose voice it is."""

from __future__ import annotations

import itertools
import struct
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from emulator import media
from tests.emulator.asking import parts_of, stream

MODEL = "gemini-2.5-flash-preview-tts"


def voice(name: str) -> types.VoiceConfig:
    return types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=name))


def duet(*names: tuple[str, str]) -> types.SpeechConfig:
    speakers = [
        types.SpeakerVoiceConfig(speaker=speaker, voice_config=voice(name))
        for speaker, name in names
    ]
    several = types.MultiSpeakerVoiceConfig(speaker_voice_configs=speakers)
    return types.SpeechConfig(multi_speaker_voice_config=several)


async def say(client: genai.Client, text: str, config: Any = None) -> bytes:
    chunks = await stream(client, text, MODEL, response_modalities=["AUDIO"], speech_config=config)
    [sound] = [part.inline_data for part in parts_of(chunks) if part.inline_data]
    assert sound.mime_type == "audio/L16;codec=pcm;rate=24000"
    return sound.data


def pitch(sound: bytes) -> int:
    """How often the first note crosses nought."""
    samples = struct.unpack(f"<{len(sound) // 2}h", sound)[: media.SOUND_RATE // 4]
    return sum((a < 0) != (b < 0) for a, b in itertools.pairwise(samples))


async def test_speech_is_headerless_sound_at_24_khz(client: genai.Client):
    sound = await say(client, "Say hello to the fox")
    samples = struct.unpack(f"<{len(sound) // 2}h", sound)
    assert len(samples) == 5 * media.SOUND_RATE // 4
    assert max(samples) > 5000


async def test_voices_sound_different(client: genai.Client):
    sounds = {
        name: await say(client, "Hello", types.SpeechConfig(voice_config=voice(name)))
        for name in ("Zephyr", "Kore", "puck", "Sulafat")
    }
    pitches = {name: pitch(sound) for name, sound in sounds.items()}
    assert pitches["Zephyr"] < pitches["puck"] < pitches["Kore"] < pitches["Sulafat"]
    assert await say(client, "Hello") == sounds["Kore"]


async def test_each_speaker_has_a_voice(client: genai.Client):
    config = duet(("Joe", "Zephyr"), ("Ann", "Sulafat"))
    sound = await say(client, "Joe: hello\nAnn: hello", config)
    half = len(sound) // 2
    assert pitch(sound[:half]) < pitch(sound[half:])


async def test_an_unknown_voice_is_refused_with_the_known_ones(client: genai.Client):
    with pytest.raises(errors.ClientError) as refused:
        await say(client, "Hello", types.SpeechConfig(voice_config=voice("Bob")))
    assert refused.value.code == 400
    words = "Voice name Bob is not supported. Allowed voice names are: achernar, achird, "
    assert refused.value.message.startswith(words)
    assert len(media.VOICES) == len(set(media.VOICES)) == 30


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (duet(("Joe", "Bob"), ("Ann", "Kore")), "Voice name Bob"),
        (duet(("Joe", "Kore")), "number of speakers must equal 2"),
        (
            duet(("Joe", "Puck"), ("Ann", "Kore")).model_copy(
                update={"voice_config": voice("Kore")}
            ),
            "mutually exclusive",
        ),
    ],
)
async def test_speakers_that_do_not_add_up_are_refused(
    client: genai.Client, config: types.SpeechConfig, problem: str
):
    with pytest.raises(errors.ClientError, match=problem):
        await say(client, "Joe: hello", config)


NEW = "gemini-3.8-flash-tts"
TWO = duet(("Joe", "Zephyr"), ("Ann", "Sulafat"))


def line(words: str, **metadata: str) -> types.Part:
    return types.Part(text=words, speech_metadata=types.SpeechMetadata(**metadata))


async def perform(client: genai.Client, *parts: types.Part, model: str = NEW, **config: Any):
    contents = [types.Content(role="user", parts=list(parts))]
    chunks = await stream(client, contents, model, response_modalities=["AUDIO"], **config)
    [sound] = [part.inline_data for part in parts_of(chunks) if part.inline_data]
    return sound.data


async def test_a_part_is_said_by_its_own_speaker(client: genai.Client):
    parts = (line("hello", speaker="Joe", style="calm"), line("hello", speaker="Ann"))
    sound = await perform(client, *parts, speech_config=TWO)
    half = len(sound) // 2
    assert pitch(sound[:half]) < pitch(sound[half:])


@pytest.mark.parametrize(
    ("parts", "model", "config", "problem"),
    [
        ([line("hello", speaker="Bob")], NEW, TWO, "must match a configured speaker"),
        ([line("hello", speaker="Joe")], NEW, None, "must match a configured speaker"),
        ([line("hello", speaker="Joe"), line("hi", style="calm")], NEW, TWO, "is required"),
        ([line("hello", style="calm")], MODEL, None, "not supported"),
    ],
)
async def test_metadata_that_does_not_fit_is_refused(
    client: genai.Client, parts: Any, model: str, config: Any, problem: str
):
    with pytest.raises(errors.ClientError, match=problem):
        await perform(client, *parts, model=model, speech_config=config)


async def test_a_speaking_model_takes_no_instruction_no_text_and_no_tools(client: genai.Client):
    model = "gemini-3.1-flash-tts-preview"
    search = [types.Tool(google_search=types.GoogleSearch())]
    sound: dict[str, Any] = {"response_modalities": ["AUDIO"]}
    with pytest.raises(errors.ClientError, match="Developer instruction is not enabled"):
        await stream(client, "Hi", model, system_instruction="Be kind", **sound)
    with pytest.raises(errors.ClientError, match="Search as tool is not enabled"):
        await stream(client, "Hi", model, tools=search, **sound)
    with pytest.raises(errors.ClientError, match="response modalities"):
        await stream(client, "Hi", model)
