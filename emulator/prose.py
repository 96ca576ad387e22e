"""The words of the plain answers: Markdown made from the user's own words, honest about itself."""

from __future__ import annotations

import json
import random
import re
import textwrap
from collections.abc import Iterator

HONEST = (
    "This answer comes from the built-in emulator, not from Gemini: add a real Gemini API key and "
    "point the server at Google to hear the real model."
)
_NOT_A_TOPIC = """
    about after again all and any also are because been before being between both but can could did
    does doing done each for from get had has have having her here him his how into its just let
    like long make many may more most much must not now one only other our out over please she
    should some such tell than that the their them then there these they this those through too two
    use very want was were what when where which while who why will with words would write you your
    draw paint picture image photo read aloud say speak describe writing request make essay story
    article report program code table media hundred thousand hello thanks
"""
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_STOP_WORDS = frozenset(_WORD.findall(_NOT_A_TOPIC))
_CODE = re.compile(r"\b(code|program|function|script|python|javascript|algorithm)\b", re.I)
_TABLE = re.compile(r"\btables?\b", re.I)
_LENGTH = re.compile(r"\b(\d{2,5})[- ]words?\b", re.I)
_LONG = re.compile(r"\b(essay|story|article|report|long|novel|chapter|detailed|in depth)\b", re.I)
LONG_WORDS = 650
MAX_WORDS = 5000

_BEGINNINGS = ("You asked", "You wrote", "Your message was", "I read")
_SENTENCES = (
    "Start with {a}: everything that follows leans on it.",
    "Take {b} away and the question about {a} becomes a different one.",
    "It helps to write down what is known about {a} before guessing about {b}.",
    "Seen from a distance, {a} looks simple; seen from {b}, it does not.",
    "The word {a} carries more weight here than its {n} letters suggest.",
    "An example makes it plain: a morning, an open window, and nothing on the table but {a}.",
    "Nobody settles {a} in one sitting, and that is a comfort rather than a warning.",
    "If {b} changes, {a} changes with it, only more slowly.",
    "Keep {a} small enough to hold in the head, and the rest stays manageable.",
    "In practice {a} is mostly repetition, with {b} as the reward.",
)
_TITLES = ("What {a} means here", "From {a} to {b}", "What is left of {a}")
_PYTHON = """\
from collections import Counter

text = {text}

for word, count in Counter(text.lower().split()).most_common(3):
    print(f"{{word}}: {{count}}")"""


def keywords(text: str, at_most: int = 6) -> list[str]:
    """The words of a text worth talking about, in order of appearance; one at least."""
    words = [word.lower() for word in _WORD.findall(text)]
    worth = [word for word in words if len(word) > 2 and word not in _STOP_WORDS]
    return list(dict.fromkeys(worth or words))[:at_most] or ["nothing"]


def answer(text: str, agent: str, rng: random.Random) -> str:
    """A whole Markdown answer.

    Args:
        text: the message, or the task of an agent.
        agent: "text" or "media" if one of them answers, else "".
        rng: chooses among the words there are.
    """
    words, count = keywords(text), len(text.split())
    begins = f"{agent.capitalize()} agent here. My task" if agent else rng.choice(_BEGINNINGS)
    short = textwrap.shorten(text, 160, placeholder=" ...").replace("*", "")
    plural = "" if count == 1 else "s"
    paragraphs = [
        f"{begins}: *{short}*" if text else "Your message came without words.",
        f"It has {count} word{plural}. The word that stands out is **{max(words, key=len)}**.",
    ]
    if wanted := _words_wanted(text):
        paragraphs += _long_text(text, wanted, rng)
    else:
        ideas = "\n".join(f"- {sentence}" for sentence in _sentences(words[:4], 4, rng))
        paragraphs.append(f"What can be said about it without a model:\n\n{ideas}")
    if _CODE.search(text):
        paragraphs.append(_code(text))
    if _TABLE.search(text):
        paragraphs.append(_table(text))
    return "\n\n".join([*paragraphs, HONEST])


def _words_wanted(text: str) -> int:
    """How long an answer the text asks for: a number it names, the usual, or 0 for a short one."""
    if number := _LENGTH.search(text):
        return min(int(number[1]), MAX_WORDS)
    return LONG_WORDS if _LONG.search(text) else 0


def _long_text(text: str, wanted: int, rng: random.Random) -> Iterator[str]:
    """Headings and paragraphs until there are as many words as were asked for."""
    words = keywords(text, 12)
    written = section = 0
    while written < wanted:
        if section % 3 == 0:
            yield f"## {_filled(_TITLES[section // 3 % len(_TITLES)], words, rng)}"
        paragraph = " ".join(_sentences(words, 5, rng))
        written += len(paragraph.split())
        section += 1
        yield paragraph


def _sentences(words: list[str], count: int, rng: random.Random) -> list[str]:
    return [_filled(template, words, rng) for template in rng.sample(_SENTENCES, k=count)]


def _filled(template: str, words: list[str], rng: random.Random) -> str:
    a = rng.choice(words)
    b = rng.choice([word for word in words if word != a] or ["the rest"])
    text = template.format(a=a, b=b, n=len(a))
    return text[0].upper() + text[1:]


def _code(text: str) -> str:
    quoted = json.dumps(" ".join(text.split())[:80], ensure_ascii=False)
    intro = "A small program that counts the words of your message:"
    return f"{intro}\n\n```python\n{_PYTHON.format(text=quoted)}\n```"


def _table(text: str) -> str:
    rows = [f"| {word} | {len(word)} | {word[0].upper()} |" for word in keywords(text)]
    return "\n".join(["| word | letters | begins with |", "| --- | ---: | :---: |", *rows])


def thoughts(text: str) -> list[str]:
    """Two summaries of thinking, in the form Google gives them."""
    words = keywords(text, 2)
    return [
        f"**Reading the request**\n\nThe message is about {' and '.join(words)}. I count "
        f"{len(text.split())} words and look for what is being asked for.\n\n\n",
        f"**Planning the answer**\n\nI will repeat the question, say what can be said about "
        f"{words[0]}, and say plainly that I am the emulator.\n\n\n",
    ]


def numbered(frames: int, size: int = 40) -> Iterator[str]:
    """Exactly numbered pieces of text, each `size` characters, that a reader can verify.

    Piece 7 of size 12 is ``"000007 abcd "``; each tenth piece ends with a blank line instead.
    """
    size = min(max(size, 10), 10_000)
    filler = ("abcdefghij" * (size // 10 + 1))[: size - 8]
    for number in range(1, frames + 1):
        piece = f"{number:06d} {filler}"
        yield f"{piece[:-1]}\n\n" if number % 10 == 0 else f"{piece} "


def chunks(text: str, rng: random.Random, size: int = 0) -> Iterator[str]:
    """The text in pieces as a model streams them: 20 to 60 characters, or `size` exactly."""
    start = 0
    while start < len(text):
        length = size or rng.randint(20, 60)
        yield text[start : start + length]
        start += length
