"""Where the lines of `pgsm simulate` come from: a person, or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from ..engine import exact

Json = Any
Completions = Mapping[str, Sequence[str]]


class Stop(Exception):
    """There are no more lines."""


class Lines:
    """Lines from a pipe, each printed after its prompt, as if it had been typed."""

    interactive = False

    def __init__(self) -> None:
        self._given = sys.stdin

    def read(self, prompt: str) -> str:
        """The next line; raises Stop."""
        line = self._given.readline()
        if not line:
            raise Stop
        click.echo(f"{prompt}{line.rstrip()}")
        return str(line).strip()

    def complete(self, words: Completions) -> None:
        """What may be typed: words after each command, and "" for the first word."""

    def ask(self, function: str, arguments: Sequence[Json]) -> Json:
        """What a SQL function returns; an empty line is null."""
        given = ", ".join(map(exact.dumps, arguments))
        prompt = f"{function.partition('(')[0]}({given}) returns (JSON): "
        while True:
            line = self.read(prompt)
            try:
                return exact.loads(line) if line else None
            except ValueError as error:
                click.echo(f"that is no JSON: {error}")


class Terminal(Lines):
    """Lines of a person, with history and completion."""

    interactive = True

    def __init__(self) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import InMemoryHistory

        super().__init__()
        self._commands: PromptSession[str] = PromptSession(history=InMemoryHistory())
        self._answers: PromptSession[str] = PromptSession()
        self._words: Completions = {}

    def read(self, prompt: str) -> str:
        from prompt_toolkit.completion import Completer, Completion

        words = self._words

        class Words(Completer):
            def get_completions(
                self, document: Any, complete_event: Any
            ) -> Iterator[Completion]:
                for found, start in completed(document.text_before_cursor, words):
                    yield Completion(found, start_position=start)

        is_command = prompt == "> "
        session = self._commands if is_command else self._answers
        return self._line(
            lambda: session.prompt(prompt, completer=Words() if is_command else None)
        )

    @staticmethod
    def _line(prompt: Callable[[], str]) -> str:
        try:
            return prompt().strip()
        except (EOFError, KeyboardInterrupt):
            raise Stop from None

    def complete(self, words: Completions) -> None:
        self._words = words


def completed(text: str, words: Completions) -> Iterable[tuple[str, int]]:
    """What a text could become: words, and where in it they begin, before its end."""
    first, space, rest = text.lstrip().partition(" ")
    known, begun = (words.get(first, ()), rest) if space else (words.get("", ()), first)
    return [(word, -len(begun)) for word in known if word.startswith(begun)]


def lines() -> Lines:
    """From the terminal where there is one, else from standard input."""
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return Terminal() if on_terminal else Lines()
