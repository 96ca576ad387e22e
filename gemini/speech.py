"""A text that is read aloud: who speaks in it, and how it is written down for a speaking model.

Source: https://ai.google.dev/gemini-api/docs/speech-generation, and Google's guide for moving to
3.8 (docs.cloud.google.com/gemini-enterprise-agent-platform/models/text-to-speech/migration-guide),
2026-11-28. Models of 3.8 read the words as they stand: each turn is a part, with its speaker and
style beside it. Earlier ones take the style as words before the text, and names before the lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gemini.media_options import Speaker
from gemini.types import Part

NAME_CHARS = 40
_MARKUP = "*_"


@dataclass(frozen=True, slots=True)
class ScriptLine:
    speaker: str
    words: str


@dataclass(frozen=True, slots=True)
class Script:
    """A text taken apart; ``opening`` is what stands before the first speaker's line."""

    opening: str
    lines: tuple[ScriptLine, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Who speaks, in the order in which they begin."""
        return tuple(dict.fromkeys(line.speaker for line in self.lines))


def parse_script(text: str, names: Sequence[str] = ()) -> Script:
    """The lines of a dialogue such as ``Anna: Hello``; a line without a name goes on with the last.

    Args:
        names: who may speak; empty: whoever has a name before a line.
    """
    opening: list[str] = []
    lines: list[ScriptLine] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        spoken = _spoken(line)
        if spoken and (not names or spoken.speaker in names):
            lines.append(spoken)
        elif lines:
            lines[-1] = ScriptLine(lines[-1].speaker, f"{lines[-1].words}\n{line}")
        else:
            opening.append(line)
    return Script("\n".join(opening), tuple(lines))


def assign_speakers(text: str, speakers: Sequence[Speaker]) -> tuple[Script, tuple[Speaker, ...]]:
    """The text as a dialogue, and its speakers, all with a name: those without get the text's.

    No speakers come back if they are not the ones who speak in the text.
    """
    given = [speaker.name for speaker in speakers if speaker.name]
    script = parse_script(text, given if len(given) == len(speakers) else ())
    others: Iterator[str] = iter([name for name in script.names if name not in given])
    named = tuple(Speaker(one.voice, one.name or next(others, "")) for one in speakers)
    return script, named if {one.name for one in named} == set(script.names) else ()


def monologue_parts(text: str, style: str, *, metadata: bool) -> list[Part]:
    """The parts of a text that one voice reads.

    Args:
        metadata: whether the model takes the style beside the words.
    """
    if metadata:
        return [_with_metadata(text, style=style)]
    return [{"text": f"Read this aloud, {_in_style(style)}:\n\n{text}" if style else text}]


def dialogue_parts(script: Script, style: str, *, metadata: bool) -> list[Part]:
    """The parts of a dialogue; its opening is taken for directions."""
    if metadata:
        style = "\n".join(filter(None, (script.opening, style)))
        lines = script.lines
        return [_with_metadata(line.words, speaker=line.speaker, style=style) for line in lines]
    opening = script.opening or f"TTS the following conversation between {_listed(script.names)}:"
    directions = [opening, f"Speak {_in_style(style)}." if style else ""]
    spoken = [f"{line.speaker}: {line.words}" for line in script.lines]
    return [{"text": "\n".join(filter(None, (*directions, *spoken)))}]


def _spoken(line: str) -> ScriptLine | None:
    """``Anna: Hello`` taken apart, its name in bold or not; None for a time, an address, a list."""
    name, _, words = line.partition(":")
    name, words = name.strip(f"{_MARKUP} \t"), words.lstrip(_MARKUP)
    # A letter first, and a space behind the colon, or 10:30 and https://... would be speakers.
    is_name = 0 < len(name) <= NAME_CHARS and name[0].isalpha()
    return ScriptLine(name, words.strip()) if is_name and words[:1].isspace() else None


def _with_metadata(text: str, **about: str) -> Part:
    metadata = {name: value for name, value in about.items() if value}
    return {"text": text, "speechMetadata": metadata} if metadata else {"text": text}


def _in_style(style: str) -> str:
    return f"in this style: {style.rstrip('.:')}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
