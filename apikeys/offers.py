"""Which models a key may be used for, by what is known here: nobody is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from apikeys.models import UserApiKey
from apikeys.selectors import loan_to, selected_key_id
from gemini.catalogue import ModelInfo, ModelList


@dataclass(frozen=True, slots=True)
class KeyModels:
    """What is known of the models of a key.

    ``lent``: the names of the models that a loan allows; empty: all.
    """

    models: ModelList = field(default_factory=ModelList)
    lent: tuple[str, ...] = ()

    def refusal(self, model: ModelInfo) -> str:
        """Why the key may not be used for ``model``: ``not_lent``, ``not_listed`` or
        ``billing_required``; empty if nothing is known that speaks against it.
        """
        if self.lent and model.name not in self.lent:
            return "not_lent"
        if self.models.lists(model) is False:
            return "not_listed"
        return "billing_required" if self.models.lacks_billing(model) else ""

    def available(self, model: ModelInfo) -> bool | None:
        """Whether the key may be used for ``model``; None: not known."""
        return False if self.refusal(model) else self.models.lists(model)


def models_of_selected(user_id: int) -> KeyModels:
    """What is known of the user's selected key, an own or a lent one; nothing, if it is neither."""
    key_id = selected_key_id(user_id)
    key = UserApiKey.objects.filter(pk=key_id).first() if key_id else None
    if key is None:
        return KeyModels()
    if key.user_id == user_id:
        return KeyModels(key.model_list)
    loan = loan_to(user_id, key.pk)
    return KeyModels(key.model_list, tuple(loan.allowed_models)) if loan else KeyModels()
