from django.apps import AppConfig


class ChatprojectConfig(AppConfig):
    name = "chatproject"
