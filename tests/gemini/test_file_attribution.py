"""Which file of a question an error is about, where Google does not say."""

from __future__ import annotations

import pytest

from gemini.error_mapping import error_from_response
from gemini.files import attribute_to_files

VIDEO = {"id": "v", "name": "YouTube video abc", "mimeType": "video/mp4", "size": 0}
FILE = {"id": "p", "name": "a.pdf", "mimeType": "application/pdf", "size": 9}
ADDRESSED = {**VIDEO, "address": "https://www.youtube.com/watch?v=abc"}
BARE = "The caller does not have permission"


def refused(*artifacts, message=BARE):
    contents = [{"role": "user", "parts": [{"artifact": one} for one in artifacts]}]
    body = {"error": {"code": 403, "message": message, "status": "PERMISSION_DENIED"}}
    return attribute_to_files(error_from_response(403, body), contents, contents)


def test_a_bare_refusal_with_an_address_is_about_what_lies_there():
    error, files = refused(FILE, ADDRESSED)
    assert (error.code, files) == ("file_refused", [ADDRESSED])
    assert "“YouTube video abc”" in error.message
    assert (error.spec.key_status, error.files) == ("", ("v",))


@pytest.mark.parametrize(
    ("artifacts", "message"),
    [((FILE,), BARE), ((), BARE), ((ADDRESSED,), "Your API key was reported as leaked.")],
)
def test_every_other_refusal_of_a_key_stays_one(artifacts, message):
    error, files = refused(*artifacts, message=message)
    assert (error.code, files) == ("key_blocked", [])
