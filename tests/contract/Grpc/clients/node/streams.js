'use strict';
// Streaming calls: order, half-close, interleaving, back-pressure, cancellation by either side.

const { grpc, define, client, check, equal, succeed, collect, eventually } = require('./suite');

const crossed = 10000;
const lead = 500;

define('server_streaming', async () => {
  const call = client().Expand({ count: 100, bytes: 1000 });
  const { messages, error } = await collect(call);
  check(!error, String(error));
  equal(messages.length, 100, 'messages');
  check(messages.every((message, i) => message.number === i && message.payload.length === 1000), 'order or size is wrong');
});

define('server_streaming_of_nothing', async () => {
  const { messages, error } = await collect(client().Expand({ count: 0 }));
  check(!error && messages.length === 0, `${messages.length} messages, ${error}`);
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

define('half_close_with_much_left_to_send', async () => {
  const call = client().Converse();
  const all = collect(call);
  for (let i = 0; i < 50; i++) call.write({ number: i, payload: Buffer.alloc(20000) });
  call.end();
  const { messages, error } = await all;
  check(!error, String(error));
  equal(messages.length, 100, 'messages');
  check(messages.slice(50).every((message) => message.text === 'after the half-close'), 'the second half is wrong');
});

define('ten_thousand_each_way_interleaved', async () => {
  const call = client().Cross();
  let received = 0;
  let sent = 0;
  let fault = null;
  let wake = () => {};
  const ended = new Promise((resolve) => {
    call.on('data', (message) => {
      if (message.number !== received) fault ??= new Error(`expected ${received}, got ${message.number}`);
      received++;
      wake();
    });
    call.on('error', (error) => { fault ??= error; wake(); });
    call.on('status', resolve);
  });
  call.write({ number: crossed });
  while (sent < crossed && !fault) {
    while (sent - received >= lead && !fault) await new Promise((resolve) => { wake = resolve; });
    call.write({ number: sent++ });
  }
  call.end();
  const status = await ended;
  if (fault) throw fault;
  equal(status.code, 0, 'code');
  equal(received, crossed, 'received');
});

define('headers_come_before_any_message', async () => {
  const call = client().Silence();
  call.on('error', () => {});
  await new Promise((resolve) => call.on('metadata', resolve));
  call.cancel();
});

define('slow_reader_blocks_the_writer', async () => {
  const stub = client();
  const key = `node-flood-${process.pid}`;
  const call = stub.Flood({ key });
  call.on('error', () => {});
  // This client queues without bound until it has been read from once; only then does a pause reach the network.
  let number = 0;
  const count = (message) => { if (message.number === number) number++; };
  await new Promise((resolve) => call.once('data', (message) => { call.pause(); count(message); resolve(); }));
  const read = async () => (await succeed(stub, 'Observe', { key })).bytes_accepted;
  let last = -1;
  let still = 0;
  // Every Observe is also a proof that the blocked stream does not block its neighbours on the connection.
  const bytes = await eventually(read, (now) => {
    still = now === last && now > 0 ? still + 1 : 0;
    last = now;
    return still >= 20;
  }, 'the writer stands still');
  check(bytes <= 8 * 1024 * 1024, `${bytes} bytes were accepted for a client that reads nothing`);
  call.on('data', count);
  call.resume();
  await eventually(async () => number, (now) => now >= 500, 'the messages go on without a gap');
  call.cancel();
  await eventually(() => succeed(stub, 'Observe', { key }), (o) => o.cancelled && o.open_calls === 1, 'the flood has ended');
  return `${bytes} bytes accepted`;
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
