// absurd: tasks of no step.  Settings: {mode, tasks, concurrency, pause}.
import pg from "pg";
import { Absurd } from "absurd-sdk";
import { drain, latency } from "./queue_common.mjs";

const settings = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ max: settings.concurrency + 2 });
const app = new Absurd({ db: pool, queueName: settings.queue, log: undefined });
let entered = () => {};
app.registerTask({ name: "noop" }, async (params) => {
  entered(params);
  return null;
});
await app.createQueue(settings.queue);

async function work() {
  return app.startWorker({ concurrency: settings.concurrency });
}

async function enqueue(tasks) {
  // as the SDK's spawn does, for all in one statement
  await pool.query(
    `select absurd.spawn_task($1, 'noop', jsonb_build_object('n', n), '{}')
     from generate_series(1, $2::integer) as n`,
    [settings.queue, tasks],
  );
}

async function left() {
  const { rows } = await pool.query(
    `select count(*)::integer as n from absurd."t_${settings.queue}"
     where state <> 'completed'`,
  );
  return rows[0].n;
}

const on = (callback) => (entered = callback);
const measured =
  settings.mode === "latency"
    ? await latency(settings, { work, enqueue, on })
    : await drain(settings, { work, enqueue, on, left });
console.log(JSON.stringify(measured));
process.exit(0);
