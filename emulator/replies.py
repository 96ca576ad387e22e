"""From a call to a reply: by script, by directive, or by the emulator's own answer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from emulator import answers, continuing, faults, prose, scenario, wire
from emulator.calls import Call
from emulator.delegation import Part, function_calls
from emulator.directives import Directives, Message, parse_options, take_apart
from emulator.frames import FrameWriter
from emulator.recordings import Recordings
from emulator.scenario import Reply, Scripts

_ANSWER_FIELDS = frozenset(("texts", "thoughts", "calls", "finish"))


class Replies:
    """Makes the replies; remembers queued scripts and how often a directive was obeyed."""

    def __init__(self, recordings: Recordings) -> None:
        self.scripts = Scripts()
        self._recordings = recordings
        self._obeyed: Counter[str] = Counter()

    def clear(self) -> None:
        self.scripts.clear()
        self._obeyed.clear()

    def reply_to(self, call: Call) -> Reply:
        """The reply to a call that Google would not refuse.

        Raises:
            Refusal: a script or a directive asks for what cannot be given.
        """
        message = take_apart(call.question)
        step = self.scripts.take(call.key, call.agent, call.method)
        if step is not None:
            return self._scripted(step, call, message)
        directives = message.directives_for(call.agent)
        if "times" in directives:
            self._obeyed[call.digest] += 1
            if self._obeyed[call.digest] > directives.count("times", 1):
                directives = Directives()
        return self._directed(call, message, directives)

    def step_for(self, key: str, method: str) -> Reply | None:
        """A scripted reply to a request that is no call: models or countTokens."""
        step = self.scripts.take(key, "", method)
        return None if step is None else scenario.raw_reply(step)

    def _scripted(self, step: dict[str, Any], call: Call, message: Message) -> Reply:
        if "replay" in step:
            reply = self._recordings.reply(step["replay"], stream="stream" in call.method)
        elif "emulate" in step:
            directives = Directives(parse_options(step["emulate"]))
            reply = self._directed(call, message, directives)
        elif _ANSWER_FIELDS & step.keys():
            reply = Reply(frames=_frames(call, _scripted_answer(step, call)))
        else:
            return scenario.raw_reply(step)
        return scenario.with_manner(reply, step)

    def _directed(self, call: Call, message: Message, directives: Directives) -> Reply:
        reply = _failure(call, directives)
        if reply is None and "replay" in directives:
            name = directives.text("replay")
            reply = self._recordings.reply(name, stream="stream" in call.method)
        if reply is None:
            reply = Reply(frames=_frames(call, answers.compose(call, message, directives)))
        reply.delay_s = directives.number("delay", 0)
        if "pace" in directives:
            reply.pace_s = directives.number("pace", 0) / 1000
        _spoil(reply, call, directives)
        return reply


def _writer(call: Call) -> FrameWriter:
    modality = {"image": "IMAGE", "speech": "AUDIO"}.get(call.model.kind, "")
    hidden = 96 if call.thinks and not call.include_thoughts else 0
    return FrameWriter(call.model.id, call.prompt, thought_tokens=hidden, modality=modality)


def _frames(call: Call, answer: answers.Answer) -> Iterator[bytes]:
    signed = call.model.is_gemini_3 and call.model.kind == "chat"
    kind = "signed" if signed else "bare" if call.wants_image else "plain"
    limit = int(call.config.get("maxOutputTokens") or 0)
    return answers.frames(answer, _writer(call), kind=kind, limit=limit)


def _scripted_answer(step: dict[str, Any], call: Call) -> answers.Answer:
    texts = step.get("texts", [])
    if isinstance(texts, str):
        texts = prose.chunks(texts, random.Random(texts))  # noqa: S311 - variety, not secrecy
    parts: list[Part] = [{"text": text} for text in texts]
    calls = [(found["name"], found.get("args", {})) for found in step.get("calls", [])]
    parts += function_calls(calls, with_ids=call.model.is_gemini_3)
    return answers.Answer(step.get("thoughts", []), parts, step.get("finish", "STOP"))


def _failure(call: Call, directives: Directives) -> Reply | None:
    """The reply of a directive that leaves no answer at all."""
    if "redirect" in directives:
        status = directives.count("redirect", 307)
        return Reply(status, {"location": directives.text("to", "/")}, body=b"")
    if "html" in directives:
        status = directives.count("html", 502)
        page = f"<html><head><title>{status} Server Error</title></head><body><h1>Error: Server "
        page += "Error</h1><p>The server encountered a temporary error.</p></body></html>\n"
        return Reply(status, {"content-type": wire.HTML}, body=page.encode())
    named = directives.text("fault")
    if "fault" in directives and (named != "tools" or call.body.get("tools")):
        return Reply.of_refusal(faults.fault(named, call.model.id))
    if "error" in directives:
        status = directives.count("error", 500)
        if status == 429:
            refusal = wire.quota_error(call.model.id, directives.number("retry", 31))
            return Reply.of_refusal(refusal)
        return Reply(status, body=wire.error_body(status))
    if "empty" in directives:
        return Reply(frames=[_writer(call).candidate({"content": {"role": "model"}}, "STOP")])
    if "block" in directives:
        return Reply(frames=[_writer(call).blocked(directives.text("block") or "SAFETY")])
    return None


def _spoil(reply: Reply, call: Call, directives: Directives) -> None:
    """Let the stream end as the directives ask: early, broken, or never."""
    after = directives.count("after", 2)
    if "continue" in directives and reply.body is None:
        count = directives.count("continue", 1)
        reply.frames = continuing.part(reply.frames, call.body.get("continuationToken"), count)
    if "finish" in directives:
        reply.frames = _ended(reply.frames, call, directives)
    if "badjson" in directives:
        reply.frames = scenario.with_bad_json(reply.frames, directives.count("badjson"))
    if "midstream" in directives:
        reply.frames = scenario.first(reply.frames, after)
        reply.tail = wire.error_body(directives.count("midstream", 503))
    for name, then in (("cut", "reset"), ("eof", "close"), ("stall", "stall")):
        if name in directives:
            reply.frames = scenario.first(reply.frames, directives.count(name))
            reply.then = then


def _ended(frames: Iterable[bytes], call: Call, directives: Directives) -> Iterator[bytes]:
    """The first frames of the answer, then one that ends it for the reason asked for."""
    reason = directives.text("finish") or "OTHER"
    malformed = reason in ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
    after = directives.count("after", 0 if malformed else 2)
    yield from scenario.first(frames, after)
    writer = _writer(call)
    if reason == "MAX_TOKENS":
        yield writer.part({"text": "and then"}, finish=reason)
    elif reason == "SAFETY":
        blocked = [rating | {"blocked": True} for rating in wire.ratings("HIGH")[1:2]]
        yield writer.candidate({"content": {}}, reason, safetyRatings=blocked)
    elif reason == "RECITATION":
        source = {"startIndex": 0, "endIndex": 40, "uri": "https://www.example.com/"}
        cited = {"citationSources": [source]}
        yield writer.candidate({}, reason, citationMetadata=cited)
    elif malformed:
        problem = "Malformed function call: print(default_api.ask_text_agent(task=["
        yield writer.candidate({}, reason, finishMessage=problem)
    else:
        yield writer.candidate({}, reason)
