// The customer: sends orders to the first service, and writes down what was ordered and promised.
import { appendFileSync } from "node:fs";
import { until } from "./processes.mjs";

const CUSTOMERS = 40;

export class Customer {
  #port;
  #log;
  #random;
  #count = 0;

  constructor(port, log, seed) {
    this.#port = port;
    this.#log = log;
    this.#random = numbers(seed);
  }

  order(chain) {
    const order = `o${++this.#count}`;
    return { chain, order, customer: `c${1 + (this.#random() % CUSTOMERS)}`, cents: 100 + (this.#random() % 9_900) };
  }

  /** One order of each customer. */
  oneEach(chain) {
    return Array.from({ length: CUSTOMERS }, (_, number) => ({ ...this.order(chain), customer: `c${1 + number}` }));
  }

  /** Sent until it was answered as durable: a promise. Its id makes that one message. */
  async sendDurably(order) {
    await until(`${order.order} is promised`, () => this.#publish(order, "durable"));
    this.#write(order, true);
  }

  /** Sent once and answered as soon as it is applied: nothing is promised. False where it was not even taken. */
  async sendOnce(order) {
    this.#write(order, false);
    return this.#publish(order, "speculative");
  }

  /** How long a publish takes that nobody waits for behind it. */
  async time(chain, ack) {
    const since = performance.now();
    if (!(await this.#publish({ ...this.order(chain), topic: "nobody" }, ack))) throw new Error("a publish was refused");
    return performance.now() - since;
  }

  async #publish({ chain, order, customer, cents, topic = "order" }, ack) {
    const metadata = { topic, "darq.id": order, partitionKey: customer, "darq.ack": ack };
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/v1.0/bindings/${chain}`, {
        method: "POST", body: JSON.stringify({ operation: "publish", data: { order, customer, cents }, metadata }),
      });
      await answer.text();
      return answer.ok;
    } catch {
      return false; // whether it took effect is not known: it is sent again
    }
  }

  #write(order, isPromised) {
    appendFileSync(this.#log, `${JSON.stringify({ ...order, isPromised })}\n`);
  }
}

/** Whole numbers that the seed decides (xorshift32). */
function numbers(seed) {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}
