-- Register: the functions of the library under names that carry the protocol version, so that versions can coexist. A call declares
-- one key and touches every partition that its arguments name, on one node.
--
-- batch_free is batch for requests that only free memory; it also runs on a server that is out of memory.
do
  local function register(name, callback, flags)
    flags[#flags + 1] = 'allow-cross-slot-keys'
    redis.register_function({ function_name = VERSION .. '_' .. name, callback = callback, flags = flags })
  end

  register('build', function() return BUILD end, { 'no-writes', 'allow-oom' })
  register('cluster', partitions.cluster, { 'no-writes', 'allow-oom' })
  register('namespace', partitions.namespace, { 'allow-oom' })
  register('recover', partitions.recover, { 'allow-oom' })
  register('promise', partitions.promise, { 'allow-oom' })
  register('promised', partitions.promise, { 'no-writes', 'allow-oom' })
  register('ended', partitions.ended, { 'no-writes', 'allow-oom' })
  register('open', partitions.open, { 'allow-oom' })
  register('tick', partitions.tick, { 'allow-oom' })
  register('batch', partitions.batch, {})
  register('batch_free', partitions.batch, { 'allow-oom' })
  register('claim', lanes.claim, { 'allow-oom' })
  register('beat', lanes.beat, { 'allow-oom' })
  register('tails', lanes.tails, { 'allow-oom' })
  register('queued', lanes.index, { 'no-writes', 'allow-oom' })
  register('bodies', lanes.bodies, { 'no-writes', 'allow-oom' })
  register('read', lanes.read, { 'no-writes', 'allow-oom' })
  register('get', state.get, { 'no-writes', 'allow-oom' })
end
