'use strict';
// Single calls: sizes, faults, deadlines, cancellation.

const protobuf = require('protobufjs');
const { FileDescriptorSet } = require('protobufjs/ext/descriptor');
const { grpc, descriptors, define, client, check, equal, unary, succeed, eventually } = require('./suite');

const rpcTypes = protobuf.Root.fromDescriptor(FileDescriptorSet.decode(descriptors));

const MiB = 1024 * 1024;
const frameOf = (bytes) => Buffer.alloc(bytes - 5, 7); // A payload that makes the whole message so many bytes.

define('sixteen_mib_up', async () => {
  const call = new Promise((resolve, reject) => {
    const stream = client().Collect((error, summary) => (error ? reject(error) : resolve(summary)));
    stream.write({ payload: frameOf(16 * MiB) });
    stream.end();
  });
  equal((await call).messages, 1, 'messages');
});

define('oversize_request_is_refused', async () => {
  const { error } = await unary(client(), 'Echo', { payload: frameOf(16 * MiB + 1) });
  equal(error?.code, grpc.status.RESOURCE_EXHAUSTED, 'code');
});

define('oversize_response_is_refused', async () => {
  const stub = client();
  equal((await succeed(stub, 'Produce', { bytes: 4 * MiB })).payload.length, 4 * MiB - 5, 'bytes at the limit');
  const { error } = await unary(stub, 'Produce', { bytes: 4 * MiB + 1 });
  equal(error?.code, grpc.status.RESOURCE_EXHAUSTED, 'code');
});

define('thousand_concurrent_calls_on_one_connection', async () => {
  const stub = client();
  await succeed(stub, 'Echo', {});
  const before = await succeed(stub, 'Observe', { key: '' });
  const key = `node-${process.pid}`;
  const all = await Promise.all(Array.from({ length: 1000 }, () => succeed(stub, 'Meet', { key, calls: 1000 })));
  const after = await succeed(stub, 'Observe', { key: '' });
  check(all.every((summary) => summary.messages === 1000), 'not every call met the others');
  equal(after.connections_accepted, before.connections_accepted, 'connections');
});

define('error_details', async () => {
  const { error } = await unary(client(), 'Fail', { code: 9, message: 'etag: grün', details: true });
  const encoded = error.metadata.get('grpc-status-details-bin');
  equal(encoded.length, 1, 'number of details trailers');
  const status = decode('Status', encoded[0]);
  equal(status.code, 9, 'code');
  equal(status.message, 'etag: grün', 'message');
  equal(status.details.map((detail) => detail.type_url).join(), 'type.googleapis.com/google.rpc.BadRequest', 'types');
  const violation = decode('BadRequest', status.details[0].value).field_violations[0];
  equal(`${violation.field}: ${violation.description}`, 'etag: etag: grün', 'violation');
});

define('unexpected_fault_is_internal_and_hidden', async () => {
  const { error } = await unary(client(), 'Throw', { key: '' });
  equal(error?.code, grpc.status.INTERNAL, 'code');
  check(!error.details.includes('password'), `the fault leaked: ${error.details}`);
});

define('unknown_method_and_service', async () => {
  equal((await unary(client(), 'Missing', {})).error?.code, grpc.status.UNIMPLEMENTED, 'a method without handler');
  for (const path of ['/darq.conformance.Conformance/Nothing', '/darq.nowhere.Nothing/Echo', '/odd']) {
    const error = await new Promise((resolve) => client().makeUnaryRequest(path, (x) => x, (x) => x, Buffer.alloc(0), resolve));
    equal(error?.code, grpc.status.UNIMPLEMENTED, path);
  }
});

define('compressed_request_is_refused', async () => {
  const stub = client(undefined, { 'grpc.default_compression_algorithm': 2, 'grpc.default_compression_level': 2 });
  const { error } = await unary(stub, 'Echo', { payload: Buffer.alloc(4096) });
  equal(error?.code, grpc.status.UNIMPLEMENTED, 'code');
});

define('deadline', async () => {
  const stub = client();
  const key = `node-deadline-${process.pid}`;
  await succeed(stub, 'Echo', {}); // The time to connect is not part of the deadline.
  const { error } = await unary(stub, 'Wait', { key }, new grpc.Metadata(), { deadline: Date.now() + 1000 });
  equal(error?.code, grpc.status.DEADLINE_EXCEEDED, 'code');
  const seen = await eventually(() => succeed(stub, 'Observe', { key }), (o) => o.cancelled, 'the handler is cancelled');
  check(seen.had_deadline, 'the handler saw no deadline');
});

define('client_cancels_unary', async () => {
  const stub = client();
  const key = `node-cancel-${process.pid}`;
  let call;
  const ended = unary(stub, 'Wait', { key }, new grpc.Metadata(), { onCall: (made) => { call = made; } });
  await eventually(() => succeed(stub, 'Observe', { key }), (o) => o.started, 'the handler runs');
  call.cancel();
  equal((await ended).error?.code, grpc.status.CANCELLED, 'code');
  await eventually(() => succeed(stub, 'Observe', { key }), (o) => o.cancelled && o.open_calls === 1, 'the handler is cancelled and only Observe is open');
});

function decode(typeName, bytes) {
  const type = rpcTypes.lookupType(`google.rpc.${typeName}`);
  return type.toObject(type.decode(bytes), { longs: Number, objects: true });
}
