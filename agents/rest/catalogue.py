"""REST: what there is to choose from: models, agents, voices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_user
from agents.core.team import TEAM
from agents.core.team.media import OUTPUTS
from apikeys.selectors import KeyModels, models_of_selected
from gemini import catalogue, media_options, model_info, prices
from gemini.model_info import ModelInfo
from gemini.prices import ListPrice
from gemini.voices import VOICES


class PriceOutput(serializers.Serializer[Any]):
    """US dollars for a million tokens; what is null costs as input or output does."""

    input = serializers.CharField()
    output = serializers.CharField()
    cached = serializers.CharField(allow_null=True)


class ComingPriceOutput(PriceOutput):
    since = serializers.DateField()


class ModelOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    api_id = serializers.CharField(help_text="Google's own name for it.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field named like an option
    description = serializers.CharField()
    default = serializers.BooleanField()
    state = serializers.ChoiceField(
        ["stable", "preview", "deprecated", "unknown"],
        help_text="`unknown`: only Google's list for the key speaks of it.",
    )
    ends_on = serializers.DateField(
        allow_null=True, help_text="The first day without it, if Google announced one."
    )
    warning = serializers.CharField(help_text="A sentence, if it ends soon.")
    needs_billing = serializers.BooleanField(
        allow_null=True, help_text="Whether keys without billing are refused; null: not known."
    )
    price = PriceOutput(allow_null=True, help_text="Today's list price; null: not known.")
    coming_price = ComingPriceOutput(allow_null=True, help_text="If another one is announced.")
    tools = serializers.ListField(
        child=serializers.ChoiceField(list(model_info.TOOLS)), help_text="That it can use."
    )
    thinking = serializers.ListField(
        child=serializers.ChoiceField(list(model_info.THINKING)),
        help_text="The levels it takes, besides `auto`.",
    )
    window_tokens = serializers.IntegerField(help_text="How much it takes in.")
    available = serializers.BooleanField(
        allow_null=True,
        help_text="Whether the selected key may use it; null: not known. "
        "`/api/keys/{id}/models/` asks Google.",
    )
    unavailable_because = serializers.ChoiceField(
        ["", "not_lent", "not_listed", "billing_required"], allow_blank=True
    )


class AgentOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    outputs = serializers.ListField(
        child=serializers.ChoiceField(list(OUTPUTS)), help_text="What it can be asked for."
    )


class VoiceOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()


class SizeOutput(serializers.Serializer[Any]):
    size = serializers.CharField()
    price_usd = serializers.CharField(allow_null=True, help_text="Of one picture; null: not known.")


class PicturesOutput(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="That makes pictures with the selected key.")
    ratios = serializers.ListField(
        child=serializers.CharField(), help_text="Empty: not known; leave it to the model."
    )
    sizes = SizeOutput(many=True)
    usual_size = serializers.CharField(help_text="Where none is asked for.", allow_blank=True)
    references = serializers.IntegerField(
        allow_null=True, help_text="How many pictures may come along; null: not known."
    )


class SpeechOutput(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="That speaks with the selected key.")
    voices = VoiceOutput(many=True)
    speakers = serializers.IntegerField(help_text="How many can talk in one recording.")


class MediaOutput(serializers.Serializer[Any]):
    pictures = PicturesOutput(allow_null=True, help_text="Null: the key has no model for them.")
    speech = SpeechOutput(allow_null=True)


class ModelsView(APIView):
    @extend_schema(responses=ModelOutput(many=True))
    def get(self, request: Request) -> Response:
        """The models to choose from, and which of them the selected key may use."""
        known = models_of_selected(current_user(request).pk)
        models = [model_on_offer(model, known) for model in known.models.models("chat")]
        return Response(ModelOutput(models, many=True).data)


class AgentsView(APIView):
    @extend_schema(responses=AgentOutput(many=True))
    def get(self, request: Request) -> Response:
        """The agents that can be asked by name."""
        return Response(AgentOutput(agents_on_offer(), many=True).data)


class VoicesView(APIView):
    @extend_schema(responses=VoiceOutput(many=True))
    def get(self, request: Request) -> Response:
        """The voices that read aloud."""
        voices = [{"name": name, "description": character} for name, character in VOICES.items()]
        return Response(VoiceOutput(voices, many=True).data)


class MediaView(APIView):
    @extend_schema(responses=MediaOutput)
    def get(self, request: Request) -> Response:
        """What can be asked of pictures and of speech with the selected key, and what it costs."""
        models = models_of_selected(current_user(request).pk).models
        draws, speaks = models.best("image"), models.best("speech")
        offered = {
            "pictures": draws and _pictures_on_offer(draws),
            "speech": speaks and _speech_on_offer(speaks),
        }
        return Response(MediaOutput(offered).data)


def _pictures_on_offer(model: ModelInfo) -> dict[str, Any]:
    today, pictures = datetime.now(UTC).date(), model.pictures
    sizes = []
    for size in pictures.sizes if pictures else ():
        price = prices.price_of_picture(model, size, today)
        sizes.append({"size": size, "price_usd": None if price is None else _decimal_text(price)})
    return {
        "model": model.label,
        "ratios": pictures.ratios if pictures else (),
        "sizes": sizes,
        "usual_size": media_options.default_size(model),
        "references": pictures.references if pictures else None,
    }


def _speech_on_offer(model: ModelInfo) -> dict[str, Any]:
    speech = model.speech
    voices = speech.voices if speech else VOICES
    return {
        "model": model.label,
        "voices": [{"name": name, "description": word} for name, word in voices.items()],
        "speakers": speech.speakers if speech else 1,
    }


def model_on_offer(model: ModelInfo, known: KeyModels) -> dict[str, Any]:
    """A model as people see it, with what is known of their key."""
    today = datetime.now(UTC).date()
    end = catalogue.shutdown_of(model.name)
    price = prices.list_price(model.api_id, today)
    coming = price.changes_on if price else None
    return {
        "id": model.name,
        "api_id": model.api_id,
        "label": model.label,
        "description": model.description,
        "default": model.name == catalogue.DEFAULT_MODEL,
        "state": model.state,
        "ends_on": end.on if end else None,
        "warning": catalogue.shutdown_warning(model),
        "needs_billing": model.needs_billing,
        "price": price and _price_output(price),
        "coming_price": coming and _coming_price(model, coming),
        "tools": model.tools,
        "thinking": model.thinking,
        "window_tokens": model.window_tokens,
        "available": known.available(model),
        "unavailable_because": known.refusal(model),
    }


def _price_output(price: ListPrice) -> dict[str, str | None]:
    amounts = {"input": price.input, "output": price.output, "cached": price.cached}
    return {name: None if usd is None else _decimal_text(usd) for name, usd in amounts.items()}


def _decimal_text(usd: Decimal) -> str:
    return f"{usd.normalize():f}"


def _coming_price(model: ModelInfo, since: date) -> dict[str, Any] | None:
    price = prices.list_price(model.api_id, since)
    return None if price is None else {**_price_output(price), "since": since}


def agents_on_offer() -> list[dict[str, Any]]:
    """The coordinator's team, as people see it."""
    return [
        {
            "name": agent.name,
            "label": agent.label,
            "description": agent.description,
            "outputs": agent.outputs,
        }
        for agent in TEAM
    ]
