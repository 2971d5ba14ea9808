// The checker of examples/speculative-chain finds and names each thing that can be wrong with receipts and books.
import assert from "node:assert/strict";
import test from "node:test";
import { faults } from "../../../examples/speculative-chain/check.mjs";

const orders = [
  { order: "o1", customer: "ann", cents: 5, isPromised: true },
  { order: "o2", customer: "bob", cents: 7, isPromised: true },
  { order: "o3", customer: "ann", cents: 9, isPromised: false },
  { order: "o4", customer: "bob", cents: 2, isPromised: false }, // nobody was promised it, and it was undone
];
const receipts = orders.slice(0, 3);
const book = () => ({ ann: { orders: ["o1", "o3"], cents: 14 }, bob: { orders: ["o2"], cents: 7 } });
const books = (change = {}) => ({ first: book(), last: { ...book(), ...change } });

function finds(name, expected, found) {
  test(name, () => assert.deepEqual(found, expected));
}

finds("an order that was undone everywhere is no fault", [], faults(orders, receipts, books()));
finds("a promised order without a receipt", [
  "o2 was promised and has no receipt",
  "o2 is in the books of first, but has no receipt", "o2 is in the books of last, but has no receipt",
], faults(orders, receipts.filter(({ order }) => order !== "o2"), books()));
finds("a receipt of an order that was undone", [
  "o4 has a receipt, but is not in the books of first", "o4 has a receipt, but is not in the books of last",
], faults(orders, [...receipts, orders[3]], books()));
finds("a second receipt", ["o2 has two receipts", "last, bob: the book has [o2], the receipts are [o2,o2]",
  "last, bob: the book says 7 cents, the receipts 14"], faults(orders, [...receipts, receipts[1]], { last: book() }));
finds("a receipt that nobody ordered", ["o5 has a receipt, but nobody ordered it"], faults(
  orders, [...receipts, { order: "o5", customer: "ann", cents: 0 }],
  { last: { ...book(), ann: { orders: ["o1", "o3", "o5"], cents: 14 } } },
));
finds("a receipt with another sum", ["the receipt of o2 is not what was ordered"], faults(
  orders, [receipts[0], { ...receipts[1], cents: 8 }, receipts[2]], { last: { ...book(), bob: { orders: ["o2"], cents: 8 } } },
));
finds("a service that entered an order twice", [
  "last, bob: the book has [o2,o2], the receipts are [o2]", "last, bob: the book says 14 cents, the receipts 7",
], faults(orders, receipts, books({ bob: { orders: ["o2", "o2"], cents: 14 } })));
finds("a service that entered another sum", ["last, bob: the book says 8 cents, the receipts 7"],
  faults(orders, receipts, books({ bob: { orders: ["o2"], cents: 8 } })));
finds("a service that kept what the others do not have", ["o9 is in the books of last, but has no receipt"],
  faults(orders, receipts, books({ eve: { orders: ["o9"], cents: 1 } })));
finds("a service without the book of a customer", ["o2 has a receipt, but is not in the books of last"],
  faults(orders, receipts, books({ bob: undefined })));
finds("orders of a customer in another order", ["last, ann: the book has [o3,o1], the receipts are [o1,o3]"],
  faults(orders, receipts, books({ ann: { orders: ["o3", "o1"], cents: 14 } })));
