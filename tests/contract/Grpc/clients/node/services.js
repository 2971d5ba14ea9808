'use strict';
// The services that every server has beside its own: reflection in both versions, and health.

const { grpc, protos, define, client, check, equal, unary, succeed, collect, eventually } = require('./suite');

const own = ['darq.conformance.Conformance', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

async function ask(version, requests) {
  const call = client(protos.grpc.reflection[version].ServerReflection).ServerReflectionInfo();
  const all = collect(call);
  requests.forEach((request) => call.write(request));
  call.end(); // The server has to end its side now; a server that does not would stop daprd's start.
  const { messages, error } = await all;
  check(!error, String(error));
  equal(messages.length, requests.length, 'answers');
  return messages;
}

for (const version of ['v1', 'v1alpha']) {
  define(`reflection_${version}_lists_services`, async () => {
    const [answer] = await ask(version, [{ list_services: '*' }]);
    equal(answer.list_services_response.service.map((service) => service.name).join(), own.join(), 'services');
  });
}

define('health_check', async () => {
  const health = client(protos.grpc.health.v1.Health);
  equal((await succeed(health, 'Check', { service: '' })).status, 1, 'the process');
  equal((await succeed(health, 'Check', { service: own[0] })).status, 1, 'a service');
  equal((await unary(health, 'Check', { service: 'no.Service' })).error?.code, grpc.status.NOT_FOUND, 'an unknown service');
});

define('health_watch', async () => {
  const service = `node-${process.pid}`;
  const seen = [];
  const watch = client(protos.grpc.health.v1.Health).Watch({ service });
  watch.on('error', () => {});
  watch.on('data', (response) => seen.push(response.status));
  const stub = client();
  const shows = (statuses) => eventually(() => seen.join(), (now) => now === statuses, statuses);
  await shows('3');
  await succeed(stub, 'SetHealth', { service, serving: true });
  await shows('3,1');
  await succeed(stub, 'SetHealth', { service, serving: false });
  await shows('3,1,2');
  watch.cancel();
});
