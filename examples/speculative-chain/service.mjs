// One service of the chain. A message is an order; the answer to it is the step that enters the order into the service's book of its
// customer and hands it to the next service. Whether anything waits for durability is said in the component files alone.
//
//   node service.mjs NAME [NEXT]        without NEXT the last one, which sends the receipt: RECEIPTS names the post office
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

const [name, next] = process.argv.slice(2);
const { APP_PORT, DAPR_HTTP_PORT, RECEIPTS } = process.env;

async function step(chain, { order, customer, cents }, headers) {
  const read = await fetch(`http://127.0.0.1:${DAPR_HTTP_PORT}/v1.0/state/${chain}-books/${customer}`);
  if (!read.ok) throw new Error(`reading ${customer} answered ${read.status}: ${await read.text()}`);
  const book = read.status === 204 ? { orders: [], cents: 0 } : await read.json();
  const etag = read.headers.get("etag");
  if (!next) await sendReceipt({ chain, order, customer, cents }, headers["darq-idempotency-key"]);
  return {
    state: [{
      op: "upsert", key: customer, value: { orders: [...book.orders, order], cents: book.cents + cents },
      ...(etag ? { etag } : { concurrency: "first-write" }),
    }],
    emit: next ? [{ topic: next, key: customer, data: { order, customer, cents } }] : [],
  };
}

// What cannot be taken back. The post office knows a receipt again by its key, as whoever takes a payment would.
async function sendReceipt(receipt, key) {
  const sent = await fetch(RECEIPTS, { method: "POST", headers: { "idempotency-key": key }, body: JSON.stringify(receipt) });
  if (!sent.ok) throw new Error(`the post office answered ${sent.status}`);
}

createServer(async (request, response) => {
  if (request.method !== "POST") return response.writeHead(404).end();
  try {
    const { data } = await json(request);
    const chain = request.url.slice(1);
    response.end(JSON.stringify(await step(chain, data, request.headers)));
    console.log(JSON.stringify({ chain, order: data.order }));
  } catch (error) {
    console.log(`${name}: ${error.stack}`);
    response.writeHead(500).end(error.message); // the message comes again
  }
}).listen(APP_PORT, "127.0.0.1");
