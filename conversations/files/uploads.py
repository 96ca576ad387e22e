"""A file on its way in: the only multipart form of the API, read without leaving traces.

What comes in goes to a file without a name, which the system removes also when the process is
killed in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser

from common.errors import AppError
from conversations.files.artifacts import too_large

FIELD = "file"


class UnnamedFileHandler(FileUploadHandler):
    """Takes one file and refuses a second one, or one that is too long, while it comes in."""

    file: Any = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.file is not None:
            raise _one_file()
        # Without a name: the system removes it also when the process is killed in the middle.
        # Django's own handlers would leave a named one, or hold up to 2.5 MB of each upload in
        # memory.
        self.file = TemporaryFile()  # noqa: SIM115  # closed with the request

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        # While it comes in: a length that the form announces need not be true.
        if start + len(raw_data) > settings.UPLOAD_MAX_BYTES:
            raise too_large()
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        self.file.seek(0)
        return UploadedFile(self.file, self.file_name, size=file_size)

    def upload_interrupted(self) -> None:
        if self.file is not None:
            self.file.close()


class UploadParser(MultiPartParser):
    """``multipart/form-data`` with one file in the field ``file``; the rest is ``bad_file``."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles[Any, Any]:
        request = (parser_context or {})["request"]
        handler = UnnamedFileHandler(request)
        request.upload_handlers = [handler]
        with ExitStack() as unless_done:
            unless_done.callback(handler.upload_interrupted)
            try:
                form = super().parse(stream, media_type, parser_context)
            except (ParseError, TooManyFieldsSent, TooManyFilesSent):
                raise _one_file() from None
            unless_done.pop_all()
        return form


def sent_file(data: Any) -> UploadedFile[Any]:
    """The file of a parsed form. Raises ``AppError`` ``bad_file`` if there is none."""
    file = data.get(FIELD) if hasattr(data, "get") else None
    if not isinstance(file, UploadedFile):
        raise _one_file()
    return file


def _one_file() -> AppError:
    message = "Send one file with a name, complete, as multipart/form-data in the field `file`."
    return AppError("bad_file", message)
