// What is measured of a queue, whichever it is.

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// All tasks wait when the worker starts; the end is when none is left.
export async function drain(settings, { work, enqueue, on, left }) {
  let seen = 0;
  let all;
  const done = new Promise((resolve) => (all = resolve));
  on(() => {
    seen += 1;
    if (seen === settings.tasks) all();
  });
  await enqueue(settings.tasks);
  const began = performance.now();
  await work();
  await done;
  while ((await left()) > 0) await sleep(2);
  return { done: seen, seconds: (performance.now() - began) / 1000 };
}

// One task at a time, to a worker that idles: from before it is made to its handler.
export async function latency(settings, { work, enqueue, on }) {
  await work();
  await sleep(1000);
  const found = [];
  for (let n = 0; n < settings.tasks; n += 1) {
    const entry = new Promise((resolve) => on(() => resolve(performance.now())));
    const began = performance.now();
    await enqueue(1);
    found.push((await entry) - began);
    await sleep(settings.pause);
  }
  return { milliseconds: found };
}
