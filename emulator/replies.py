"""From a call to a reply: by script, by directive, or by the emulator's own answer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

from emulator import answers, endings, faults, prose, wire
from emulator.calls import Call
from emulator.delegation import Part, function_calls
from emulator.directives import Directives, parse_options
from emulator.errors import Refusal, quota_error
from emulator.frames import FrameWriter
from emulator.recordings import Recordings
from emulator.scripts import Reply, Scripts

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
            call.directives = Directives(parse_options(step["emulate"]))
            return self._directed(call)
        if _ANSWER_FIELDS & step.keys():
            return Reply(frames=_frames(call, _scripted_answer(step, call)))
        return Reply.of_step(step)

    def _directed(self, call: Call) -> Reply:
        directives = call.directives
        reply = _failure(call)
        if reply is None and "replay" in directives:
            name = directives.text("replay")
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


def _frames(call: Call, answer: answers.Answer) -> Iterator[bytes]:
    kind = {"image": "bare", "chat": "signed" if call.model.is_gemini_3 else "plain"}
    return answers.frames(answer, _writer(call), kind=kind.get(call.model.kind, "plain"))


def _scripted_answer(step: dict[str, Any], call: Call) -> answers.Answer:
    texts = step.get("texts", [])
    if isinstance(texts, str):
        texts = prose.chunks(texts, random.Random(texts))  # noqa: S311 - variety, not secrecy
    parts: list[Part] = [{"text": text} for text in texts]
    calls = [(one["name"], one.get("args", {})) for one in step.get("calls", [])]
    parts += function_calls(calls, with_ids=call.model.is_gemini_3)
    return answers.Answer(step.get("thoughts", []), parts, step.get("finish", "STOP"))


def _failure(call: Call) -> Reply | None:
    """The reply of a directive that leaves no answer at all."""
    directives = call.directives
    if "redirect" in directives:
        headers = {"location": directives.text("to", "/")}
        return Reply(directives.count("redirect", 307), headers, body=b"")
    if "html" in directives:
        status = directives.count("html", 502)
        page = _PAGE.format(status=status)
        return Reply(status, {"content-type": wire.HTML}, body=page.encode())
    name = directives.text("fault")
    if "fault" in directives and (name != "tools" or call.body.get("tools")):
        return Reply.of_refusal(faults.fault(name, call.model.id))
    if "error" in directives:
        status = directives.count("error", 500)
        spent = quota_error(call.model.id, directives.number("retry", 31))
        return Reply.of_refusal(spent if status == 429 else Refusal(status))
    if "empty" in directives:
        return Reply(frames=[_writer(call).candidate({"content": {"role": "model"}}, "STOP")])
    if "block" in directives:
        return Reply(frames=[_writer(call).blocked(directives.text("block") or "SAFETY")])
    return None


def _spoil(reply: Reply, call: Call) -> None:
    """Let the stream end as the directives ask: early, broken, or never."""
    directives = call.directives
    if "continue" in directives and reply.body is None:
        token, count = call.body.get("continuationToken"), directives.count("continue", 1)
        reply.frames = endings.continued(reply.frames, token, count)
    if "finish" in directives:
        reason = directives.text("finish") or "OTHER"
        after = directives.count("after") if "after" in directives else None
        reply.frames = endings.finished(reply.frames, _writer(call), reason, after)
    if "badjson" in directives:
        reply.frames = endings.with_bad_json(reply.frames, directives.count("badjson"))
    if "midstream" in directives:
        reply.frames = endings.first(reply.frames, directives.count("after", 2))
        reply.tail = Refusal(directives.count("midstream", 503)).body
    for name, then in (("cut", "reset"), ("eof", "close"), ("stall", "stall")):
        if name in directives:
            reply.frames = endings.first(reply.frames, directives.count(name))
            reply.then = then
