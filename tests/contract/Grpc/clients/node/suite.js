'use strict';
// Runs named cases one after another and prints one JSON line for each: {"name", "ok", "detail"}.

const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const descriptors = fs.readFileSync(process.argv[3]);
const protos = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(descriptors, { longs: Number, defaults: true, oneofs: true }));

const address = `unix:${process.argv[2]}`;
const caseTimeoutMs = 40000;
const channelOptions = {
  'grpc.max_receive_message_length': 8 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
  'grpc.use_local_subchannel_pool': 1,
};
const cases = [];
const clients = [];

function define(name, body) {
  cases.push({ name, body });
}

function client(Service = protos.darq.conformance.Conformance, options = {}) {
  const made = new Service(address, grpc.credentials.createInsecure(), { ...channelOptions, ...options });
  clients.push(made);
  return made;
}

function check(condition, detail) {
  if (!condition) throw new Error(detail);
}

function equal(actual, expected, what) {
  check(Object.is(actual, expected), `${what}: expected ${expected}, got ${actual}`);
}

// Resolves with {error, response, headers, trailers} however the call ends.
function unary(stub, method, request, metadata = new grpc.Metadata(), options = {}) {
  return new Promise((resolve) => {
    const seen = {};
    const call = stub[method](request, metadata, options, (error, response) => {
      Object.assign(seen, { error, response });
      // The callback comes before the status event, which has the trailers.
      setImmediate(() => resolve(seen));
    });
    call.on('metadata', (headers) => { seen.headers = headers; });
    call.on('status', (status) => { seen.trailers = status.metadata; });
    seen.call = call;
    if (options.onCall) options.onCall(call);
  });
}

async function succeed(stub, method, request, metadata) {
  const { error, response } = await unary(stub, method, request, metadata);
  if (error) throw error;
  return response;
}

// Collects a stream to its end: {messages, error}.
function collect(call) {
  return new Promise((resolve) => {
    const messages = [];
    let error = null;
    call.on('data', (message) => messages.push(message));
    call.on('error', (fault) => { error = fault; });
    call.on('status', (status) => setImmediate(() => resolve({ messages, error, status })));
  });
}

async function eventually(read, condition, what) {
  const end = Date.now() + 15000;
  for (;;) {
    const value = await read();
    if (condition(value)) return value;
    check(Date.now() < end, `never true: ${what}; last seen ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function withTimeout(promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('the case did not end in time')), caseTimeoutMs); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function run() {
  for (const { name, body } of cases) {
    let outcome = { name, ok: true, detail: '' };
    try {
      outcome.detail = String((await withTimeout(body())) ?? '');
    } catch (fault) {
      outcome = { name, ok: false, detail: String(fault.stack ?? fault) };
    }
    console.log(JSON.stringify(outcome));
    while (clients.length) clients.pop().close();
  }
  process.exit(0);
}

module.exports = { grpc, protos, descriptors, define, client, check, equal, unary, succeed, collect, eventually, run };
