// The proof: the replica is promoted while orders are under way that it does not have yet.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { readBooks, readLog } from "./check.mjs";
import { SERVICES } from "./pods.mjs";
import { fail, until } from "./processes.mjs";

const CHAIN = "applied";
const FLUSH_MS = 5;
const UNPROMISED = 100;
const FAULTS_SHOWN = 10;
const CHECK = `${dirname(fileURLToPath(import.meta.url))}/check.mjs`;

export class Drill {
  constructor(run, { underWay, isUnsafe }) {
    Object.assign(this, run, { orders: underWay, isUnsafe });
    this.before = this.#receipts().length;
  }

  /** Ends with what to print; the run where the receipts are wrong, or nothing was lost. */
  async run(say) {
    await this.servers.setFlushTime(FLUSH_MS);
    const promises = Array.from({ length: this.orders }, () => this.customer.sendDurably(this.customer.order(CHAIN)));
    await until("a third of the receipts", () => this.#arrived() > this.orders / 3);

    await this.servers.promote();
    const taken = await this.#sendToTheOldPrimary();
    const underWay = this.orders + taken.length - this.#arrived();
    say(`the replica was promoted; ${underWay} orders are under way, and the old primary takes more`);
    await this.servers.takeOver();
    say("the old primary is killed; the new one has its address, and a replica of its own");

    await Promise.all(promises);
    await this.#settle();
    return this.#judge(taken, underWay);
  }

  /** Orders that nobody is promised, to a primary without a replica. They run ahead up to the last service, which has to wait. */
  async #sendToTheOldPrimary() {
    const orders = Array.from({ length: UNPROMISED }, () => this.customer.order(CHAIN));
    const taken = await Promise.all(orders.map((order) => this.customer.sendOnce(order)));
    const names = new Set(orders.filter((_, index) => taken[index]).map(({ order }) => order));
    const furthest = SERVICES.at(this.isUnsafe ? -1 : -2);
    await until(`${furthest} has had orders that will be lost`, () => this.#handled(furthest).some((order) => names.has(order)));
    return [...names];
  }

  /** Orders of a customer stay in order: behind the last one of each, none is under way. */
  async #settle() {
    const last = this.customer.oneEach(CHAIN);
    await Promise.all(last.map((order) => this.customer.sendDurably(order)));
    const port = this.ports[SERVICES.at(-1)];
    await until("the last orders are in the last book", async () => {
      const books = await readBooks(port, CHAIN, last.map(({ customer }) => customer));
      return last.every(({ customer, order }) => books[customer]?.orders.includes(order));
    });
  }

  #judge(taken, underWay) {
    const receipts = new Set(this.#receipts().map(({ order }) => order));
    const undone = new Set(taken.filter((order) => !receipts.has(order)));
    if (undone.size === 0) fail("nothing was undone, so that this run proves nothing");
    const handled = SERVICES.flatMap((service) => this.#handled(service));
    const forNothing = handled.filter((order) => undone.has(order)).length;
    const again = handled.filter((order) => receipts.has(order)).length - SERVICES.length * receipts.size;

    const services = SERVICES.map((service) => `${service}=${this.ports[service]}`);
    const check = spawnSync(process.execPath, [CHECK, CHAIN, this.orderLog, this.post.log, ...services], { encoding: "utf8" });
    if (check.status !== 0) fail(`the receipts are wrong:\n${firstLines(check.stdout)}${check.stderr}`);
    return [
      `under way at the loss    ${underWay} orders`,
      `undone by it             ${undone.size} orders that the services had handled ${forNothing} times; none has a receipt`,
      `handled once more        ${again} times`,
      `receipts sent once more  ${this.post.repeated}, and known by their key`,
      `the checker              ${check.stdout.trim()}`,
    ].join("\n");
  }

  #arrived() {
    return this.#receipts().length - this.before;
  }

  #receipts() {
    return readLog(this.post.log, CHAIN);
  }

  /** The orders that a service has answered, each as often as it did. */
  #handled(service) {
    const lines = readFileSync(this.processes.log(service), "utf8").split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line)).filter(({ chain }) => chain === CHAIN).map(({ order }) => order);
  }
}

function firstLines(text) {
  const lines = text.trimEnd().split("\n");
  const others = lines.length > FAULTS_SHOWN ? [`… and ${lines.length - FAULTS_SHOWN} more`, ""] : [""];
  return [...lines.slice(0, FAULTS_SHOWN), ...others].join("\n");
}
