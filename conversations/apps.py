from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from conversations import threads  # noqa: F401  # connects its receivers
        from conversations.files import serving  # noqa: F401  # likewise
