"""What Google's refusals, finish reasons and block reasons mean: the tables.

A rule for refused requests fits by what is most certain: the reason of an ``ErrorInfo``, else words
that such errors share. What no rule fits is told by its status alone.

Source: https://ai.google.dev/gemini-api/docs/generate-content/api-errors and /docs/billing, read
on 2026-11-28; https://docs.cloud.google.com/service-infrastructure/docs/ErrorReason for reasons;
recorded error bodies of 2025-26; 402 for spent credit: announced in Google's forum in 2026-09.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNREADABLE = (
    "Google cannot read {files}: it may be damaged. Open and save it again, or send it in another "
    "form."
)
_FILE = r"(?:file|document|pdf|image|picture|photo|video|audio|media)s?"


@dataclass(frozen=True, slots=True)
class Rule:
    """``statuses``: any if empty. ``message``: in the place of the code's sentence."""

    code: str
    statuses: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()
    words: str = ""
    message: str | None = None

    def fits(self, status: int, reasons: set[str], text: str) -> bool:
        if self.statuses and status not in self.statuses:
            return False
        matches = bool(self.words) and re.search(self.words, text, re.IGNORECASE) is not None
        return matches or not reasons.isdisjoint(self.reasons)


# No page is an answer of Gemini's API: what stands before it sends one, Google's gate or a proxy.
_PLACE = (
    Rule(
        "region",
        (403,),
        words=r"<!doctype html|<html\b",
        message=(
            "Google, or a network on the way to it, turns this server away. The key is not at "
            "fault: ask the administrator, or try again later."
        ),
    ),
)
_KEY = (
    Rule(
        "key_type",
        (400, 401, 403),
        ("ACCESS_TOKEN_TYPE_UNSUPPORTED",),
        r"standard (?:api )?keys?\b|api keys? (?:of this type )?(?:is|are) not supported"
        r"|requires? an? auth(?:orization)? key",
    ),
    Rule(
        "invalid_key",
        (400, 401, 403),
        # Before the next: it has the same reason, API_KEY_INVALID, and only its words say what to
        # do.
        words=r"api key (?:has )?expired|renew the api key",
        message=(
            "This key has expired at Google. Renew it or make a new one in Google AI Studio, or "
            "choose another key under Keys."
        ),
    ),
    Rule(
        "invalid_key",
        (400, 401, 403),
        ("API_KEY_INVALID", "CREDENTIALS_MISSING"),
        r"api[ _]key (?:is )?(?:not valid|not found|invalid|missing)|valid api key"
        r"|unregistered callers",
    ),
    Rule(
        "key_blocked",
        (400, 401, 403),
        words=r"reported as leaked|key (?:was|has been) (?:leaked|compromised|disabled)",
        message=(
            "Google has blocked this key because it was found published. Make a new key in Google "
            "AI Studio, and delete this one."
        ),
    ),
    Rule(
        "key_blocked",
        (400, 401, 403, 429),
        ("CONSUMER_SUSPENDED", "CONSUMER_INVALID", "USER_PROJECT_DENIED"),
        r"has been suspended|been denied access|account.{0,40}(?:suspended|disabled|terminated)",
        message=(
            "Google has stopped the project or the account behind this key. Look into Google AI "
            "Studio for the reason, or choose another key."
        ),
    ),
    Rule(
        "key_restricted",
        (400, 403),
        ("API_KEY_HTTP_REFERRER_BLOCKED",),
        r"requests from referr?er|referr?er.{0,30}(?:restrict|block)",
        message=(
            "This key works for certain websites only, by its restrictions at Google. Choose "
            "“None” for them in the Google Cloud console, or make another key."
        ),
    ),
    Rule(
        "key_restricted",
        (400, 403),
        ("API_KEY_IP_ADDRESS_BLOCKED",),
        r"ip address.{0,60}(?:restrict|violat|block)|restrict.{0,60}ip address"
        r"|requests from (?:this|the) ip\b",
        message=(
            "This key works from certain addresses only, by its restrictions at Google, and this "
            "server has another. Add its address in the Google Cloud console."
        ),
    ),
    Rule(
        "key_restricted",
        (400, 403),
        ("API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED"),
        r"(?:android|ios) (?:client )?app",
        message=(
            "This key works in one phone app only, by its restrictions at Google. Make another key "
            "for this server in Google AI Studio."
        ),
    ),
    Rule(
        "key_restricted",
        (400, 403),
        ("API_KEY_SERVICE_BLOCKED", "IAM_PERMISSION_DENIED"),
        r"requests to this api .{0,200}are blocked|permission '?[\w.]+'? denied on",
        message=(
            "This key may not ask Gemini: it is restricted to other interfaces of Google's. Allow "
            "it the Generative Language API in the Google Cloud console."
        ),
    ),
    Rule(
        "api_disabled",
        (400, 403),
        ("SERVICE_DISABLED", "ACCESS_NOT_CONFIGURED"),
        r"api has not been used in project|api .{0,40}(?:is|been) (?:disabled|not enabled)",
    ),
    Rule(
        "region",
        (400, 403, 451),
        ("LOCATION_NOT_SUPPORTED", "LOCATION_POLICY_VIOLATED"),
        r"(?:location|country|region|territory)\b.{0,60}(?:not (?:supported|available)|unsupported)"
        r"|(?:not (?:supported|available|offered)|unsupported)\b.{0,40}(?:location|country|region)",
    ),
)
_MONEY = (
    Rule(
        "billing",
        (400, 402, 403, 429),
        words=r"spend(?:ing)?[ -](?:cap|limit)\b|usage cap\b"
        r"|(?:monthly|billing|project'?s?) budget\b",
        message=(
            "The project of this key has reached its monthly spending cap at Google. Waiting does "
            "not help: raise the cap in Google AI Studio, or choose another key."
        ),
    ),
    Rule(
        "billing",
        (400, 402, 403, 429),
        ("BILLING_DISABLED",),
        r"prepa(?:id|y\w*)\b.{0,60}(?:deplet|exhaust|used up|insufficient)|credits? .{0,40}deplet"
        r"|insufficient (?:credit|balance|funds)|billing account.{0,60}(?:closed|disabled|not )"
        r"|past due|overdue|billing (?:is|has been) (?:disabled|suspended)",
    ),
    Rule(
        "billing_required",
        (400, 403, 404),
        ("FREE_TIER_NOT_ALLOWED",),
        r"(?:only|exclusively) (?:accessible|available|offered) (?:to|for|on|in)"
        r" .{0,20}(?:billed|paid|billing)"
        r"|requires? .{0,20}(?:billing|paid)|billing (?:must|has to|needs to) be enabled"
        r"|enable billing|(?:upgrade|switch) to (?:a|the) paid"
        r"|not available (?:on|in) the free tier",
    ),
)
_FILES = (
    # By its status alone a 403 would mark a good key as blocked, and nobody could use it any more.
    Rule(
        "file_gone", (403, 404), words=r"access the file \S+ or it may not exist|file \S+ not found"
    ),
    # By its status it would mean that the model is gone, or that the key is blocked.
    Rule("bad_request", (403, 404), words=r"cached ?content"),
    Rule(
        "file_not_ready",
        (400, 409),
        words=r"not in an? active state|file.{0,40}(?:still |being )process",
        message="Google has not finished reading {files}. Wait a minute, then ask again.",
    ),
    Rule(
        "file_refused",
        (400, 403, 422),
        words=r"(?:cannot|can.t|could ?n.t|unable to|failed to) fetch content from the",
        message=(
            "Google cannot fetch {files}. What lies at an address has to be public, and open "
            "without signing in; or upload the file itself."
        ),
    ),
    Rule(
        "file_refused",
        (400, 403, 422),
        words=rf"password|{_FILE}\b.{{0,40}}encrypted|encrypted {_FILE}",
        message=(
            "Google cannot open {files}: a password protects it. Save it without a password, then "
            "send it again."
        ),
    ),
    Rule(
        "file_refused",
        (400, 422),
        words=rf"\b(?:no|0|zero) pages|{_FILE}\b.{{0,30}}\bempty\b|empty {_FILE}",
        message="Google finds nothing in {files}: it has no pages or is empty. Send a whole copy.",
    ),
    Rule(
        "too_large",
        (400, 413),
        # Before the files that are too large: it is all of them together, and to send them by way
        # of the Files API helps (``repair``), which it does not for one that Google finds too long.
        words=r"payload size|request (?:entity|body|size).{0,30}(?:large|exceed|limit)",
        message=(
            "Google does not take this much in one request. Send {files} in a smaller size, or "
            "fewer files at once."
        ),
    ),
    Rule(
        "file_refused",
        (400, 413, 422),
        words=rf"{_FILE}\b.{{0,80}}(?:too (?:large|big|long|many)|exceeds?\b)"
        rf"|too many (?:pages|{_FILE})"
        rf"|exceeds?\b.{{0,40}}(?:pages|file size|{_FILE} (?:size|limit))",
        message="For Google {files} is too large or too long. Send a smaller or shorter one.",
    ),
    Rule(
        "file_refused",
        (400, 415, 422),
        words=rf"mime ?type|unsupported {_FILE}"
        rf"|{_FILE} (?:input|modality|format|type|understanding)\b.{{0,60}}"
        rf"(?:not|unsupported|invalid)|(?:not|n't) support\w* .{{0,40}}{_FILE}",
        message=(
            "Google does not read this kind of file with this model: {files}. Send it in another "
            "form, or choose another model."
        ),
    ),
    Rule(
        "file_refused",
        (400, 422),
        words=r"(?:unable|failed|could ?n.t|cannot|can.t|not able) (?:to )?(?:be )?"
        rf"(?:process|decod|read|open|pars|load|retriev|fetch)\w*\b.{{0,60}}{_FILE}"
        rf"|{_FILE}\b.{{0,60}}(?:not valid|invalid|corrupt|damaged|malformed|unreadable|broken"
        r"|(?:could ?n.t|can ?not|can.t|failed to|unable to) (?:be )?"
        r"(?:process|decod|read|open|pars))"
        rf"|(?:invalid|corrupt\w*|malformed|damaged|bad|broken) (?:input )?{_FILE}",
        message=UNREADABLE,
    ),
)
_REQUEST = (
    Rule(
        "model_forbidden",
        (400, 403),
        words=r"(?:permission|access|allowed|authori[sz]ed|entitled|allow-?list\w*|eligible)\b"
        r".{0,100}\bmodels?\b|\bmodels?\b.{0,100}(?:permission|not allowed|access|allow-?list)",
    ),
    Rule(
        "model_gone",
        (400, 403, 404, 410),
        words=r"no longer (?:available|supported|offered) to new",
        message="Google offers this model to older keys only. Choose another model.",
    ),
    Rule(
        "model_gone",
        (400, 410),
        words=r"models?\b.{0,80}(?:not found|retired|shut ?down|deprecated|discontinued|no longer)",
    ),
    Rule(
        "history_refused",
        (400,),
        # Before tools: these sentences speak of functions and calls too, and what helps is another
        # history, not fewer tools.
        words=r"thought[ _]?signature|function (?:call|response) (?:turn|parts?)"
        r"|tool (?:call|response) (?:and|turn|parts?)",
    ),
    Rule(
        "tools_refused",
        (400,),
        words=r"server_?side_?tool_?invocations|all search tools|multiple tools"
        r"|(?:tools?|function(?:s| calling| declarations)?|search|grounding|code execution"
        r"|url[ _]context|google_\w+|google maps)\b.{0,140}(?:not (?:be )?(?:supported|combined"
        r"|used|enabled|allowed|available|compatible)|unsupported|incompatible|mutually exclusive"
        r"|together|same (?:time|request))",
    ),
    Rule(
        "too_long",
        (400, 413),
        words=r"token count|too many (?:input )?tokens|maximum number of tokens|context (?:length"
        r"|window)|(?:input|prompt|context|conversation)\b.{0,20}too long",
    ),
)
_THEIRS = (
    Rule(
        "upstream_error",
        (499,),
        words=r".*",
        message="Google broke this answer off. Try again: what was said is kept.",
    ),
)
# The first one that fits decides, so the order is part of what they say. What is no answer of the
# API comes first, or every gate on the way would seem to refuse the key. Money before models: "only
# accessible to billed users" is said of models, and another one does not help. Files before models
# and tools, whose rules go by looser words.
RULES = (*_PLACE, *_KEY, *_MONEY, *_FILES, *_REQUEST, *_THEIRS)

# Source of what follows: the enums ``FinishReason`` and ``BlockedReason`` of google-genai 3.4.0,
# and https://ai.google.dev/api/generate-content, read on 2026-11-28.
_PROHIBITED = (
    "blocked",
    "Google stopped this answer: its policy prohibits such content. Ask for something else.",
)
_TERMS = (
    "blocked",
    "Google stopped this answer because of a term on its blocklist. Put the question differently.",
)
_PERSONAL = (
    "blocked",
    "Gemini stopped because the answer may hold sensitive personal data, such as card or passport "
    "numbers. Ask without them.",
)
_IMAGE_SAFETY = (
    "blocked",
    "Gemini's safety rules stopped this picture. Describe it differently.",
)
_ARMOR = (
    "blocked",
    "A filter of the key's project at Google (Model Armor) stopped this answer. Put the question "
    "differently, or ask whoever set the filter up.",
)
_CALL = (
    "upstream_error",
    "Gemini began to use a tool and got it wrong. Try again.",
)

FINISHES: dict[str, tuple[str, str | None]] = {
    "SAFETY": ("blocked", None),
    "RECITATION": ("recitation", None),
    "LANGUAGE": ("language", None),
    "BLOCKLIST": _TERMS,
    "PROHIBITED_CONTENT": _PROHIBITED,
    "SPII": _PERSONAL,
    "MODEL_ARMOR": _ARMOR,
    "ESCALATION": (
        "blocked",
        "A rule of Google's for sensitive subjects stopped this answer. Put the question "
        "differently.",
    ),
    "PUP_LIMITED_DISABLED": (
        "key_blocked",
        "Google has limited the account behind this key, because it finds its use policy broken. "
        "Look into Google AI Studio, or choose another key.",
    ),
    "IMAGE_SAFETY": _IMAGE_SAFETY,
    "IMAGE_PROHIBITED_CONTENT": (
        "blocked",
        "Google stopped this picture: its policy prohibits such content. Ask for another picture.",
    ),
    "IMAGE_RECITATION": (
        "recitation",
        "Gemini stopped because the picture came too close to a published one. Describe another.",
    ),
    "IMAGE_OTHER": ("no_image", None),
    "NO_IMAGE": ("no_image", None),
    "MALFORMED_FUNCTION_CALL": _CALL,
    "UNEXPECTED_TOOL_CALL": _CALL,
    "TOO_MANY_TOOL_CALLS": (
        "stopped",
        "Gemini used its tools too many times and stopped before it had an answer. Ask for less "
        "at once, or switch tools off.",
    ),
    "MISSING_THOUGHT_SIGNATURE": ("history_refused", None),
    "MALFORMED_RESPONSE": (
        "upstream_error",
        "Gemini wrote an answer that it could not finish properly. Try again.",
    ),
    "OTHER": ("stopped", None),
    "FINISH_REASON_UNSPECIFIED": ("stopped", None),
}
_QUESTION = "Gemini's safety rules stopped this question. Put it differently."
_UNSPECIFIED = (
    "blocked",
    "Google does not answer this question and does not say why. Put it differently.",
)
BLOCKS: dict[str, tuple[str, str | None]] = {
    "SAFETY": ("blocked", _QUESTION),
    "BLOCKLIST": (
        "blocked",
        "Google does not answer this question because of a term on its blocklist. Put it "
        "differently.",
    ),
    "PROHIBITED_CONTENT": (
        "blocked",
        "Google does not answer this question: its policy prohibits such content. Ask for "
        "something else.",
    ),
    "IMAGE_SAFETY": (
        "blocked",
        "Gemini's safety rules stopped this question because of a picture in it, or the picture "
        "it asks for. Ask without it.",
    ),
    "MODEL_ARMOR": (
        "blocked",
        "A filter of the key's project at Google (Model Armor) stopped this question. Put it "
        "differently, or ask whoever set the filter up.",
    ),
    "JAILBREAK": (
        "blocked",
        "Google takes this question for an attempt to get around Gemini's rules. Put it "
        "differently.",
    ),
    "OTHER": (
        "blocked",
        "Google does not answer this question and does not say why: it may be its content or its "
        "language. Put it differently.",
    ),
    "BLOCKED_REASON_UNSPECIFIED": _UNSPECIFIED,
    "BLOCK_REASON_UNSPECIFIED": _UNSPECIFIED,  # as the API's reference calls it
}
