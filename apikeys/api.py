"""REST: one's own keys. A key goes in and never comes out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import checked, signed_in
from apikeys import services
from apikeys.models import UserApiKey
from apikeys.selectors import key_for, keys_of, selected_key_id


class SecretField(serializers.CharField):
    """A pasted key; whatever is wrong with it is said without repeating it."""

    def __init__(self) -> None:
        super().__init__(max_length=2000, write_only=True, help_text="Never sent back.")


class NameInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)


class KeyInput(NameInput):
    key = SecretField()


class ReplaceInput(serializers.Serializer[Any]):
    key = SecretField()


class ChangeInput(NameInput):
    name = serializers.CharField(max_length=100, required=False)
    is_active = serializers.BooleanField(required=False)


class KeyOutput(serializers.ModelSerializer[UserApiKey]):
    """What may be known about a key; ``tail`` is its last four characters."""

    id = serializers.CharField()
    selected = serializers.SerializerMethodField()

    class Meta:
        model = UserApiKey
        fields = (
            "id",
            "name",
            "tail",
            "is_active",
            "selected",
            "status",
            "status_detail",
            "verified_at",
            "last_used_at",
            "created_at",
        )

    def get_selected(self, key: UserApiKey) -> bool:
        return bool(key.pk == self.context["selected"])


def _answer(
    request: Request, keys: Any, code: int = status.HTTP_200_OK, *, many: bool = False
) -> Response:
    context = {"selected": selected_key_id(signed_in(request).pk)}
    return Response(KeyOutput(keys, many=many, context=context).data, status=code)


@method_decorator(never_cache, name="dispatch")
class KeyListView(APIView):
    @extend_schema(operation_id="key_list", responses=KeyOutput(many=True))
    def get(self, request: Request) -> Response:
        """One's own keys."""
        return _answer(request, keys_of(signed_in(request).pk), many=True)

    @extend_schema(request=KeyInput, responses={201: KeyOutput})
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """Check a key with Google and store it."""
        said = checked(KeyInput, request)
        key = services.key_add(owner=signed_in(request), name=said["name"], raw=said["key"])
        return _answer(request, key, status.HTTP_201_CREATED)


@method_decorator(never_cache, name="dispatch")
class KeyView(APIView):
    @extend_schema(request=ChangeInput, responses=KeyOutput)
    def patch(self, request: Request, key_id: UUID) -> Response:
        """Rename a key, switch it on or off."""
        key, said = key_for(signed_in(request), key_id), checked(ChangeInput, request)
        if "name" in said:
            services.key_rename(key=key, name=said["name"])
        if "is_active" in said:
            services.key_set_active(key=key, active=said["is_active"])
        return _answer(request, key)

    @extend_schema(request=None, responses={204: OpenApiResponse()})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Delete a key."""
        services.key_delete(key=key_for(signed_in(request), key_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(never_cache, name="dispatch")
class KeyReplaceView(APIView):
    @extend_schema(request=ReplaceInput, responses=KeyOutput)
    @method_decorator(sensitive_variables())
    def post(self, request: Request, key_id: UUID) -> Response:
        """Put another secret in the place of this one, after checking it with Google."""
        key, said = key_for(signed_in(request), key_id), checked(ReplaceInput, request)
        return _answer(request, services.key_replace(key=key, raw=said["key"]))


@method_decorator(never_cache, name="dispatch")
class KeySelectView(APIView):
    @extend_schema(request=None, responses=KeyOutput)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Work with this key from now on."""
        return _answer(request, services.key_select(key=key_for(signed_in(request), key_id)))


@method_decorator(never_cache, name="dispatch")
class KeyVerifyView(APIView):
    @extend_schema(request=None, responses=KeyOutput)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Ask Google whether this key works; the answer is in ``status``."""
        return _answer(request, services.key_verify(key=key_for(signed_in(request), key_id)))
