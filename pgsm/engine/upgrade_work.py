"""What goes on across an upgrade: timers, invocations, children, lists of work.

Policies are words, or objects of words by name with ``default``:

``timers``   keep, recompute, restart, drop; by ``state/delay`` or state also the
             ``state/delay`` that it becomes, or null to drop it
``effects``  keep, restart, cancel; by invocation id or state
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import configuration as sets
from . import work
from .plan import Delay, Invocation, State
from .run import Run
from .upgrade import StateMap, map_path, paths_of, refuse

Json = Any

TIMERS = ("keep", "recompute", "restart", "drop")
EFFECTS = ("keep", "restart", "cancel")


class Work:
    """Takes the work of an instance over to its new version.

    ``run`` stands in the new configuration.  ``lenient`` drops a timer that has no
    counterpart; else it refuses the upgrade.
    """

    def __init__(
        self,
        run: Run,
        states: StateMap,
        timers: Json = "keep",
        effects: Json = "keep",
        *,
        lenient: bool = False,
    ) -> None:
        self.run = run
        self.states = states
        self.timers = timers if isinstance(timers, Mapping) else {"default": timers}
        self.effects = effects if isinstance(effects, Mapping) else {"default": effects}
        self.lenient = lenient
        self.kept_delays: set[Delay] = set()
        self.kept_invocations: dict[Invocation, tuple[str, str]] = {}

    def targets(self, old: str) -> list[State]:
        """Return the active states that an old state has become."""
        paths = paths_of(map_path(old, self.states, None, self.run.plan))
        found = [self.run.plan.state_by_path[path] for path in paths]
        return [state for state in found if state in self.run.configuration]

    # -- timers -------------------------------------------------------------------

    def keep_timers(self, timers: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
        """Return ``{"keep": [...], "drop": [timer_id]}`` for the ``after`` timers.

        A timer without an id is over: it fired and was not taken, or had no due
        time.  Its delay is not armed again, unless it is restarted.  Of two that
        become one, the first stays: they come in the order of their due times.
        """
        keep: list[dict[str, Json]] = []
        drop: list[str] = []
        for timer in timers:
            word, target = self.timer_policy(timer)
            delay = self.new_delay(timer, word, target)
            known = delay in self.kept_delays
            if delay is not None and word != "restart":
                self.kept_delays.add(delay)
            row = None if delay is None or known else self._kept(timer, delay, word)
            if row is not None:
                keep.append(row)
            elif timer["timer_id"] is not None:
                drop.append(timer["timer_id"])
        return {"keep": keep, "drop": drop}

    def timer_policy(self, timer: Mapping[str, Json]) -> tuple[str, str | None]:
        """Return the policy for a timer, and the name of what it becomes."""
        default = self.timers.get("default", "keep")
        for name in (f"{timer['state']}/{timer['delay']}", timer["state"]):
            if name in self.timers:
                said = self.timers[name]
                if said is None:
                    return "drop", None
                if said in TIMERS:
                    return said, None
                return ("keep" if default in ("drop", "restart") else default), said
        return default, None

    def new_delay(
        self, timer: Mapping[str, Json], word: str, target: str | None
    ) -> Delay | None:
        """Return what a timer's delay is now; raises Refusal where one is missing."""
        if target is not None:
            path, _, key = target.partition("/")
            states = [one for one in self.run.configuration if one.path == path]
        else:
            states, key = self.targets(timer["state"]), timer["delay"]
        for state in states:
            for delay in state.delays:
                if delay.key == key:
                    return delay
        over = timer["timer_id"] is None or self.lenient
        if not over and word in ("keep", "recompute"):
            raise refuse(
                f'timer "{timer["state"]}/{timer["delay"]}" has no counterpart'
                " in the states that are active then",
                hint="name it in timers, with the one that it becomes or null to drop",
            )
        return None

    def _kept(
        self, timer: Mapping[str, Json], delay: Delay, word: str
    ) -> dict[str, Json] | None:
        if timer["timer_id"] is None or word in ("drop", "restart"):
            return None
        row = {
            "timer_id": timer["timer_id"],
            "state": delay.state.path,
            "delay": delay.key,
            "event": delay.event,
        }
        if word == "recompute":
            row["due"] = self.run.evaluate(delay.due)
            if row["due"] is None:
                return None
        return row

    # -- invocations ----------------------------------------------------------------

    def effect_policy(self, state: str, invoke_id: str) -> str:
        """Return the policy for an invocation of the old version."""
        for name in (invoke_id, state):
            if name in self.effects:
                word: str = self.effects[name]
                return word
        default: str = self.effects.get("default", "keep")
        return default

    def keep_invocations(self, effects: Iterable[Mapping[str, str]]) -> dict[str, Json]:
        """Return ``{"keep": [...], "cancel": [effect_id]}`` for the invocations.

        Of two invocations that become one, the first stays.
        """
        keep: list[dict[str, Json]] = []
        cancel: list[str] = []
        for effect in effects:
            word = self.effect_policy(effect["state"], effect["invoke_id"])
            found = self.new_invocation(effect) if word != "restart" else None
            if found is None or not self._take(found, effect, word):
                cancel.append(effect["effect_id"])
            else:
                keep.append(
                    {
                        "effect_id": effect["effect_id"],
                        "state": found.state.path,
                        "invoke_id": found.invoke_id,
                    }
                )
        return {"keep": keep, "cancel": cancel}

    def _take(self, new: Invocation, old: Mapping[str, str], word: str) -> bool:
        """Whether an invocation goes on as this one, which is then not started."""
        name = (old["state"], old["invoke_id"])
        return self.kept_invocations.setdefault(new, name) == name and word == "keep"

    def new_invocation(self, effect: Mapping[str, str]) -> Invocation | None:
        """Return what an effect's invocation is in the states that are active."""
        old_id, old_state = effect["invoke_id"], effect["state"]
        for state in self.targets(old_state):
            wanted = [old_id]
            # the default id is the state's path, which the map may change
            if f"{old_id}/".startswith(f"{old_state}/"):
                wanted.insert(0, state.path + old_id[len(old_state) :])
            for invoke_id in wanted:
                for invocation in state.invocations:
                    name = (invocation.invoke_id, invocation.src)
                    if name == (invoke_id, effect["name"]):
                        return invocation
        return None

    def keep_running_work(self) -> None:
        """Take children, lists of work and times of entry along, or end them."""
        run = self.run
        for invoke_id, entry in sorted(run.work.get("each", {}).items()):
            found = self._running(entry["state"], invoke_id)
            if found is None or found.each is None:
                work.end_each(run, invoke_id)
            else:
                run.keep("each", invoke_id, {**entry, "state": found.state.path})
        for child_id, child in sorted(run.work.get("children", {}).items()):
            if child.get("state") is None:
                continue
            found = self._running(child["state"], child.get("each", child_id))
            if found is None or found.machine is None:
                work.stop_child(run, child_id, "")
            else:
                run.keep("children", child_id, {**child, "state": found.state.path})
        for kind in ("entered", "bound"):
            for path, noted in sorted(run.work.get(kind, {}).items()):
                run.forget(kind, path)
                for state in self.run.plan.states:
                    if state.path in paths_of(
                        map_path(path, self.states, None, run.plan)
                    ):
                        run.keep(kind, state.path, noted)

    def _running(self, old_state: str, invoke_id: str) -> Invocation | None:
        """Return an active invocation of the same id where the old state went.

        With the policy cancel it is ended, and not started again.
        """
        word = self.effect_policy(old_state, invoke_id)
        for state in self.targets(old_state):
            for invocation in state.invocations:
                if invocation.invoke_id == invoke_id and word != "restart":
                    old = {"state": old_state, "invoke_id": invoke_id}
                    return invocation if self._take(invocation, old, word) else None
        return None

    # -- what is new ----------------------------------------------------------------

    def run_entries(self, old: Iterable[str]) -> None:
        """Run the entry actions of the states that no old active state has become."""
        run = self.run
        continued = {
            path
            for one in old
            for path in paths_of(map_path(one, self.states, None, run.plan))
        }
        for state in sets.document_order(run.configuration - {run.plan.root}):
            if state.path not in continued:
                run.where = {"state": state.path}
                run.execute_block(state.entry)

    def start_missing(self) -> None:
        """Arm the timers and start the invocations that the new version adds."""
        run = self.run
        for state in sets.document_order(run.configuration):
            for delay in state.delays:
                rearmed = delay.key in run.plan.rearmed
                if rearmed and state.path not in run.work.get("entered", {}):
                    run.keep("entered", state.path, run.scope["now"])
                if delay not in self.kept_delays:
                    due = run.evaluate(delay.due)
                    if due is not None:
                        run.commands.append(("after", delay, due))
            for invocation in state.invocations:
                if invocation not in self.kept_invocations:
                    work.start_invocation(run, invocation)
