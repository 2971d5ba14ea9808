// The same as handler.mjs for a subscription: the step is a state transaction with the token of the delivery.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

const state = "http://localhost:3500/v1.0/state/ledger";
const metadata = { requireStep: "true", maxDeliveries: "10" }; // only a step ends a message; ten failures make it a dead letter
const subscriptions = [{ pubsubname: "bank", topic: "transfers", route: "/transfers", metadata }];

const post = async (path, body) => {
  const answer = await fetch(`${state}/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? undefined : answer.json();
};

async function handle({ from, to, amount }, token) {
  const accounts = await post("bulk", { keys: [from, to] });
  await post("transaction", {
    operations: accounts.map(({ key, data = 0, etag }) => ({
      operation: "upsert",
      request: { key, value: data + (key === to ? amount : -amount), etag, options: { concurrency: "first-write" } },
    })),
    metadata: { "darq.token": token, "darq.emit": JSON.stringify([{ topic: "receipts", data: { from, to, amount } }]) },
  });
}

createServer((request, response) => {
  if (request.url === "/dapr/subscribe") return response.end(JSON.stringify(subscriptions));
  if (request.method !== "POST") return response.writeHead(404).end();
  json(request).then((event) => handle(event.data, request.headers["darq-token"])).then(
    () => response.end('{"status":"SUCCESS"}'),
    (error) => response.writeHead(500).end(error.message), // the message comes again
  );
}).listen(8080);
