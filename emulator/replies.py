"""From a call to a reply: by script, by directive, or by the emulator's own answer.

A stream can end other than well: early, broken, to be continued, or for another reason. What does
that takes the frames of a whole answer and gives those that are sent.
"""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from emulator import answers, faults, prose, wire
from emulator.answers import Part, function_calls
from emulator.calls import Call
from emulator.directives import Directives, parse_directives
from emulator.frames import Answer, FrameWriter, frames, ratings
from emulator.scripts import Recordings, Reply, Scripts
from emulator.wire import Refusal, compact, quota_error

_MALFORMED = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
_ANSWER_FIELDS = frozenset(("texts", "thoughts", "calls", "finish"))
_PAGE = (
    "<html><head><title>{status} Server Error</title></head><body><h1>Error: Server Error</h1>"
    "<p>The server encountered a temporary error.</p></body></html>\n"
)


class Replies:
    """Makes the replies; remembers queued scripts and how often a directive was obeyed."""

    def __init__(self, recordings: Recordings) -> None:
        self.scripts = Scripts()
        self._recordings = recordings
        self._obeyed: Counter[str] = Counter()

    def reply_to(self, call: Call) -> Reply:
        """The reply to a call that Google would not refuse.

        Raises:
            Refusal: a script or a directive asks for what cannot be given.
        """
        step = self.scripts.take(call.key, call.agent, call.method)
        if step is not None:
            return self._scripted(step, call).apply(step)
        if "times" in call.directives:
            # By the bytes of the request: a client that tries again sends the same, and nothing
            # else tells it from a new question.
            self._obeyed[call.digest] += 1
            if self._obeyed[call.digest] > call.directives.count("times", 1):
                call.directives = Directives()
        return self._directed(call)

    def step_for(self, key: str, method: str) -> Reply | None:
        """A scripted reply to a request that is no call: models or countTokens."""
        step = self.scripts.take(key, "", method)
        return None if step is None else Reply.of_step(step).apply(step)

    def _scripted(self, step: dict[str, Any], call: Call) -> Reply:
        if "replay" in step:
            return self._recordings.reply(step["replay"], stream="stream" in call.method)
        if "emulate" in step:
            call.directives = parse_directives(step["emulate"])
            return self._directed(call)
        if _ANSWER_FIELDS & step.keys():
            return Reply(frames=_frames(call, _scripted_answer(step, call)))
        return Reply.of_step(step)

    def _directed(self, call: Call) -> Reply:
        directives = call.directives
        reply = _failure(call)
        if reply is None and "replay" in directives:
            name = directives["replay"]
            reply = self._recordings.reply(name, stream="stream" in call.method)
        if reply is None:
            reply = Reply(frames=_frames(call, answers.compose(call)))
        reply.delay_s = directives.number("delay", 0)
        if "pace" in directives:
            reply.pace_s = directives.number("pace", 0) / 1000
        _spoil(reply, call)
        return reply


def _writer(call: Call) -> FrameWriter:
    modality = {"image": "IMAGE", "speech": "AUDIO"}.get(call.model.kind, "")
    hidden = 96 if call.thinks and not call.include_thoughts else 0
    return FrameWriter(call.model.id, call.prompt, thought_tokens=hidden, modality=modality)


def _frames(call: Call, answer: Answer) -> Iterator[bytes]:
    kind = {"image": "bare", "chat": "signed" if call.model.is_gemini_3 else "plain"}
    return frames(answer, _writer(call), kind=kind.get(call.model.kind, "plain"))


def _scripted_answer(step: dict[str, Any], call: Call) -> Answer:
    texts = step.get("texts", [])
    if isinstance(texts, str):
        texts = prose.chunks(texts, random.Random(texts))  # noqa: S311 - variety, not secrecy
    parts: list[Part] = [{"text": text} for text in texts]
    calls = [(one["name"], one.get("args", {})) for one in step.get("calls", [])]
    parts += function_calls(calls, with_ids=call.model.is_gemini_3)
    return Answer(step.get("thoughts", []), parts, step.get("finish", "STOP"))


def _failure(call: Call) -> Reply | None:
    """The reply of a directive that leaves no answer at all."""
    directives = call.directives
    if "redirect" in directives:
        headers = {"location": directives.get("to", "/")}
        return Reply(directives.count("redirect", 307), headers, body=b"")
    if "html" in directives:
        status = directives.count("html", 502)
        page = _PAGE.format(status=status)
        return Reply(status, {"content-type": wire.HTML}, body=page.encode())
    name = directives.get("fault", "")
    if "fault" in directives and (name != "tools" or call.body.get("tools")):
        return Reply.of_refusal(faults.fault(name, call.model.id))
    if "error" in directives:
        status = directives.count("error", 500)
        spent = quota_error(call.model.id, directives.number("retry", 31))
        return Reply.of_refusal(spent if status == 429 else Refusal(status))
    if "empty" in directives:
        return Reply(frames=[_writer(call).candidate({"content": {"role": "model"}}, "STOP")])
    if "block" in directives:
        return Reply(frames=[_writer(call).blocked(directives.get("block") or "SAFETY")])
    return None


def _spoil(reply: Reply, call: Call) -> None:
    """Let the stream end as the directives ask: early, broken, or never."""
    directives = call.directives
    if "continue" in directives and reply.body is None:
        token, count = call.body.get("continuationToken"), directives.count("continue", 1)
        reply.frames = _continued(reply.frames, token, count)
    if "finish" in directives:
        reason = directives.get("finish") or "OTHER"
        after = directives.count("after") if "after" in directives else None
        reply.frames = _finished(reply.frames, _writer(call), reason, after)
    if "badjson" in directives:
        reply.frames = _with_bad_json(reply.frames, directives.count("badjson"))
    if "midstream" in directives:
        reply.frames = _first(reply.frames, directives.count("after", 2))
        reply.tail = Refusal(directives.count("midstream", 503)).body
    for name, then in (("cut", "reset"), ("eof", "close"), ("stall", "stall")):
        if name in directives:
            reply.frames = _first(reply.frames, directives.count(name))
            reply.then = then


def _first(frames: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The first frames, but never one that ends the answer; thoughts come free if any come."""
    for frame in frames:
        if count <= 0 or b'"finishReason"' in frame:
            return
        count -= b'"thought": true' not in frame
        yield frame


def _with_bad_json(frames: Iterable[bytes], after: int) -> Iterator[bytes]:
    """The frames with one broken one among them."""
    rest = iter(frames)
    yield from _first(rest, after)
    yield b'{"candidates": [{"content": {"parts": [{"text": "cut'
    yield from rest


def _continued(frames: Iterable[bytes], token: Any, count: int) -> Iterator[bytes]:
    """One of the `count` + 1 pieces of an answer too long for one request.

    Each but the last ends with a token that asks for the next. The same request without a token
    gets the same answer from its beginning, so a piece is known by its number alone.

    Source: ai.google.dev/gemini-api/docs/generate-content/long-decode. There only a request whose
    ``maxOutputTokens`` is beyond 65,536 is continued. Here the directive alone decides.
    """
    whole = list(frames)
    try:
        number = int(base64.b64decode(str(token or "")).removeprefix(b"part ") or 0)
    except ValueError:
        number = 0
    size = max(1, len(whole) // (count + 1))
    if number >= min(count, len(whole) - 1):
        yield from whole[size * number :]
        return
    *pieces, last = whole[size * number : size * (number + 1)]
    yield from pieces
    body = json.loads(last)
    following = base64.b64encode(f"part {number + 1}".encode()).decode()
    body["candidates"][0] |= {"finishReason": "CONTINUATION", "continuationToken": following}
    yield compact(body)


def _finished(
    frames: Iterable[bytes], writer: FrameWriter, reason: str, after: int | None
) -> Iterator[bytes]:
    """The first frames of the answer, then one that ends it for the reason given.

    `after` is how many come before; None is the usual: none where a call was malformed, else two.
    """
    usual = 0 if reason in _MALFORMED else 2
    yield from _first(frames, usual if after is None else after)
    if reason == "MAX_TOKENS":
        yield writer.part({"text": "and then"}, finish=reason)
    elif reason == "SAFETY":
        blocked = [rating | {"blocked": True} for rating in ratings("HIGH")[1:2]]
        yield writer.candidate({"content": {}}, reason, safetyRatings=blocked)
    elif reason == "RECITATION":
        source = {"startIndex": 0, "endIndex": 40, "uri": "https://www.example.com/"}
        yield writer.candidate({}, reason, citationMetadata={"citationSources": [source]})
    elif reason in _MALFORMED:
        problem = "Malformed function call: print(default_api.ask_text_agent(task=["
        yield writer.candidate({}, reason, finishMessage=problem)
    else:
        yield writer.candidate({}, reason)
