"""The models people choose from, and what they are called at the API.

A name people choose stays stable; the API's id behind it changes when Google moves on.
``gemini-3-flash`` is such a name: it is not an id the API knows. What this server knows by itself
(``known_models``) is joined with what Google lists for a key, so that a model can
be chosen on the day on which a key lists it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from gemini.known_models import KNOWN, SHUTDOWNS
from gemini.model_info import (
    THINKING,
    ListedModel,
    ModelInfo,
    Shutdown,
    is_version_of_another,
    kind_of_id,
    model_from_listing,
)

DEFAULT_MODEL = "gemini-3-flash"
WARNING = timedelta(days=90)

_BY_NAME = {model.name: model for model in KNOWN}


def override(api_ids: Mapping[str, str]) -> None:
    """Replace the API ids behind names, from the server's settings.

    Raises:
        ValueError: a name that the catalogue does not have.
    """
    for name, api_id in api_ids.items():
        if name not in _BY_NAME:
            raise ValueError(f"There is no model named {name!r}; known: {', '.join(_BY_NAME)}.")
        _BY_NAME[name] = _behind(_BY_NAME[name], api_id)


def all_models() -> list[ModelInfo]:
    """Every model of the catalogue, with the API ids of this server."""
    return list(_BY_NAME.values())


def chat_models() -> list[ModelInfo]:
    """The models on offer for conversation whatever a key lists, the default one first."""
    return [model for model in _BY_NAME.values() if model.kind == "chat" and model.current]


def is_offered(name: str) -> bool:
    """Whether ``name`` is one of ``chat_models``."""
    return any(model.name == name for model in chat_models())


def has_model(name: str) -> bool:
    """Whether the catalogue has a model of this name, of whatever kind."""
    return name in _BY_NAME


def resolve(name: str, day: date | None = None) -> ModelInfo | None:
    """The model that ``name`` means: a name, an API id in use, or one that was shut down by now.

    None for any other; ``ModelList.resolve`` knows those that a key lists besides.
    """
    return replacement_for(name, day) or _in_use(name)


def replacement_for(name: str, day: date | None = None) -> ModelInfo | None:
    """What answers in the place of a model that has been shut down; None for any other.

    An id that the operator put behind a name is in use, whatever Google announced.
    """
    end = shutdown_of(name)
    if end is None or end.on is None or end.on > (day or _today()):
        return None
    return resolve(end.replacement, day)


def shutdown_of(name: str) -> Shutdown | None:
    """When the model of this id ends, if Google has said so."""
    # The operator's setting is the later word: an id that was put behind a name on purpose answers,
    # or its refusal tells so, but nobody is moved away from it.
    return None if name in _ids_behind_names() else SHUTDOWNS.get(name)


def describe(api_id: str, listed: ListedModel | None = None) -> ModelInfo:
    """The model with this API id: as the catalogue knows it, else as its id and Google's list say.

    What Google lists of a known model's limits goes before the catalogue.
    """
    known = next((model for model in _BY_NAME.values() if model.api_id == api_id), None)
    if known is None:
        return model_from_listing(api_id, kind_of_id(api_id) or "chat", listed)
    if listed is None:
        return known
    return replace(
        known,
        window_tokens=listed.input_tokens or known.window_tokens,
        output_tokens=listed.output_tokens or known.output_tokens,
    )


def resolve_choice(name: str, day: date | None = None) -> tuple[ModelInfo, str]:
    """The chat model for somebody who chose ``name`` once, and a sentence if there is need of one:
    another model answers, or this one ends soon.

    An id that only a key's list can know stays what was chosen: whether the key has it is looked
    at when it is used.
    """
    model = resolve(name, day) if name else _BY_NAME[DEFAULT_MODEL]
    if model is None and kind_of_id(name) == "chat":
        model = describe(name)
    if model is None or model.kind != "chat":
        default = _BY_NAME[DEFAULT_MODEL]
        return default, f"The model you chose is not on offer here; {default.label} answers."
    if replacement_for(name, day):
        gone = f"The model you chose, {name}, is not offered any more"
        return model, f"{gone}; {model.label} answers."
    return model, shutdown_warning(model, day)


def shutdown_warning(model: ModelInfo, day: date | None = None) -> str:
    """A sentence about a model that ends within ``WARNING``, or some day; empty for any other."""
    end = shutdown_of(model.name)
    if end is None:
        return ""
    instead = resolve(end.replacement, day)
    choose = f"choose {instead.label}" if instead else "choose another model"
    if end.on is None:
        return f"Google is going to end {model.label}: {choose}."
    if end.on - (day or _today()) > WARNING:
        return ""
    return f"{model.label} ends on {end.on.isoformat()}: {choose}."


def thinking_level(model: ModelInfo, wanted: str) -> str:
    """The level of thinking to ask of a model: the wanted one, or the next one that it takes.

    Empty for ``auto``, and for a model that takes none: then nothing is to be said about it.
    """
    if wanted == "auto" or not model.thinking:
        return ""
    more = THINKING[THINKING.index(wanted) :]
    return next((level for level in more if level in model.thinking), model.thinking[-1])


def api_id(name: str) -> str:
    """The API's id of a model; what is no name of the catalogue is an id itself."""
    model = _BY_NAME.get(name)
    return model.api_id if model else name


@dataclass(frozen=True, slots=True)
class ModelList:
    """The catalogue joined with what is known of one key.

    Args:
        listed: what Google listed last for the key, by API id; None: never asked.
        fresh: whether that list is new enough to refuse a model that is not on it.
        has_billing: whether Google bills the key's project; None: not known.
        unbilled: API ids that Google refused the key of late for want of billing.
    """

    listed: Mapping[str, ListedModel] | None = field(default=None, repr=False)
    fresh: bool = True
    has_billing: bool | None = None
    unbilled: frozenset[str] = frozenset()

    def info(self, name: str) -> ModelInfo:
        """The model of a name or an API id."""
        model_id = api_id(name)
        return describe(model_id, (self.listed or {}).get(model_id))

    def resolve(self, name: str) -> ModelInfo | None:
        """The model that ``name`` means, those that only this key lists among them."""
        model = resolve(name)
        if model is None and name in (self.listed or {}) and kind_of_id(name):
            return self.info(name)
        return model and self.info(model.name)

    def models(self, kind: str) -> list[ModelInfo]:
        """What is on offer, best first: the current ones, then what else the key lists."""
        infos = {
            model.api_id: self.info(model.name)
            # Two names can stand for one id. Reversed, the first name wins in the dictionary, and
            # reversed once more below, the order of the catalogue comes back.
            for model in reversed(_BY_NAME.values())
            if model.kind == kind and (model.current or model.api_id in (self.listed or {}))
        }
        known = [info for info in reversed(infos.values()) if not replacement_for(info.name)]
        return [*known, *self._others(kind)]

    def best(self, kind: str) -> ModelInfo | None:
        """The first model that answers with ``kind`` and that the key has, as far as is known."""
        models = self.models(kind)
        if self.listed is None:
            return models[0]
        return next((model for model in models if model.api_id in (self.listed or {})), None)

    def lists(self, model: ModelInfo) -> bool | None:
        """Whether Google lists a model for the key; None: not known."""
        # An old list refuses nothing: Google may have published the model, or billing been set up,
        # since.
        return model.api_id in self.listed if self.listed is not None and self.fresh else None

    def lacks_billing(self, model: ModelInfo) -> bool:
        """Whether it is known that the key is refused for want of billing."""
        refused = model.api_id in self.unbilled
        return refused or (self.has_billing is False and model.needs_billing is True)

    def _others(self, kind: str) -> Iterator[ModelInfo]:
        known = {model.api_id for model in _BY_NAME.values()} | SHUTDOWNS.keys()
        listed = self.listed or {}
        for model_id, given in listed.items():
            if model_id in known or kind_of_id(model_id) != kind:
                continue
            if not is_version_of_another(model_id, listed):
                yield describe(model_id, given)


def _behind(model: ModelInfo, model_id: str) -> ModelInfo:
    """A name with another id behind it, and the abilities of that one where they are known."""
    known = next((one for one in KNOWN if one.api_id == model_id), model)
    return replace(
        known,
        name=model.name,
        api_id=model_id,
        label=model.label,
        description=model.description,
        current=model.current,
    )


def _ids_behind_names() -> dict[str, ModelInfo]:
    renamed = [model for model in _BY_NAME.values() if model.name != model.api_id]
    return {model.api_id: model for model in reversed(renamed)}


def _in_use(name: str) -> ModelInfo | None:
    return _ids_behind_names().get(name) or _BY_NAME.get(name)


def _today() -> date:
    return datetime.now(UTC).date()
