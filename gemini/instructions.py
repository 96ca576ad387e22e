"""What a user wants of every answer: instructions of their own, added to those of an agent."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHARS = 8_000  # of each

_INTRODUCTION = (
    "What follows are instructions of the user for all answers. Follow them as far as they go "
    "together with the above."
)
_CONVERSATION = (
    "These are the user's instructions for this conversation. Where they differ from those "
    "before, they hold."
)


@dataclass(frozen=True, slots=True)
class Instructions:
    """A user's instructions: of the profile, for every conversation, and of one conversation.

    Either may be empty. Those of the conversation add to those of the profile and go before them.
    """

    profile: str = ""
    conversation: str = ""

    def __bool__(self) -> bool:
        return bool(self.profile or self.conversation)

    def added_to(self, system: str) -> str:
        """The instruction of an agent with the user's behind it, never in its place."""
        parts = [system] if system else []
        if self.profile:
            parts += [_INTRODUCTION, self.profile]
        if self.conversation:
            parts += [_CONVERSATION, self.conversation]
        return "\n\n".join(parts)
