from django.apps import AppConfig
from django.core.checks import Tags, register


class ApikeysConfig(AppConfig):
    name = "apikeys"
    verbose_name = "Keys"

    def ready(self) -> None:
        from apikeys import master_key, signals  # noqa: F401

        register(master_key.check_master_key, Tags.database)
