from django.apps import AppConfig
from django.core.checks import Tags, register


class ApikeysConfig(AppConfig):
    name = "apikeys"
    verbose_name = "Keys"

    def ready(self) -> None:
        from apikeys import canary, signals  # noqa: F401

        register(canary.check_master_key, Tags.database)
