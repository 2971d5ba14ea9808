// The story of the example; run.sh starts it.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { chart } from "./chart.mjs";
import { Customer } from "./customer.mjs";
import { Drill } from "./drill.mjs";
import { Measurements } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { startPods } from "./pods.mjs";
import { PostOffice } from "./post.mjs";
import { Processes } from "./processes.mjs";
import { table } from "./report.mjs";
import { Servers } from "./servers.mjs";

const options = readOptions(process.argv.slice(2));
const folder = process.env.TMPDIR;
const began = performance.now();
const say = (text) => console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(3)} s  ${text}`);
if (options.keep) process.on("exit", keepLogs);

const processes = new Processes(folder);
const servers = new Servers(processes);
const post = new PostOffice(`${folder}/receipts.log`);
const orderLog = `${folder}/orders.log`;

say("starting Valkey, its replica, and five services with a component and a sidecar each");
await Promise.all([servers.start(), post.open()]);
const setting = { redisHost: `127.0.0.1:${servers.port}`, receipts: post.address, isUnsafe: options.isUnsafe };
const ports = await startPods(processes, setting);
const customer = new Customer(ports.order, orderLog, options.seed);
const run = { processes, servers, customer, post, ports, orderLog };

if (!options.isUnsafe) {
  const rows = await new Measurements(run, options).take(say);
  console.log(`${table(rows)}\n`);
  mkdirSync(dirname(options.svg), { recursive: true });
  writeFileSync(options.svg, chart(rows, options.orders));
}
console.log(await new Drill(run, options).run(say));
await processes.stop();
post.close();

function keepLogs() {
  mkdirSync(options.keep, { recursive: true });
  const logs = readdirSync(folder).filter((name) => name.endsWith(".log"));
  for (const log of logs) copyFileSync(`${folder}/${log}`, `${options.keep}/${log}`);
}
