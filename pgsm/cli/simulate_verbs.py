"""The commands of `pgsm simulate`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from ..engine import exact
from ..formats.pretty import pretty
from ..scenarios import session_view as view
from ..scenarios.session import Session
from ..testing import durations

Json = Any

HELP = """\
EVENT [DATA]            send an event, its data in JSON; `send EVENT` where a command
                        has the same name
to ID EVENT [DATA]      send it to a child or to another instance
done EFFECT [OUTPUT]    an effect has succeeded; by name, invoke id or effect id
error EFFECT [MESSAGE]  an effect has failed for good
retry EFFECT [MESSAGE]  an attempt has failed
advance [LENGTH]        time passes: 10 minutes; without a length, to what is due next
start MACHINE [ID] [INPUT]
returns FUNCTION JSON   what a SQL function returns from now on, without asking
show                    all states; what may happen
context, log, undo
save FILE [NAME]        write the steps as a scenario for `pgsm test`
help, quit"""


class Verbs:
    """Does what a line says."""

    def __init__(self, session: Session, out: Console) -> None:
        self.session = session
        self.out = out
        self._verbs = {
            "advance": self._advance,
            "context": self._context,
            "done": self._done,
            "error": self._failure,
            "help": self._help,
            "log": self._log,
            "retry": self._failure,
            "returns": self._returns,
            "save": self._save,
            "send": self._send,
            "show": self.show,
            "start": self._start,
            "to": self._to,
            "undo": self._undo,
        }

    def completions(self) -> Mapping[str, Sequence[str]]:
        """What may be typed next: the first words, and those after a command."""
        session = self.session
        events = list(session.events())
        effects = [e.invoke_id or e.name for e in session.instance.effects if e.open]
        machines = sorted(session.host.world._store.current)
        others = [i.id for i in session.host.world.instances()]
        return {
            "": [*events, *sorted(self._verbs), "quit"],
            "send": events,
            "to": [*session.instance.children, *others],
            "done": effects,
            "error": effects,
            "retry": effects,
            "start": machines,
            "returns": sorted(session.host.world._fakes),
        }

    def do(self, line: str) -> bool:
        """Do what a line says; True for the end.

        Raises click's UsageError for what it does not understand, and HostError.
        """
        verb, _, rest = line.partition(" ")
        if not verb or verb.startswith("#"):
            return False
        if verb in ("quit", "exit"):
            return True
        known = self._verbs.get(verb)
        if known is None:
            self._event(verb, rest)
        elif verb in ("error", "retry"):
            self._failure(rest, verb)
        else:
            known(rest.strip())
        return False

    # -- steps -------------------------------------------------------------------------

    def _take(self, given: Mapping[str, Json]) -> None:
        session = self.session
        before = session.instance.revision
        refused = session.take(given)
        for line in view.happened(session, before):
            self.out.print(line)
        for what in refused:
            first, *more = what.partition(" (if that is meant")[0].splitlines()
            self.out.print(Text(f"  ✗ {first}", "yellow"))
            for line_ in more:
                self.out.print(Text(f"    {line_}", "yellow"))
        self._where()

    def _where(self) -> None:
        self.out.print(view.title(self.session))
        for line in view.ahead(self.session):
            self.out.print(line)

    def _send(self, rest: str) -> None:
        event, _, data = rest.partition(" ")
        if not event:
            raise click.UsageError("send EVENT [DATA]")
        self._take({"send": event, **_with("data", data)})

    def _event(self, event: str, rest: str) -> None:
        """A line that begins with no command: an event that is known, at the least."""
        if event not in self.session.events():
            known = [*self.session.events(), *self._verbs]
            close = difflib.get_close_matches(event, known, 1)
            hint = f'did you mean "{close[0]}"?' if close else "help lists them"
            raise click.UsageError(
                f'"{event}" is no command, nor an event of the active states: {hint}'
            )
        self._send(f"{event} {rest}")

    def _to(self, rest: str) -> None:
        to, _, more = rest.partition(" ")
        event, _, data = more.strip().partition(" ")
        if not event:
            raise click.UsageError("to ID EVENT [DATA]")
        self._take({"send": event, "to": to, **_with("data", data)})

    def _done(self, rest: str) -> None:
        effect, _, output = rest.partition(" ")
        if not effect:
            raise click.UsageError("done EFFECT [OUTPUT]")
        self._take({"done": effect, **_with("output", output)})

    def _failure(self, rest: str, verb: str = "error") -> None:
        effect, _, message = rest.strip().partition(" ")
        if not effect:
            raise click.UsageError(f"{verb} EFFECT [MESSAGE]")
        said = {"message": message.strip()} if message.strip() else {}
        self._take({verb: effect, **said})

    def _advance(self, rest: str) -> None:
        if rest:
            try:
                durations.add(self.session.host.clock, rest)
            except ValueError as error:
                raise click.UsageError(str(error)) from None
            self._take({"advance": rest})
            return
        task = self.session.host.world._agenda.next()
        if task is None:
            raise click.UsageError("nothing is ever due: advance LENGTH")
        self._take({"advance_to": max(task[1], self.session.host.clock).isoformat()})

    def _start(self, rest: str) -> None:
        machine, _, more = rest.partition(" ")
        if not machine:
            raise click.UsageError("start MACHINE [ID] [INPUT]")
        named, given = more.strip(), ""
        if "{" in named:
            place = named.index("{")
            named, given = named[:place].strip(), named[place:]
        step = {"start": machine, **({"id": named} if named else {})}
        self._take({**step, **_with("input", given)})

    def _returns(self, rest: str) -> None:
        function, _, value = rest.rpartition(") ")
        if not function:
            raise click.UsageError("returns FUNCTION(TYPES) JSON")
        self._take({"functions": {f"{function})": _json(value)}})

    def _undo(self, _rest: str) -> None:
        if not self.session.undo():
            raise click.UsageError("there is nothing to undo")
        self._where()

    # -- looks -------------------------------------------------------------------------

    def show(self, rest: str) -> None:
        """Print the states, of many only those near, and what may happen."""
        for line in view.tree(self.session, rest == "all"):
            self.out.print(line)
        self._where()

    def _context(self, _rest: str) -> None:
        self.out.print(pretty(self.session.instance.context), markup=False)

    def _log(self, _rest: str) -> None:
        for line in view.happened(self.session, 0):
            self.out.print(line)

    def _help(self, _rest: str) -> None:
        self.out.print(HELP, markup=False)

    def _save(self, rest: str) -> None:
        file, _, name = rest.partition(" ")
        if not file:
            raise click.UsageError("save FILE [NAME]")
        place = Path(file)
        try:
            self.session.save(place, name.strip() or place.name.split(".")[0])
        except OSError as error:
            raise click.UsageError(f"{file}: {error.strerror}") from None
        count = len(self.session.taken)
        steps = f"{count} step{'' if count == 1 else 's'}"
        self.out.print(f"{steps} written: pgsm test {file}", markup=False)


def _with(key: str, text: str) -> dict[str, Json]:
    return {key: _json(text)} if text.strip() else {}


def _json(text: str) -> Json:
    try:
        return exact.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{text.strip()} is no JSON: {error}") from None
