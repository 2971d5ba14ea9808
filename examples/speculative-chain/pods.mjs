// The five services as pods: each an app, a sidecar and a component process of its own.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { accepts, freePort, until } from "./processes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));

export const SERVICES = ["order", "stock", "payment", "packing", "shipping"];
const LAST = SERVICES.at(-1);

/** Name, level of durability, and when all services but the last may have a message. Each has a namespace of its own. */
export const CHAINS = [
  { chain: "strict", durability: "replica-fsync:1", releaseAt: "durable" },
  { chain: "applied", durability: "replica-fsync:1", releaseAt: "applied" },
  { chain: "reply-strict", durability: "reply", releaseAt: "durable" },
  { chain: "reply-applied", durability: "reply", releaseAt: "applied" },
];

/**
 * Starts them all; answers the ports of their sidecars by their names. `setting`: redisHost, receipts (where they go), and isUnsafe where
 * the last service does not wait either.
 */
export async function startPods(processes, setting) {
  const ports = await Promise.all(SERVICES.map((name, hop) => startPod(processes, name, SERVICES[hop + 1], setting)));
  return Object.fromEntries(SERVICES.map((name, hop) => [name, ports[hop]]));
}

async function startPod(processes, name, next, setting) {
  const sockets = `${processes.folder}/${name}`;
  const resources = `${sockets}/resources`;
  mkdirSync(resources, { recursive: true });
  for (const chain of CHAINS) writeFileSync(`${resources}/${chain.chain}.yaml`, fill(chain, name, setting));

  // Ten processes that compile their code twice share the machine; a third time, by profile, pays off only in those that live longer.
  const environment = { DAPR_COMPONENTS_SOCKETS_FOLDER: sockets, DOTNET_TieredPGO: "0" };
  const binary = `${root}/component/Darq.Component/bin/Release/net10.0/darq`;
  processes.start(`${name}-component`, [binary], { ...environment, DARQ_ADMIN_ADDRESS: "off" });
  const [app, api, grpc, inner, metrics] = await Promise.all(Array.from({ length: 5 }, freePort));
  const service = [process.execPath, `${here}/service.mjs`, name, ...(next ? [next] : [])];
  processes.start(name, service, { APP_PORT: app, DAPR_HTTP_PORT: api, RECEIPTS: setting.receipts });
  await until(`${name}'s component listens`, () => accepts(`${sockets}/darq.sock`));
  await until(`${name} listens`, () => accepts(app));

  processes.start(`${name}-sidecar`, [
    process.env.DAPRD || `${root}/tests/sidecar/run`, "--app-id", name, "--app-port", app, "--dapr-http-port", api,
    "--dapr-grpc-port", grpc, "--dapr-internal-grpc-port", inner, "--metrics-port", metrics, "--resources-path", resources,
  ], environment);
  const health = `http://127.0.0.1:${api}/v1.0/healthz`;
  await until(`${name}'s sidecar is healthy`, () => fetch(health).then((answer) => answer.ok, () => false));
  return api;
}

function fill({ chain, durability, releaseAt }, name, { redisHost, isUnsafe }) {
  const released = name === LAST && !isUnsafe ? "durable" : releaseAt;
  const values = { chain, durability, redisHost, releaseAt: released, ack: released === "applied" ? "speculative" : "durable" };
  return readFileSync(`${here}/resources/chain.yaml`, "utf8").replace(/\$\{(\w+)\}/g, (_, word) => values[word] ?? "");
}
