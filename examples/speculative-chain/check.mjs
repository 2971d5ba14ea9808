#!/usr/bin/env node
// Whether the receipts are exactly right. Knows what was ordered, the log of the post office and the books in the state; asks no service.
//
//   node check.mjs CHAIN orders.log receipts.log order=PORT stock=PORT …      (ports of the sidecars)
//
// Ends with 0, or with 1 and what is wrong.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const AWAY_MS = 30_000;

/**
 * What is wrong, as a list of texts. `orders` and `receipts`: order, customer, cents; of orders also isPromised. `books`: of each service
 * a map of its customers' books, with the list of orders and the sum of cents.
 */
export function faults(orders, receipts, books) {
  const ordered = new Map(orders.map((order) => [order.order, order]));
  const found = receiptFaults(ordered, receipts);
  const sent = byCustomer(receipts);
  for (const [service, ofCustomers] of Object.entries(books)) {
    for (const customer of new Set([...sent.keys(), ...Object.keys(ofCustomers)])) {
      found.push(...bookFaults(service, customer, ofCustomers[customer], sent.get(customer) ?? []));
    }
  }
  return found;
}

function receiptFaults(ordered, receipts) {
  const found = [];
  const seen = new Set();
  for (const { order, customer, cents } of receipts) {
    const wanted = ordered.get(order);
    if (seen.has(order)) found.push(`${order} has two receipts`);
    else if (!wanted) found.push(`${order} has a receipt, but nobody ordered it`);
    else if (wanted.customer !== customer || wanted.cents !== cents) found.push(`the receipt of ${order} is not what was ordered`);
    seen.add(order);
  }
  for (const { order, isPromised } of ordered.values()) {
    if (isPromised && !seen.has(order)) found.push(`${order} was promised and has no receipt`);
  }
  return found;
}

/** Orders of a customer pass each service in the same order, so that book and receipts are equal line by line. */
function bookFaults(service, customer, book = { orders: [], cents: 0 }, receipts) {
  const sent = receipts.map(({ order }) => order);
  const found = [
    ...sent.filter((order) => !book.orders.includes(order)).map((order) => `${order} has a receipt, but is not in the books of ${service}`),
    ...book.orders.filter((order) => !sent.includes(order)).map((order) => `${order} is in the books of ${service}, but has no receipt`),
  ];
  if (found.length) return found;

  const where = `${service}, ${customer}`;
  const cents = receipts.reduce((sum, receipt) => sum + receipt.cents, 0);
  if (`${book.orders}` !== `${sent}`) found.push(`${where}: the book has [${book.orders}], the receipts are [${sent}]`);
  if (book.cents !== cents) found.push(`${where}: the book says ${book.cents} cents, the receipts ${cents}`);
  return found;
}

/** The books of a service, from its state. Asked again while Redis is away, as it is for a moment after a failover. */
export async function readBooks(port, chain, customers) {
  const url = `http://127.0.0.1:${port}/v1.0/state/${chain}-books/bulk?metadata.darq.ack=durable`;
  for (const since = performance.now(); ; await delay(100)) {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify({ keys: customers, parallelism: 10 }) });
    const text = await answer.text();
    const items = answer.ok ? JSON.parse(text) : [];
    const fault = answer.ok ? items.find((item) => item.error)?.error : text;
    if (!fault) return Object.fromEntries(items.filter((item) => item.data).map((item) => [item.key, item.data]));
    const isAway = fault.includes("UNAVAILABLE") && performance.now() - since < AWAY_MS;
    if (!isAway) throw new Error(`${url} answered ${answer.status}: ${fault}`);
  }
}

function byCustomer(receipts) {
  const sent = new Map();
  for (const receipt of receipts) sent.set(receipt.customer, [...(sent.get(receipt.customer) ?? []), receipt]);
  return sent;
}

export function readLog(file, chain) {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter((entry) => entry.chain === chain);
}

async function main([chain, orderLog, receiptLog, ...services]) {
  const [orders, receipts] = [readLog(orderLog, chain), readLog(receiptLog, chain)];
  const customers = [...new Set(orders.map(({ customer }) => customer))];
  const books = {};
  for (const [service, port] of services.map((word) => word.split("="))) books[service] = await readBooks(port, chain, customers);
  const found = faults(orders, receipts, books);
  for (const fault of found) console.log(fault);
  const promised = orders.filter((order) => order.isPromised).length;
  if (!found.length) {
    console.log(`${orders.length} orders, ${promised} of them promised; ${receipts.length} receipts, ${receipts.length} entries in each `
      + `of ${services.length} books: they agree`);
  }
  process.exitCode = found.length ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
