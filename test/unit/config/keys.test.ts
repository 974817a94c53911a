import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { requests } from '../../../shared/config/common.ts'
import { network } from '../../../shared/config/config.ts'
import { canonical } from '../../../shared/config/keys.ts'
import {
  anything,
  boolean,
  integer,
  lazy,
  list,
  object,
  open,
  optional,
  withDefault,
} from '../../../shared/config/schema.ts'
import { test } from '../../harness/test.ts'

const schema = open({
  hostPort: optional(integer({ min: 0, max: 9 })),
  inner: optional(object({ isGateway: withDefault(boolean, false) })),
  many: optional(list(list(object({ rangeStart: anything })))),
  late: optional(lazy(() => object({ deviceID: anything }))),
})

test('keys match whatever their case, at any depth', () => {
  assert.equal(
    canonical(schema, {
      HOSTPORT: 1,
      Inner: { isgateway: true },
      MANY: [[{ RangeStart: 'a' }], []],
      late: { DeviceId: 'x' },
    }),
    { hostPort: 1, inner: { isGateway: true }, many: [[{ rangeStart: 'a' }], []], late: { deviceID: 'x' } },
  )
})

test('runtimeConfig as containerd and as podman write it means the same', () => {
  const entry = optional(anything)
  const portMappings = list(object({ hostPort: entry, containerPort: entry, protocol: entry, hostIP: entry }))
  const config = network(
    requests(
      () => ({ portMappings }),
      () => ({}),
    ),
  )
  const containerd = {
    runtimeConfig: { portMappings: [{ HostPort: 80, ContainerPort: 8080, Protocol: 'tcp', HostIP: '' }] },
  }
  const podman = { runtimeConfig: { portMappings: [{ hostPort: 80, containerPort: 8080, protocol: 'tcp' }] } }
  assert.equal(config.canonical(containerd), podman)
  assert.equal(config.canonical({ RuntimeConfig: podman.runtimeConfig }), podman)
})

test('of two keys that differ only in case, the exact one is used, else the last', () => {
  assert.equal(canonical(schema, { hostPort: 1, HostPort: 2 }), { hostPort: 1 })
  assert.equal(canonical(schema, { HostPort: 2, hostPort: 1 }), { hostPort: 1 })
  assert.equal(canonical(schema, { HostPort: 2, HOSTPORT: 3 }), { hostPort: 3 })
})

test('unknown keys keep their case and their values', () => {
  const value = { Whatever: { HostPort: null }, hostport2: '' }
  assert.equal(canonical(schema, value), value)
})

test('a known key with null or an empty string counts as absent', () => {
  assert.equal(canonical(schema, { hostPort: null, Inner: '', late: { deviceID: null } }), { late: {} })
})

test('a value that must be an object but is none is left for the schema to refuse', () => {
  assert.equal(canonical(schema, { inner: 5, many: { a: 1 }, late: [1] }), {
    inner: 5,
    many: { a: 1 },
    late: [1],
  })
  assert.is(canonical(schema, 5), 5)
})

test('a __proto__ key stays a key', () => {
  const value = canonical(schema, JSON.parse('{"__proto__":{"hostPort":1}}')) as { hostPort?: number }
  assert.is(value.hostPort, undefined)
  assert.ok(Object.hasOwn(value, '__proto__'))
})

test('making canonical keys canonical again changes nothing', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('hostPort', 'HOSTPORT', 'Inner', 'inner', 'many', 'x'), fc.jsonValue()),
      (raw) => {
        const once = canonical(schema, raw)
        assert.equal(canonical(schema, once), once)
      },
    ),
  )
})

test.run()
