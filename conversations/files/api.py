"""REST: files that people upload and agents make."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import current_sign_in, current_user
from common.errors import AppError
from conversations.access import artifact_for, linked_artifact
from conversations.api import AnyAccept, asked
from conversations.files.artifacts import artifact_delete, artifact_upload
from conversations.files.links import file_url, link_to
from conversations.files.quota import used_bytes
from conversations.files.serving import file_response
from conversations.files.uploads import FIELD, UploadParser, sent_file
from conversations.models import Artifact
from conversations.selectors import file_list
from conversations.serializers import CursorInput

LINK = "link"
UPLOAD_FORM = {
    "multipart/form-data": {
        "type": "object",
        "properties": {FIELD: {"type": "string", "format": "binary"}},
        "required": [FIELD],
    }
}


class FileOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text="Where its bytes are, with a token.")
    name = serializers.CharField()
    mime_type = serializers.CharField(help_text="Told by its content.")
    size_bytes = serializers.IntegerField()
    kind = serializers.ChoiceField(Artifact.Kind.choices)
    width = serializers.IntegerField(allow_null=True, help_text="Of pictures, in pixels.")
    height = serializers.IntegerField(allow_null=True)
    notice = serializers.CharField(
        help_text="How it is read, where that is not as it is; empty: nothing to say."
    )
    thread_id = serializers.UUIDField(allow_null=True)
    refused = serializers.CharField(help_text="Why Google cannot use it; empty for most.")
    created_at = serializers.DateTimeField()

    def get_url(self, artifact: Artifact) -> str:
        return file_url(artifact)


class FilePageOutput(serializers.Serializer[Any]):
    results = FileOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page.")
    used_bytes = serializers.IntegerField()
    quota_bytes = serializers.IntegerField()


class LinkOutput(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Opens the file without a token.")
    expires_at = serializers.DateTimeField()


class ErrorOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class FilesView(APIView):
    parser_classes = (UploadParser,)

    @extend_schema(operation_id="files_list", parameters=[CursorInput], responses=FilePageOutput)
    def get(self, request: Request) -> Response:
        """List my files, the newest first, and how much room they take."""
        user_id = current_user(request).pk
        found, following = file_list(user_id=user_id, **asked(CursorInput, request))
        page = {"results": found, "next": following, "used_bytes": used_bytes(user_id)}
        return Response(FilePageOutput({**page, "quota_bytes": settings.USER_STORAGE_BYTES}).data)

    @extend_schema(
        request=UPLOAD_FORM,
        responses={201: FileOutput, 400: ErrorOutput, (413, "application/json"): ErrorOutput}
        | {415: ErrorOutput, 507: ErrorOutput},
    )
    def post(self, request: Request) -> Response:
        """Upload a file. What it is, is told by its content; it loses its metadata."""
        user_id = current_user(request).pk
        with sent_file(request.data) as sent:
            file, name = cast(BinaryIO, sent.file), sent.name or ""
            size = sent.size or 0
            artifact = artifact_upload(owner_id=user_id, file=file, size_bytes=size, name=name)
        return Response(FileOutput(artifact).data, status=status.HTTP_201_CREATED)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, UnsupportedMediaType):
            message = "Send the file as multipart/form-data."
            exc = AppError("unsupported_media_type", message, status=exc.status_code)
        return super().handle_exception(exc)


class SignedInOrLinked(IsAuthenticated):
    """A signed address may be read without a token; whether the signature is good comes later."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        linked = request.method in ("GET", "HEAD") and LINK in request.query_params
        return linked or super().has_permission(request, view)


class FileView(APIView):
    content_negotiation_class = AnyAccept
    permission_classes = (SignedInOrLinked,)

    @extend_schema(
        parameters=[
            OpenApiParameter(LINK, description="A signature, instead of a token."),
            OpenApiParameter("Range", location=OpenApiParameter.HEADER, description="One range."),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, file_id: str) -> HttpResponseBase:
        """The bytes of a file of mine, or a part of them."""
        signature = request.query_params.get(LINK)
        if signature is None:
            artifact = artifact_for(current_user(request).pk, file_id)
        else:
            artifact = linked_artifact(file_id, signature)
        # Without a validator sent earlier, If-Range can only mean: all of it.
        wanted = "" if "If-Range" in request.headers else request.headers.get("Range", "")
        linked = signature is not None
        return file_response(request._request, artifact, wanted=wanted, linked=linked)

    @extend_schema(responses={204: OpenApiResponse()})
    def delete(self, request: Request, file_id: str) -> Response:
        """Delete a file. Messages that carried it keep its name."""
        artifact_delete(owner_id=current_user(request).pk, artifact_id=file_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LinkView(APIView):
    @extend_schema(request=None, responses=LinkOutput)
    def post(self, request: Request, file_id: str) -> Response:
        """An address of a file for `<video>`, `<audio>` and `<iframe>`; good for five minutes."""
        sign_in = current_sign_in(request)
        link = link_to(artifact_for(sign_in.user_id, file_id), sign_in)
        return Response(LinkOutput(link).data)
