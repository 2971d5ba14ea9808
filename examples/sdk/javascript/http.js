// Ships orders. Each is one step: the order is consumed, the stock taken, the order written down and the parcel announced, or none of it.
import { DaprPubSubStatusEnum, DaprServer } from "@dapr/dapr";

const server = new DaprServer({
  serverPort: process.env.APP_PORT,
  clientOptions: { daprPort: process.env.DAPR_HTTP_PORT },
});
const { state } = server.client;

async function ship(order, headers) {
  // get() hides the etag, getBulk() shows it.
  const [stock] = await state.getBulk("statestore", [`stock-${order.item}`]);
  if (!stock.etag) throw new Error(`there is no stock of ${order.item}`);
  await state.transaction(
    "statestore",
    [
      { operation: "upsert", request: { key: stock.key, value: stock.data - order.count, etag: stock.etag } },
      { operation: "upsert", request: { key: `order-${order.id}`, value: order } },
    ],
    { "darq.token": headers["darq-token"], "darq.emit": JSON.stringify([{ topic: "shipped", data: order }]) },
  );
}

async function handle(order, headers) {
  try {
    await ship(order, headers);
  } catch (error) {
    // The SDK acknowledges whatever a handler throws.
    console.error(`order ${order.id} comes again: ${error.message}`);
    return DaprPubSubStatusEnum.RETRY;
  }
}

await server.pubsub.subscribe("pubsub", "orders", handle, "orders", { requireStep: true });
await server.start();
