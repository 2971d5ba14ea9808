'use strict';
// Streaming calls of each kind, and how either side ends them.

const { grpc, define, client, check, equal, succeed, collect, eventually } = require('./suite');

define('server_streaming', async () => {
  const call = client().Expand({ count: 100, bytes: 1000 });
  const { messages, error } = await collect(call);
  check(!error, String(error));
  equal(messages.length, 100, 'messages');
  check(messages.every((message, i) => message.number === i && message.payload.length === 1000), 'order or size is wrong');
});

define('client_streaming', async () => {
  const summary = await new Promise((resolve, reject) => {
    const call = client().Collect((error, response) => (error ? reject(error) : resolve(response)));
    for (let i = 0; i < 200; i++) call.write({ payload: Buffer.alloc(1000) });
    call.end();
  });
  equal(summary.messages, 200, 'messages');
  equal(summary.bytes, 200000, 'bytes');
});

define('duplex_answers_before_half_close', async () => {
  const call = client().Converse();
  for (let i = 0; i < 20; i++) {
    const answered = new Promise((resolve, reject) => { call.once('data', resolve); call.once('error', reject); });
    call.write({ number: i });
    equal((await answered).number, i, 'answer');
  }
  call.end();
  equal((await collect(call)).messages.length, 20, 'messages after the half-close');
});

define('headers_come_before_any_message', async () => {
  const call = client().Silence();
  call.on('error', () => {});
  await new Promise((resolve) => call.on('metadata', resolve));
  call.cancel();
});

define('client_cancels_stream', async () => {
  const stub = client();
  const key = `node-cancel-stream-${process.pid}`;
  const call = stub.Flood({ key });
  const ended = new Promise((resolve) => call.on('error', resolve));
  await new Promise((resolve) => call.once('data', resolve));
  call.cancel();
  equal((await ended).code, grpc.status.CANCELLED, 'code');
  await eventually(() => succeed(stub, 'Observe', { key }), (o) => o.cancelled && o.open_calls === 1, 'the handler ended');
});

define('server_ends_the_stream_first', async () => {
  const call = client().FailLater();
  const all = collect(call);
  call.write({ code: 10, message: 'enough', after_messages: 3 });
  const { messages, error } = await all;
  equal(messages.length, 3, 'messages');
  equal(error?.code, grpc.status.ABORTED, 'code');
  equal(error.details, 'enough', 'message');
});
