"""REST: files that people upload and agents make."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_sign_in, current_user
from common.api import validated_query
from common.errors import AppError
from common.paging import TimeCursorInput
from common.streaming import AnyAccept
from conversations.access import artifact_for
from conversations.files.artifacts import artifact_delete, artifact_upload
from conversations.files.quota import used_bytes
from conversations.files.selectors import file_list
from conversations.files.serializers import (
    UPLOAD_FORM,
    ErrorOutput,
    FileOutput,
    FilePageOutput,
    SignedUrlOutput,
)
from conversations.files.serving import file_response
from conversations.files.signed_urls import PARAMETER, artifact_by_signature, signed_url
from conversations.files.uploads import UploadParser, sent_file


class FilesView(APIView):
    parser_classes = (UploadParser,)

    @extend_schema(
        operation_id="files_list", parameters=[TimeCursorInput], responses=FilePageOutput
    )
    def get(self, request: Request) -> Response:
        """List my files, the newest first, and how much room they take."""
        user_id = current_user(request).pk
        query = validated_query(TimeCursorInput, request)
        files, following = file_list(user_id=user_id, **query)
        space = {"used_bytes": used_bytes(user_id), "quota_bytes": settings.USER_STORAGE_BYTES}
        return Response(FilePageOutput({"results": files, "next": following, **space}).data)

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


class SignedInOrSignedUrl(IsAuthenticated):
    """A signed URL may be read without a token; whether the signature is good comes later."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        is_signed = request.method in ("GET", "HEAD") and PARAMETER in request.query_params
        return is_signed or super().has_permission(request, view)


class FileView(APIView):
    content_negotiation_class = AnyAccept
    permission_classes = (SignedInOrSignedUrl,)

    @extend_schema(
        parameters=[
            OpenApiParameter(PARAMETER, description="A signature, instead of a token."),
            OpenApiParameter("Range", location=OpenApiParameter.HEADER, description="One range."),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, file_id: str) -> HttpResponseBase:
        """The bytes of a file of mine, or a part of them."""
        signature = request.query_params.get(PARAMETER)
        if signature is None:
            artifact = artifact_for(current_user(request).pk, file_id)
        else:
            artifact = artifact_by_signature(file_id, signature)
        # Without a validator sent earlier, If-Range can only mean: all of it.
        byte_range = "" if "If-Range" in request.headers else request.headers.get("Range", "")
        by_signed_url = signature is not None
        return file_response(
            request._request, artifact, byte_range=byte_range, by_signed_url=by_signed_url
        )

    @extend_schema(responses={204: OpenApiResponse()})
    def delete(self, request: Request, file_id: str) -> Response:
        """Delete a file. Messages that carried it keep its name."""
        artifact_delete(owner_id=current_user(request).pk, artifact_id=file_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SignedUrlView(APIView):
    @extend_schema(request=None, responses=SignedUrlOutput)
    def post(self, request: Request, file_id: str) -> Response:
        """A URL of a file for `<video>`, `<audio>` and `<iframe>`; good for five minutes."""
        sign_in = current_sign_in(request)
        url = signed_url(artifact_for(sign_in.user_id, file_id), sign_in)
        return Response(SignedUrlOutput(url).data)
