// Plays recorded scenarios with npm's xstate from exported JSON.  Reads lines of
// {machine, steps, from}; writes, for each, the state value and status after every step.
import { readFileSync } from 'node:fs';
import * as x from 'xstate';

const action = {
  raise: (a) => x.raise({ type: a.event, ...a.data }, { delay: a.delay, id: a.id }),
  emit: (a) => x.emit({ type: a.event, ...a.data }),
  cancel: (a) => x.cancel(a.id),
  assign: (a) => x.assign(a.set),
};
const guard = (g) => ('in' in g ? x.stateIn(inside(g.in)) : () => false);
const inside = (text) =>
  text.startsWith('#') ? text : text.split('.').reduceRight((below, key) => below === undefined ? key : { [key]: below }, undefined);
const each = (named = {}, make) =>
  Object.fromEntries(Object.entries(named).map(([name, it]) => [name, make(it)]));

function play({ machine, steps, from }) {
  const { inline = {}, implementations = {} } = machine['x-pgsm'];
  const clock = new x.SimulatedClock();
  const given = {
    actions: {
      ...each(implementations.actions, () => () => {}),
      ...each(inline.actions, (a) => action[a.type](a)),
    },
    guards: { ...each(implementations.guards, guard), ...each(inline.guards, guard) },
  };
  const loaded = x.createMachine(machine, given);
  const snapshot = from && loaded.resolveState({ value: from.value, context: {} });
  const actor = x.createActor(loaded, { clock, snapshot });
  actor.subscribe({ error() {} });
  actor.start();
  return steps.map(({ event, after }) => {
    if (after) clock.increment(after.delay);
    else if (event) actor.send(event);
    const { value, status } = actor.getSnapshot();
    return { value, status };
  });
}

const lines = readFileSync(0, 'utf8').split('\n').filter(Boolean);
console.log(JSON.stringify(lines.map((line) => play(JSON.parse(line)))));
