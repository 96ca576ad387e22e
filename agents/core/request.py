"""What is to be answered: one frozen object, from the door to the model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from gemini.addresses import Address
from gemini.media_options import PictureOptions, SpeechOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A message and how it is to be answered, validated by the door that took it.

    ``model``, ``tools``, ``thinking`` and ``voice`` may be left open (empty or None): the user's
    profile fills them in before the run starts, see ``with_defaults``.

    Args:
        thread_id: of the conversation, which is created if it does not exist.
        run_id: chosen by the client; the same one sent again is the same run.
        text: the user's message.
        continues: the client believes that the thread exists, so it must, and is not created.
        parent_message_id, parent_run_id: where the conversation branches off; neither: after its
            newest run, or at its beginning if ``at_start``.
        attachments: ids of the user's files. addresses: files that lie elsewhere and are fetched
            by Google. enclosed: the bytes of files that came within the request.
        agent: ``auto``, ``direct``, or the name of the agent that is to answer.
        output: what that agent is to answer with; empty leaves it open.
        model: a name of the catalogue, or an API id that only the key's list has.
        key_id: of the key that pays. tools: Google's, by the catalogue's names.
        thinking: a level of the catalogue; ``auto`` leaves it to the model.
        voice: that speaks, where one voice speaks.
        instructions: the user's own for this conversation, from now on; None leaves them.
        allow_key: the user confirmed to send a text that looks like a key.
    """

    text: str = field(repr=False)
    thread_id: UUID = field(default_factory=uuid4)
    run_id: UUID = field(default_factory=uuid4)
    message_id: UUID = field(default_factory=uuid4)
    continues: bool = False
    parent_message_id: UUID | None = None
    parent_run_id: UUID | None = None
    at_start: bool = False
    attachments: tuple[UUID, ...] = ()
    addresses: tuple[Address, ...] = ()
    enclosed: tuple[bytes, ...] = field(default=(), repr=False)
    agent: str = "auto"
    output: str = ""
    model: str = ""
    key_id: UUID | None = None
    tools: tuple[str, ...] | None = None
    thinking: str = ""
    voice: str = ""
    instructions: str | None = field(default=None, repr=False)
    picture: PictureOptions = field(default_factory=PictureOptions)
    speech: SpeechOptions = field(default_factory=SpeechOptions)
    allow_key: bool = False

    def with_defaults(
        self, *, model: str, tools: tuple[str, ...], thinking: str, voice: str
    ) -> RunRequest:
        """The same request with each option that was left open filled in."""
        return replace(
            self,
            model=self.model or model,
            tools=tools if self.tools is None else self.tools,
            thinking=self.thinking or thinking,
            voice=self.voice or voice,
        )
