"""Questions; the answers to nearly all are known to the letter before they are given."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from uuid import uuid4

from emulator.testing import Emulator

TROUBLE = (
    "cut={at}",
    "eof={at}",
    "stall={at}",
    "midstream=503 after={at}",
    "badjson={at}",
)
LONG_SIZE = 4000
REFUSED_ONCE = ("error=503 times=1", "error=429 retry=1 times=1")


@dataclass(frozen=True)
class Question:
    """One message of a user.

    Attributes:
        speaker: who gives the expected text: "" the coordinator, "text" the text agent.
        expected: the whole of it; an answer that does not end well has the beginning of it.
            None where the emulator chooses the words itself.
        calls: how often the model may be asked for it.
        bulk: the answer comes as fast as it is read, by whoever reads slowest.
    """

    thread_id: str
    text: str
    speaker: str
    expected: str | None
    calls: int
    bulk: bool = False
    run_id: str = field(default_factory=lambda: str(uuid4()))
    message_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def input(self) -> dict[str, object]:
        message = {"id": self.message_id, "role": "user", "content": self.text}
        return {"threadId": self.thread_id, "runId": self.run_id, "messages": [message]}


def make_question(rng: random.Random, thread_id: str) -> Question:
    """A plain one mostly; sometimes a delegation, sometimes one that the upstream spoils."""
    frames, size = rng.randint(20, 150), rng.randint(12, 60)
    numbered = f"frames={frames} size={size} pace={rng.randint(5, 30)}"
    expected = Emulator.numbered_text(frames, size)
    marker = f"question {uuid4()}"
    kind = rng.random()
    if kind < 0.15:
        text = f"{marker}\n/emulate call=text\n/emulate text: {numbered}"
        return Question(thread_id, text, "text", expected, 1)
    if kind < 0.3:
        trouble = rng.choice(TROUBLE).format(at=rng.randint(1, frames))
        return Question(thread_id, f"{marker}\n/emulate {numbered} {trouble}", "", expected, 2)
    if kind < 0.4:
        refused = rng.choice(REFUSED_ONCE)
        return Question(thread_id, f"{marker}\n/emulate {refused}", "", None, 2)
    return Question(thread_id, f"{marker}\n/emulate {numbered}", "", expected, 1)


def make_long_question(rng: random.Random, thread_id: str, most_chars: int) -> Question:
    """One whose answer is far longer than what a process may keep of it, all of it at once."""
    frames = rng.randint(most_chars // 2, most_chars) // LONG_SIZE
    text = f"question {uuid4()}\n/emulate frames={frames} size={LONG_SIZE} pace=0"
    expected = Emulator.numbered_text(frames, LONG_SIZE)
    return Question(thread_id, text, "", expected, 1, bulk=True)
