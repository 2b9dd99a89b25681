"""What npm's xstate writes is read, and what is written for it loads there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pgsm.engine import exact
from pgsm.formats import xstate
from tests import node
from tests.conformance import data

PLAYER = Path(__file__).with_name("xstate_player.mjs")
EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/*.json"))


def recorded(name: str) -> list[Any]:
    found = data.lines(f"xstate/{name}.jsonl")
    if not found:
        pytest.skip(f"{name} of XState: no {data.directory()}/xstate")
    return found


def spelled(raw: Any) -> Any:
    """XState's functions, recorded as {"$action": …}, by their serialised names."""
    if isinstance(raw, list):
        return [spelled(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    found = {key: spelled(item) for key, item in raw.items()}
    for mark, prefix in (("$action", ""), ("$guard", "xstate.")):
        if mark in found:
            found["type"] = prefix + found.pop(mark)
    return found


def imported(scenario: Any) -> Any:
    machine = spelled(scenario["machine"])
    given = spelled(scenario.get("implementations", {}))
    return xstate.load({**machine, "implementations": given}).document


@pytest.mark.parametrize("name", ["scenarios", "transitions"])
def test_what_was_imported_and_exported_imports_as_the_same(name: str) -> None:
    different = []
    for scenario in recorded(name):
        document = imported(scenario)
        again = xstate.load(xstate.dump(document))
        if again.machines.popitem()[1] != document or again.warnings:
            different.append(scenario["id"])
    assert different == []


@pytest.mark.parametrize("name", ["scenarios", "transitions"])
def test_exported_machines_take_the_recorded_steps_in_npm_xstate(name: str) -> None:
    scenarios = recorded(name)
    lines = []
    for scenario in scenarios:
        text = xstate.dump(imported(scenario))
        steps = [{k: s.get(k) for k in ("event", "after")} for s in scenario["steps"]]
        line = {"machine": exact.loads(text), "steps": steps}
        lines.append(exact.dumps({**line, "from": scenario.get("from")}))
    played = json.loads(node.run(PLAYER.read_text(), "\n".join(lines)))
    expected = [
        [{"value": s["value"], "status": s["status"]} for s in scenario["steps"]]
        for scenario in scenarios
    ]
    different = [
        scenario["id"]
        for scenario, found, steps in zip(scenarios, played, expected, strict=True)
        if found != steps
    ]
    assert different == []


LOAD = """
import { readFileSync } from 'node:fs';
import { createMachine, getInitialSnapshot } from 'xstate';
const guards = {};
const named = (text) => new Proxy({}, {has: () => true, get: () => text});
const machines = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(machines.map((machine) => {
  const actors = {};
  const effects = machine['x-pgsm'].implementations?.effects ?? {};
  for (const name of Object.keys(effects)) actors[name] = createMachine({});
  const loaded = createMachine(machine, {actors});
  return {value: getInitialSnapshot(loaded).value, states: [...loaded.idMap.keys()]};
})));
"""


def test_the_examples_load_in_npm_xstate_with_all_their_states() -> None:
    texts = [xstate.dump(path.read_text()) for path in EXAMPLES]
    found = json.loads(node.run(LOAD, f"[{','.join(texts)}]"))
    for path, loaded in zip(EXAMPLES, found, strict=True):
        document = exact.loads(path.read_text())
        value = loaded["value"]
        first = document["initial"]
        # guards and named delays have no implementation there
        delays = document.get("implementations", {}).get("delays", {})
        begin = document["states"][first]
        if "always" not in begin and not set(begin.get("after", {})) & set(delays):
            assert first in ([value] if isinstance(value, str) else value)
        assert len(loaded["states"]) == _count(document)


def _count(state: Any) -> int:
    return 1 + sum(map(_count, state.get("states", {}).values()))


# ------------------------------------------------- written by npm, and read by us

MACHINE = """
import { and, assign, cancel, createMachine, fromPromise, not, raise, sendTo, setup,
  stateIn } from 'xstate';
const child = createMachine({id: 'payment', initial: 'open', states: {open: {}}});
const machine = setup({
  actions: {count: assign({n: 1}), track: () => {}},
  guards: {rich: ({context}) => context.n > 3, both: and(['rich', not('rich')])},
  delays: {patience: 1000},
  actors: {load: fromPromise(async () => 1), child},
}).createMachine({
  id: 'shop', initial: 'a', context: ({input}) => ({n: input.n}),
  entry: ['track', {type: 'count', params: {by: 2}}, raise({type: 'GO', x: 1})],
  states: {
    a: {
      invoke: [{src: 'load', onDone: 'b'}, {src: 'child', id: 'pay'}],
      on: {
        GO: [{guard: ({context}) => context.n, target: 'b'}, {actions: cancel('r')}],
        TO: {guard: and(['rich', stateIn('#shop.a')]), target: 'b', reenter: true},
      },
      after: {patience: 'b', 50: {target: 'b', actions: sendTo('pay', {type: 'HI'})}},
    },
    b: {type: 'final', output: () => 1},
  },
});
"""
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "move-from-xstate.md"


def test_functions_that_stringify_drops_are_reported_where_they_leave_a_trace() -> None:
    text = node.run(MACHINE + "console.log(JSON.stringify(machine.config));")
    found = xstate.load(text)
    assert {w.path for w in found.warnings if w.code == "function"} == {
        "$.entry[2]",
        "$.states.a.on.GO[0]",
    }
    a = found.document["states"]["a"]
    assert a["on"]["GO"][0] == {"target": ["b"], "guard": {"expr": "false"}}
    assert a["after"] == {"50": [{"target": ["b"]}], "patience": [{"target": ["b"]}]}


def test_the_replacer_of_the_how_to_page_keeps_what_is_data() -> None:
    script = HOW_TO.read_text().partition("```js\n")[2].partition("```")[0]
    script = script.replace("import { machine } from './order.js';\n", MACHINE)
    found = xstate.load(node.run(script))
    assert list(found.machines) == ["shop", "child"]
    document = found.document
    assert document["entry"][2] == {"type": "raise", "event": "GO", "data": {"x": 1}}
    assert document["implementations"] == {
        "guards": {
            "rich": {"expr": "false"},
            "both": {"and": [{"type": "rich"}, {"not": {"type": "rich"}}]},
        },
        "actions": {"count": [{"type": "assign", "set": {"n": 1}}], "track": []},
        "delays": {"patience": 1000},
        "effects": {"load": {}},
    }
    a = document["states"]["a"]
    assert a["invoke"][1] == {"id": "pay", "machine": "child"}
    assert a["on"]["GO"][1]["actions"] == [{"type": "cancel", "id": "r"}]
    both = {"and": [{"type": "rich"}, {"in": "#shop.a"}]}
    assert a["on"]["TO"] == [{"target": ["b"], "guard": both, "reenter": True}]
    assert {(w.path, w.code) for w in found.warnings} == {
        ("$.context", "function"),
        ("$.states.a.on.GO[0].guard", "function"),
        ("$.states.b.output", "function"),
        ("$.implementations.actions.track", "needs_implementation"),
        ("$.implementations.guards.rich", "needs_implementation"),
    }
    assert "context.n > 3" in next(
        w.message for w in found.warnings if w.path.endswith(".rich")
    )
