// graphile-worker: jobs that do nothing.  Settings: {mode, tasks, concurrency, pause}.
import pg from "pg";
import { makeWorkerUtils, run, Logger } from "graphile-worker";
import { drain, latency, sleep } from "./queue_common.mjs";

const settings = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ max: settings.concurrency + 2 });
const logger = new Logger(() => () => {});
let entered = () => {};

async function work() {
  return run({
    pgPool: pool,
    concurrency: settings.concurrency,
    noHandleSignals: true,
    logger,
    taskList: { noop: async (payload) => entered(payload) },
  });
}

async function enqueue(tasks) {
  await pool.query(
    `select graphile_worker.add_job('noop', json_build_object('n', n))
     from generate_series(1, $1::integer) as n`,
    [tasks],
  );
}

async function left() {
  const { rows } = await pool.query(
    "select count(*)::integer as n from graphile_worker._private_jobs",
  );
  return rows[0].n;
}

const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
const on = (callback) => (entered = callback);
const measured =
  settings.mode === "latency"
    ? await latency(settings, { work, enqueue, on })
    : await drain(settings, { work, enqueue, on, left });
console.log(JSON.stringify(measured));
await sleep(0);
process.exit(0);
