"""The wiring: settings, addresses, routing. No rule of the chat lives here."""

__version__ = "0.1.0"
