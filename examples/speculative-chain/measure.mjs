// Latency from sending an order to its receipt, one order at a time; and what it should be, from measurements that are not of a chain.
import { CHAINS, SERVICES } from "./pods.mjs";
import { within } from "./processes.mjs";

export const FLUSH_TIMES_MS = [0, 1, 5, 10];
const WARM_UP_ORDERS = 15;

export class Measurements {
  constructor({ servers, customer, post }, { orders, warmUp }) {
    Object.assign(this, { servers, customer, post, orders, warmUp });
  }

  /** A row for the level `reply` and one for each flush time. Times are medians in milliseconds. */
  async take(say) {
    say(`warming up with ${this.warmUp} rounds of orders`);
    for (let round = 0; round < this.warmUp; round++) {
      await Promise.all(CHAINS.flatMap(({ chain }) => Array.from({ length: WARM_UP_ORDERS }, () => this.#latency(chain))));
    }
    say("measuring the level reply");
    const [strict, applied] = await this.#medians(() => this.#latency("reply-strict"), () => this.#latency("reply-applied"));
    const rows = [{ level: "reply", strict, applied }];
    for (const flushMs of FLUSH_TIMES_MS) {
      say(`measuring with ${flushMs} ms a flush`);
      rows.push(await this.#row(flushMs));
    }
    return rows;
  }

  /** `bare` is a chain that waits for nothing. Of what waits, each hop waits once where all are strict, else only the last. */
  async #row(flushMs) {
    await this.servers.setFlushTime(flushMs);
    const [strict, applied, bare, durable, speculative] = await this.#medians(
      () => this.#latency("strict"),
      () => this.#latency("applied"),
      () => this.#latency("reply-strict"),
      () => this.customer.time("strict", "durable"),
      () => this.customer.time("strict", "speculative"),
    );
    const wait = Math.max(0, durable - speculative);
    return {
      level: "replica-fsync:1", flushMs, wait, strict, applied,
      predictedStrict: bare + SERVICES.length * wait, predictedApplied: bare + wait,
    };
  }

  /** In turns, so that all meet the same machine. */
  async #medians(...measures) {
    const times = measures.map(() => []);
    for (let i = 0; i < this.orders; i++) {
      for (const [index, measure] of measures.entries()) times[index].push(await measure());
    }
    return times.map(median);
  }

  async #latency(chain) {
    const order = this.customer.order(chain);
    const receipt = this.post.receipt(chain, order.order);
    const since = performance.now();
    const sent = this.customer.sendDurably(order);
    const at = await within(`the receipt of ${order.order} on the chain ${chain}`, receipt);
    await sent;
    return at - since;
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
