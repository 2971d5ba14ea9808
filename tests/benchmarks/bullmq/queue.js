'use strict';

// An app that publishes jobs and works on them with BullMQ: one queue, one worker, one process.
//
//   node queue.js REDIS_PORT CONCURRENCY JOB_BYTES
//
// Prints the port on which it listens. GET /N publishes N jobs, CONCURRENCY of them at a time, while the worker takes as many at a
// time; the answer comes when the last is completed, with the seconds and each job's way from publisher to worker in microseconds.

const http = require('node:http');
const { Queue, Worker } = require('bullmq');
const Redis = require('ioredis');

const NAME = 'jobs';

const [redisPort, concurrency, jobBytes] = process.argv.slice(2).map(Number);
const connect = () => new Redis({ host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null });
const data = { text: 'x'.repeat(jobBytes - JSON.stringify({ text: '' }).length) };
const queue = new Queue(NAME, { connection: connect(), defaultJobOptions: { removeOnComplete: true } });
const worker = new Worker(NAME, arrived, { connection: connect(), concurrency });

let round;

async function arrived(job) {
  round.latencies.push(Math.round((performance.now() - round.began[Number(job.name)]) * 1000));
}

async function publish() {
  while (round.published < round.jobs) {
    const number = round.published++;
    round.began[number] = performance.now();
    await queue.add(String(number), data);
  }
}

async function run(jobs) {
  const completed = new Promise((resolve) => {
    round = { jobs, published: 0, completed: 0, began: new Float64Array(jobs), latencies: [], resolve };
  });
  const start = performance.now();
  await Promise.all([completed, ...Array.from({ length: concurrency }, publish)]);
  return { seconds: (performance.now() - start) / 1000, latencies: round.latencies };
}

// Whatever fails ends the process: there are no figures of a load that partly failed.
function fail(fault) {
  throw fault;
}

worker.on('completed', () => {
  if (++round.completed === round.jobs) {
    round.resolve();
  }
});
worker.on('failed', (job, fault) => fail(fault));
worker.on('error', fail);
queue.on('error', fail);

const server = http.createServer(async (request, response) => {
  response.end(JSON.stringify(await run(Number(request.url.slice(1)))));
});

Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]).then(() => {
  server.listen(0, '127.0.0.1', () => console.log(`listening on port ${server.address().port}`));
});
