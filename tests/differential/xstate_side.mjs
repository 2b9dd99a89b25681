// One line of standard input is a case: {"machine", "events", "mends"}; one line of
// standard output is what npm's xstate does with it: a record after the start and after
// each event, or {"error"}.
//
// The machine is a document of pgsm.  Its structure is XState's already; what XState
// leaves to code (named actions, guards, delays, expressions) is written out here.
// "mends" names changes to XState's source (see differences.py), so that a difference
// from it can be explained by one of them.

import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import readline from "node:readline";

const dist = path.join(process.cwd(), "node_modules/xstate/dist");
const input = readline.createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const MENDS = JSON.parse((await lines.next()).value);
const LOOP = 100; // microsteps, as in ours.py
const CROWD = 30; // timers; machines that arm ever more are left, as in ours.py

// -- xstate, as it is or mended -------------------------------------------------------

const libraries = new Map();

function library(mends) {
  const key = mends.join();
  if (!libraries.has(key)) libraries.set(key, load(mends));
  return libraries.get(key);
}

function load(mends) {
  const files = new Map();
  const left = new Set(mends.flatMap((name) => MENDS[name]));
  const require = (name) => {
    const file = path.join(dist, name);
    if (!file.startsWith(dist) || !fs.existsSync(file)) {
      return module.createRequire(dist + "/")(name);
    }
    if (!files.has(file)) {
      const made = { exports: {} };
      files.set(file, made);
      const source = mended(fs.readFileSync(file, "utf8"), left);
      new Function("require", "exports", "module", source)(
        require,
        made.exports,
        made,
      );
    }
    return files.get(file).exports;
  };
  const loaded = require("./xstate.development.cjs.js");
  if (left.size) throw new Error(`not in this xstate: ${[...left].map(([from]) => from)}`);
  return loaded;
}

function mended(source, left) {
  for (const change of [...left]) {
    const [from, to] = change;
    if (!source.includes(from)) continue;
    source = source.replace(from, () => to);
    left.delete(change);
  }
  return source;
}

// -- a clock that fires each timer at its own time --------------------------------------

class Clock {
  now = 0;
  last = 0;
  timers = new Map();

  setTimeout(run, delay) {
    this.timers.set(++this.last, { due: this.now + delay, run });
    return this.last;
  }

  clearTimeout(id) {
    this.timers.delete(id);
  }

  advance(by) {
    const until = this.now + by;
    for (;;) {
      let next = null;
      for (const [id, timer] of this.timers) {
        if (timer.due <= until && (next === null || timer.due < next.due)) {
          next = { id, ...timer };
        }
      }
      if (next === null) break;
      if (this.timers.size > CROWD && next.due > this.now) throw new Error("crowd");
      this.timers.delete(next.id);
      this.now = Math.max(this.now, next.due);
      next.run();
    }
    this.now = until;
  }

  due() {
    return [...this.timers.values()].map((timer) => timer.due).sort((a, b) => a - b);
  }
}

// -- what a document leaves to code ----------------------------------------------------

const EXPRESSIONS = {
  "context.n": ({ context }) => context.n,
  "context.n.a": ({ context }) => context.n.a,
  "context.n.b": ({ context }) => context.n.b,
  "event.output": ({ event }) => event.output ?? null,
};

function value(given) {
  if (given === null || typeof given !== "object") return () => given;
  if ("expr" in given) return EXPRESSIONS[given.expr];
  const parts = Object.entries(given).map(([key, item]) => [key, value(item)]);
  return (args) => {
    const made = Array.isArray(given) ? [] : {};
    for (const [key, part] of parts) made[key] = part(args);
    return made;
  };
}

const counted = (context, key, by) => ({
  n: { ...context.n, [key]: context.n[key] + by },
});

function implementations(x, trace, nameOf) {
  const { assign, enqueueActions } = x;
  const inc = assign(({ context }, params) => counted(context, params.key, 1));
  return {
    actions: {
      trace: ({ context, event }, params) =>
        trace.push([params.name, nameOf(event.type), context.n]),
      inc,
      add: assign(({ context, event }, params) =>
        counted(context, params.key, event.x ?? 0),
      ),
      fail: () => {
        throw new Error("failed");
      },
      keep: assign(({ event }) => ({ kept: event.output ?? null })),
      both: enqueueActions(({ enqueue }) => {
        enqueue({ type: "inc", params: { key: "b" } });
        enqueue({ type: "trace", params: { name: "both" } });
      }),
    },
    guards: {
      lt: ({ context }, params) => context.n[params.key] < params.value,
      odd: ({ context }, params) => context.n[params.key] % 2 === 1,
      isEvent: ({ event }, params) => event.type === params.type,
      yes: () => true,
      no: () => false,
    },
    delays: {
      soon: 7,
      later: ({ context }) => context.n.a * 10 + 5,
    },
  };
}

function guard(x, given) {
  if (given === null || typeof given !== "object") return given;
  if ("and" in given) return x.and(given.and.map((part) => guard(x, part)));
  if ("or" in given) return x.or(given.or.map((part) => guard(x, part)));
  if ("not" in given) return x.not(guard(x, given.not));
  if ("in" in given) return x.stateIn(given.in);
  return given;
}

const listed = (given) =>
  given === undefined ? [] : Array.isArray(given) ? given : [given];

function action(x, given) {
  switch (given.type) {
    case "raise": {
      const event = { type: given.event, ...(given.data ?? {}) };
      return x.raise(event, { delay: given.delay, id: given.id });
    }
    case "cancel":
      return x.cancel(given.id);
    case "choose":
      return choose(x, given.branches);
    default:
      return given;
  }
}

function choose(x, branches) {
  const made = branches.map((branch) => ({
    test: branch.guard === undefined ? null : guard(x, branch.guard),
    actions: actions(x, branch.actions),
  }));
  return x.enqueueActions(({ check, enqueue }) => {
    const chosen = made.find(({ test }) => test === null || check(test));
    for (const item of chosen?.actions ?? []) enqueue(item);
  });
}

const actions = (x, given) => listed(given).map((item) => action(x, item));

function transition(x, given) {
  if (given === null || typeof given !== "object") return given;
  const made = { ...given };
  if ("actions" in given) made.actions = actions(x, given.actions);
  if ("guard" in given) made.guard = guard(x, given.guard);
  return made;
}

const transitions = (x, given) =>
  Array.isArray(given) ? given.map((item) => transition(x, item)) : transition(x, given);

const mapped = (given, change) =>
  Object.fromEntries(Object.entries(given).map(([key, item]) => [key, change(item)]));

function state(x, given) {
  const made = { ...given };
  for (const key of ["entry", "exit"]) {
    if (key in given) made[key] = actions(x, given[key]);
  }
  for (const key of ["on", "after"]) {
    if (key in given) made[key] = mapped(given[key], (item) => transitions(x, item));
  }
  for (const key of ["always", "onDone", "initial"]) {
    if (key in given) made[key] = transitions(x, given[key]);
  }
  if ("output" in given) made.output = value(given.output);
  if ("states" in given) made.states = mapped(given.states, (item) => state(x, item));
  return made;
}

// -- a case --------------------------------------------------------------------------

const AFTER = /^xstate\.after\.([^.]+)\.(.*)$/;
const DONE = /^xstate\.done\.state\.(.*)$/;

function naming(machine) {
  const place = (id) => machine.idMap.get(id).path.join(".");
  return (type) => {
    if (type === "xstate.init") return "pgsm.start";
    const after = AFTER.exec(type);
    if (after) return `after.${after[1]}.${place(after[2])}`;
    const done = DONE.exec(type);
    return done ? `done.state.${place(done[1])}` : type;
  };
}

function play({ machine: document, events, mends }) {
  const x = library(mends ?? []);
  const { implementations: _, ...config } = document;
  let trace = [];
  let nameOf;
  const given = implementations(x, { push: (note) => trace.push(note) }, (type) =>
    nameOf(type),
  );
  const machine = x
    .setup(given)
    .createMachine({ ...state(x, config), options: { maxIterations: LOOP } });
  nameOf = naming(machine);
  const clock = new Clock();
  const records = [];
  const actor = x.createActor(machine, { clock });
  actor.subscribe({ error: () => {} });
  const record = () => {
    const snapshot = actor.getSnapshot();
    if (snapshot.status === "error") throw snapshot.error;
    records.push({
      value: snapshot.value,
      context: snapshot.context,
      status: snapshot.status,
      tags: [...snapshot.tags].sort(),
      output: snapshot.output ?? null,
      due: snapshot.status === "active" ? clock.due() : [],
      trace,
    });
    trace = [];
  };
  try {
    actor.start();
    record();
    for (const event of events) {
      if (actor.getSnapshot().status !== "active") break;
      if ("advance" in event) clock.advance(event.advance);
      else actor.send(event);
      record();
    }
  } catch (error) {
    records.push({ error: String(error?.message ?? error).split("\n")[0] });
  }
  return records;
}

function answer(line) {
  try {
    return play(JSON.parse(line));
  } catch (error) {
    return [{ broken: String(error?.stack ?? error) }];
  }
}

for await (const line of lines) {
  if (line) process.stdout.write(JSON.stringify(answer(line)) + "\n");
}
