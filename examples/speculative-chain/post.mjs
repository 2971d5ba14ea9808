// The post office: what is outside and cannot be taken back. It takes each receipt once, by its idempotency key, into its log.
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

export class PostOffice {
  #keys = new Set();
  #waiting = new Map(); // chain and order -> who waits for the receipt
  #server;

  repeated = 0;

  constructor(log) {
    this.log = log;
    this.#server = createServer((request, response) => this.#take(request).then(() => response.end(), (error) => {
      response.writeHead(400).end(error.message);
    }));
  }

  async open() {
    writeFileSync(this.log, "");
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.address = `http://127.0.0.1:${this.#server.address().port}/receipts`;
  }

  /** Ends when the receipt of the order is there: the time of its arrival. To be called before the order is sent. */
  receipt(chain, order) {
    return new Promise((resolve) => this.#waiting.set(`${chain}/${order}`, resolve));
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request) {
    const receipt = await json(request);
    const key = `${receipt.chain}/${request.headers["idempotency-key"]}`;
    if (this.#keys.has(key)) {
      this.repeated++;
      return;
    }
    const at = performance.now();
    this.#keys.add(key);
    appendFileSync(this.log, `${JSON.stringify({ ...receipt, key })}\n`);
    const name = `${receipt.chain}/${receipt.order}`;
    this.#waiting.get(name)?.(at);
    this.#waiting.delete(name);
  }
}
