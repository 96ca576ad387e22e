"""Gemini through google-genai: the one place that knows the SDK, and puts a key in a request."""

from agents.core.gemini.account import KeyCheck, check_key, list_models
from agents.core.gemini.pool import Endpoint
from agents.core.gemini.stream import Gemini, UploadedFile

__all__ = ["Endpoint", "Gemini", "KeyCheck", "UploadedFile", "check_key", "list_models"]
