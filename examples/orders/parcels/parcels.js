// Notes what became of each order, and says so to whoever wants to know. With Dapr's own SDK.
import { DaprPubSubStatusEnum, DaprServer } from "@dapr/dapr";

const server = new DaprServer({
  serverPort: process.env.APP_PORT,
  clientOptions: { daprPort: process.env.DAPR_HTTP_PORT },
});
const { state } = server.client;

const note = (text) => async (order, headers) => {
  try {
    await state.transaction(
      "books",
      [{ operation: "upsert", request: { key: `order-${order.id}`, value: text(order) } }],
      { "darq.token": headers["darq-token"], "darq.emit": JSON.stringify([{ topic: "done", data: { id: order.id } }]) },
    );
  } catch (error) {
    // The SDK acknowledges whatever a handler throws.
    console.error(`order ${order.id} comes again: ${error.message}`);
    return DaprPubSubStatusEnum.RETRY;
  }
};

const settings = { requireStep: true };
await server.pubsub.subscribe("shop", "billed", note(() => "shipped"), "billed", settings);
await server.pubsub.subscribe("shop", "rejected", note((order) => `rejected: ${order.reason}`), "rejected", settings);
await server.start();
