// The shop over gRPC: the same step, with values as text.
import { CommunicationProtocolEnum, DaprPubSubStatusEnum, DaprServer } from "@dapr/dapr";

const communicationProtocol = CommunicationProtocolEnum.GRPC;
const server = new DaprServer({
  communicationProtocol,
  serverPort: process.env.APP_PORT,
  clientOptions: { communicationProtocol, daprPort: process.env.DAPR_GRPC_PORT },
});
const { state } = server.client;

async function ship(order, headers) {
  const [stock] = await state.getBulk("statestore", [`stock-${order.item}`]);
  if (!stock.etag) throw new Error(`there is no stock of ${order.item}`);
  await state.transaction(
    "statestore",
    [
      { operation: "upsert", request: { key: stock.key, value: JSON.stringify(stock.data - order.count), etag: stock.etag } },
      { operation: "upsert", request: { key: `order-${order.id}`, value: JSON.stringify(order) } },
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
