// Moves money from one account to another. The answer to a message is its step.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

const accounts = "http://localhost:3500/v1.0/state/ledger/bulk";

async function step({ from, to, amount }) {
  const read = await fetch(accounts, { method: "POST", body: JSON.stringify({ keys: [from, to] }) });
  return {
    state: (await read.json()).map(({ key, data = 0, etag }) => ({
      op: "upsert", key, value: data + (key === to ? amount : -amount),
      ...(etag ? { etag } : { concurrency: "first-write" }), // only if nobody has changed it since it was read
    })),
    emit: [{ topic: "receipts", data: { from, to, amount } }],
  };
}

createServer((request, response) => {
  if (request.method !== "POST") return response.writeHead(404).end();
  json(request).then((event) => step(event.data)).then(
    (done) => response.end(JSON.stringify(done)),
    (error) => response.writeHead(500).end(error.message), // the message comes again
  );
}).listen(8080);
