from django.apps import AppConfig


class ChatprojectConfig(AppConfig):
    name = "chatproject"

    def ready(self) -> None:
        from django.core.checks import register

        from chatproject import checks

        for check in checks.ALL:
            register(check)
