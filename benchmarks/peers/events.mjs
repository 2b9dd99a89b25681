// One event after another on each of some connections: XState with node-postgres, or
// pgsm by the same driver.  Settings: {mode, clients, seconds, instances, document}.
import { createInterface } from "node:readline";
import pg from "pg";
import { assign, createMachine, transition } from "xstate";

const settings = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ max: settings.clients });

const { implementations, ...config } = settings.document;
const machine = createMachine(config, {
  guards: { mayGoOn: ({ context }) => context.n < 1000000000 },
  actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
});

async function xstate(client, id) {
  await client.query("begin");
  const { rows } = await client.query({
    name: "load",
    text: "select snapshot from peer.instances where instance_id = $1 for update",
    values: [id],
  });
  const before = machine.resolveState(rows[0].snapshot);
  const [after] = transition(machine, before, { type: "next" });
  await client.query({
    name: "save",
    text: `update peer.instances set snapshot = $2, revision = revision + 1,
      updated_at = clock_timestamp() where instance_id = $1`,
    values: [id, JSON.stringify({ value: after.value, context: after.context, status: after.status })],
  });
  await client.query({
    name: "log",
    text: `insert into peer.event_log (instance_id, event, source, target)
      values ($1, 'next', $2, $3)`,
    values: [id, JSON.stringify(before.value), JSON.stringify(after.value)],
  });
  await client.query("commit");
}

async function pgsm(client, id) {
  await client.query({
    name: "send",
    text: "select * from pgsm.send_event($1, 'next')",
    values: [id],
  });
}

const send = { xstate, pgsm }[settings.mode];
let number = process.pid;

function someInstance() {
  number = (number * 1103515245 + 12345) % 2147483648;
  return `bench-${1 + (Math.floor(number / 8) % settings.instances)}`;
}

async function work(client, until) {
  let done = 0;
  while (performance.now() < until()) {
    await send(client, someInstance());
    done += 1;
  }
  return done;
}

const clients = await Promise.all(
  Array.from({ length: settings.clients }, () => pool.connect()),
);
const warm = performance.now() + 500;
await Promise.all(clients.map((client) => work(client, () => warm)));
console.log("ready");
await new Promise((resolve) =>
  createInterface({ input: process.stdin }).once("line", resolve),
);
const began = performance.now();
const end = began + 1000 * settings.seconds;
const counts = await Promise.all(clients.map((client) => work(client, () => end)));
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ done: counts.reduce((a, b) => a + b), seconds }));
process.exit(0);
