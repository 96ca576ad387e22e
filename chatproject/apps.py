from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.core.checks import register
from django.core.exceptions import ImproperlyConfigured

from chatproject import checks, private
from gemini import catalogue, prices


class ChatprojectAdminConfig(AdminConfig):
    default_site = "accounts.adminsite.Site"


class ChatprojectConfig(AppConfig):
    name = "chatproject"

    def ready(self) -> None:
        for check in checks.ALL:
            register(check)
        private.make_private()
        try:
            catalogue.override(settings.GEMINI_MODELS)
        except ValueError as error:
            raise ImproperlyConfigured(f"GEMINI_MODELS: {error}") from None
        if settings.COORDINATOR_MODEL and not catalogue.is_offered(settings.COORDINATOR_MODEL):
            known = ", ".join(model.name for model in catalogue.chat_models())
            raise ImproperlyConfigured(f"COORDINATOR_MODEL must be one of {known}.")
        try:
            prices.override(settings.GEMINI_PRICES)
        except ValueError as error:
            raise ImproperlyConfigured(f"GEMINI_PRICES: {error}") from None
