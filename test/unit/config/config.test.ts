import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { ConfigSchema } from '../../../shared/config/config.ts'
import type { CniError } from '../../../shared/error/error.ts'
import { test } from '../../harness/test.ts'
import { notes } from '../cni/fixtures/call.ts'
import { config, delegate } from '../cni/fixtures/plugin.ts'

const base = { cniVersion: '1.1.0', name: 'net', type: 'echo' }
const quiet = notes().log

function complaint(
  raw: object,
  schema: Pick<ConfigSchema<unknown>, 'canonical' | 'parse'> = config,
): CniError {
  try {
    schema.parse(schema.canonical({ ...base, ...raw }), quiet)
  } catch (error) {
    return error as CniError
  }
  throw new Error('nothing was wrong')
}

test('defaults are filled in, and optional keys stay absent', () => {
  assert.equal(config.parse(base, quiet), {
    ...base,
    bridge: 'cni0',
    mode: 'plain',
    hairpinMode: false,
    promiscMode: false,
  })
})

test('a wrong value is refused with its place, what was found and what is allowed', () => {
  const said: [object, string][] = [
    [{ vlan: 4095 }, 'vlan is 4095, must be a whole number from 0 to 4094'],
    [{ vlan: 1.5 }, 'vlan is 1.5, must be a whole number from 0 to 4094'],
    [{ vlan: '7' }, 'vlan is "7", must be a whole number from 0 to 4094'],
    [{ hairpinMode: 'yes' }, 'hairpinMode is "yes", must be true or false'],
    [{ mode: 'odd' }, 'mode is "odd", must be "plain" or "fancy"'],
    [{ vlanTrunk: {} }, 'vlanTrunk is {}, must be a list'],
    [
      { vlanTrunk: [{ minID: 1 }, { maxID: 2 }] },
      'vlanTrunk[1].minID is missing, must be a whole number from 1 to 4094',
    ],
    [{ vlanTrunk: [7] }, 'vlanTrunk[0] is 7, must be an object'],
    [{ ipam: 'host-local' }, 'ipam is "host-local", must be an object'],
    [{ ipam: { type: '../evil' } }, 'ipam.type is "../evil", must be the name of a plugin, without a path'],
    [
      { runtimeConfig: { mac: 'x' } },
      'runtimeConfig.mac is "x", must be a unicast MAC address such as 02:00:5e:10:00:01',
    ],
    [
      { args: { cni: { mac: 5 } } },
      'args.cni.mac is 5, must be a unicast MAC address such as 02:00:5e:10:00:01',
    ],
    [{ dns: { nameservers: '1.1.1.1' } }, 'dns.nameservers is "1.1.1.1", must be a list'],
  ]
  for (const [raw, message] of said) {
    assert.is(complaint(raw).code, 7)
    assert.is(complaint(raw).message, message)
  }
})

test('a log key that is for another program is no error: its value, or a similar key, is a warning', () => {
  for (const log of ['/var/log/cni.log', { level: 'debug' }, true, 5, ['info']]) {
    const { log: sink, warnings } = notes()
    assert.is(config.parse(config.canonical({ ...base, log }), sink).log, undefined)
    assert.match(warnings.join(), /^log is .*, must be "info" or "debug"; going on without it$/)
    const ofDelegate = notes()
    delegate.parse(delegate.canonical({ ...base, log, ipam: {} }), ofDelegate.log)
    assert.equal(ofDelegate.warnings, [], 'the plugin that calls it has warned')
  }
  for (const key of ['logs', 'lag', 'logLevel', 'logFile', 'log_level']) {
    const { log, warnings } = notes()
    config.parse({ ...base, [key]: '/x' }, log)
    assert.match(warnings.join(), `keys without effect here: ${key} (`)
  }
  assert.is(config.parse({ ...base, log: 'debug' }, quiet).log, 'debug')
})

test('places in nested lists are written as in JavaScript', () => {
  const raw = {
    ipam: { ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: '10.1.0.0/24' }, { subnet: '10.1' }]] },
  }
  assert.match(complaint(raw, delegate).message, /^ipam\.ranges\[1\]\[1\]\.subnet is "10\.1", must be/)
})

test('all faults are reported: the first as the message, the others in the details', () => {
  const { message, details } = complaint({ vlan: -1, mode: 'odd', hairpinmod: true })
  assert.is(message, 'mode is "odd", must be "plain" or "fancy"')
  assert.match(details, 'vlan is -1')
  assert.match(details, 'unknown key hairpinmod, did you mean hairpinMode?')
})

test('of many faults some are printed, and the number of the others', () => {
  const { details } = complaint({ vlanTrunk: Array.from({ length: 1000 }, () => 7) })
  assert.ok(details.length < 2000)
  assert.match(details, 'and 990 more')
})

test('long values are shortened and secrets are not shown', () => {
  assert.ok(complaint({ mode: 'x'.repeat(10_000) }).message.length < 200)
  const { message } = complaint({ vlan: { privateKey: 'c2VjcmV0', id: 5 } })
  assert.is(message, 'vlan is {"privateKey":"…","id":5}, must be a whole number from 0 to 4094')
})

test('a misspelt key is refused with a suggestion, at any depth', () => {
  assert.is(complaint({ hairpinmod: true }).message, 'unknown key hairpinmod, did you mean hairpinMode?')
  assert.is(complaint({ ipan: {} }).message, 'unknown key ipan, did you mean ipam?')
  assert.is(
    complaint({ vlanTrunk: [{ minID: 1, maxId: 2, maxIDs: 3 }] }).message,
    'unknown key vlanTrunk[0].maxIDs, did you mean vlanTrunk[0].maxID?',
  )
  assert.is(
    complaint({ dns: { nameserver: ['a'] } }).message,
    'unknown key dns.nameserver, did you mean dns.nameservers?',
  )
  assert.is(
    complaint({ ipam: { rangs: [] } }, delegate).message,
    'unknown key ipam.rangs, did you mean ipam.ranges?',
  )
})

test('open objects accept any key', () => {
  const raw = {
    ipam: { type: 'host-local', tipe: 1 },
    args: { cin: {} },
    runtimeConfig: { maac: 1 },
    capabilities: { x: true },
  }
  assert.equal(config.parse({ ...base, ...raw }, quiet).ipam, { type: 'host-local', tipe: 1 })
})

test('keys that are known elsewhere, or nowhere, are accepted, and named in one warning with who knows them', () => {
  const { log, warnings } = notes()
  const origins = new Map([
    ['kernelpath', ['host-device']],
    ['master', ['ipvlan', 'macvlan', 'vlan', 'vxlan']],
    ['vlans', ['bond']],
  ])
  const raw = {
    kernelPath: '/x',
    master: 'eth0',
    vlans: 5,
    tenant: 'x',
    vlanTrunk: [{ minID: 1, colour: 1 }],
  }
  config.parse({ ...base, ...raw }, log, origins)
  assert.equal(warnings, [
    'keys without effect here: kernelPath (of host-device), master (of ipvlan, macvlan, vlan and 1 more), ' +
      'vlans (of bond; did you mean vlan?), tenant (unknown), vlanTrunk[0].colour (unknown)',
  ])
})

test('of a delegate’s own section the same is true', () => {
  const { log, warnings } = notes()
  const raw = { ipam: { rangs: [] } }
  delegate.parse({ ...base, ...raw }, log, new Map([['ipam.rangs', ['whereabouts']]]))
  assert.equal(warnings, ['keys without effect here: ipam.rangs (of whereabouts; did you mean ranges?)'])
})

test('keys that the specification, a runtime or an operator adds cause no warning', () => {
  const { log, warnings } = notes()
  config.parse(
    {
      ...base,
      prevResult: {},
      runtimeConfig: { anything: 1 },
      args: { cni: { x: 1 }, k8s: {} },
      capabilities: { mac: true },
      'cni.dev/valid-attachments': [],
      'io.kubernetes/x': 1,
      _comment: 'mine',
    },
    log,
  )
  assert.equal(warnings, [])
})

test('rules across keys see the defaults, and run only when each key is valid', () => {
  assert.is(
    complaint({ hairpinMode: true, promiscMode: true }).message,
    'hairpinMode and promiscMode cannot be set together',
  )
  assert.is(
    complaint({ ribbon: '02:00:00:00:00:01' }).message,
    'ribbon is set but mode is "plain": it has an effect only with mode "fancy"',
  )
  assert.not.match(complaint({ hairpinMode: true, promiscMode: true, vlan: -1 }).details, 'together')
  config.parse(
    { ...base, ribbon: '02:00:00:00:00:01', mode: 'fancy', hairpinMode: true, promiscMode: false },
    quiet,
  )
})

test('null and empty strings count as absent, as in Go', () => {
  const raw = {
    ...base,
    bridge: '',
    vlan: null,
    dns: null,
    ipam: { type: '' },
    runtimeConfig: { mac: '' },
    args: { cni: { mac: null } },
  }
  const parsed = config.parse(config.canonical(raw), quiet)
  assert.is(parsed.bridge, 'cni0')
  assert.not('vlan' in parsed)
  assert.equal(parsed.ipam, {})
  assert.equal(parsed.runtimeConfig, {})
  assert.equal(parsed.args, { cni: {} })
})

test('a plugin’s own keys are those that are not common', () => {
  assert.equal(config.keys(), ['bridge', 'mode', 'vlan', 'vlanTrunk', 'hairpinMode', 'promiscMode', 'ribbon'])
  assert.equal(delegate.keys(), ['ipam.type', 'ipam.ranges'])
})

test('unknown keys at the top are found, of a delegate those of its section', () => {
  const raw = {
    ...base,
    tenant: 1,
    bridge: 'br0',
    _x: 1,
    'a.b': 1,
    vlanTrunk: [{ tenant: 1 }],
    ipam: { range: 1 },
  }
  assert.equal(config.unknownKeys(raw), ['tenant'])
  assert.equal(delegate.unknownKeys(raw), ['ipam.range'])
  assert.equal(delegate.unknownKeys(base), [])
})

test('a __proto__ key changes nothing', () => {
  const raw = JSON.parse('{"name":"n","__proto__":{"bridge":"evil"},"ipam":{"__proto__":{"type":"evil"}}}')
  const parsed = config.parse(raw, quiet)
  assert.is(parsed.bridge, 'cni0')
  assert.is(parsed.ipam?.type, undefined)
  assert.is(({} as { bridge?: string }).bridge, undefined)
})

/** Configurations with some valid and some invalid keys. */
const anyConfig = fc.record(
  {
    bridge: fc.oneof(fc.constant('br0'), fc.jsonValue()),
    vlan: fc.oneof(fc.integer({ min: 0, max: 4094 }), fc.jsonValue()),
    mode: fc.oneof(fc.constant('fancy'), fc.jsonValue()),
    hairpinMode: fc.oneof(fc.boolean(), fc.jsonValue()),
    vlanTrunk: fc.oneof(
      fc.array(
        fc.oneof(
          fc.record({ minID: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.jsonValue()) }),
          fc.jsonValue(),
        ),
      ),
      fc.jsonValue(),
    ),
    ipam: fc.jsonValue(),
    dns: fc.jsonValue(),
    args: fc.jsonValue(),
    runtimeConfig: fc.oneof(
      fc.record({ ips: fc.jsonValue(), mac: fc.jsonValue(), portMappings: fc.jsonValue() }),
      fc.jsonValue(),
    ),
  },
  { requiredKeys: [] },
)

test('any configuration is either valid or refused with code 7', () => {
  fc.assert(
    fc.property(anyConfig, (raw) => {
      try {
        config.parse(raw as Record<string, unknown>, quiet)
      } catch (error) {
        assert.is((error as CniError).code, 7, String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('the lenient reading of any configuration is valid except for its rules', () => {
  fc.assert(
    fc.property(anyConfig, (raw) => {
      const understood = config.parseLeniently(raw as Record<string, unknown>, quiet)
      const again = config.parseLeniently(understood, {
        warn: (message) => assert.unreachable(message),
        info() {},
      })
      assert.equal(again, understood)
    }),
    { numRuns: 1000 },
  )
})

test('the lenient reading of a valid configuration drops nothing', () => {
  const raw = {
    ...base,
    bridge: 'br7',
    vlan: 5,
    vlanTrunk: [{ minID: 1, maxID: 5 }],
    ipam: { type: 'x', a: [1] },
  }
  assert.equal(config.parseLeniently(raw, quiet), config.parse(raw, quiet))
})

test('the lenient reading drops exactly the invalid values, with one warning each', () => {
  const { log, warnings } = notes()
  const ranges = [[{ subnet: '10.0.0.0/24' }, { subnet: 'x' }], 5, [{ subnet: '10.1.0.0/24' }]]
  assert.equal(delegate.parseLeniently({ ...base, ipam: { ranges, type: 'a/b' } }, log).ipam, {
    ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: '10.1.0.0/24' }]],
  })
  assert.is(warnings.length, 3)
  assert.match(warnings.join('\n'), 'ipam.ranges[0][1].subnet is "x"')
  assert.match(warnings.join('\n'), 'ipam.ranges[1] is 5')
})

test('the lenient reading ignores rules and unknown keys', () => {
  const { log, warnings } = notes()
  const understood = config.parseLeniently(
    { ...base, hairpinMode: true, promiscMode: true, hairpinmod: 1, x: 2 },
    log,
  )
  assert.ok(understood.hairpinMode && understood.promiscMode)
  assert.equal(warnings, [])
})

test('the lenient reading accepts a missing required key', () => {
  assert.not('ipam' in delegate.parseLeniently(base, quiet))
})

test('of thousands of unknown keys only a hundred are compared with the known ones, and few are named', () => {
  const keys = (start: string) =>
    Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [start + at, at]))
  const { log, warnings } = notes()
  config.parse({ ...base, ...keys('tenant') }, log)
  assert.is(warnings.length, 1)
  assert.match(warnings[0] ?? '', /: tenant0 \(unknown\), .*, tenant19 \(unknown\) and 4980 more$/)
  // With one digit more they are misspelt: 100 complaints, of which ten are printed.
  const many = Array.from({ length: 150 }, (_, at) => [`hairpinMod${String.fromCharCode(0x100 + at)}`, true])
  assert.match(complaint(Object.fromEntries(many)).details, /and 90 more$/)
})

test('a list with tens of thousands of faults is refused, and DEL drops it as a whole and logs some', () => {
  const raw = { dns: { nameservers: Array(100_000).fill(1) }, hairpinMode: true }
  assert.is(complaint(raw).message, 'dns.nameservers[0] is 1, must be a string')
  const { log, warnings } = notes()
  assert.equal(config.parseLeniently({ ...base, ...raw }, log), {
    ...config.parseLeniently({ ...base, hairpinMode: true }, quiet),
    dns: {},
  })
  assert.is(warnings.length, 11)
  assert.match(warnings[10] ?? '', 'dns has 991 faults more')
})

test('a long list of invalid values is dropped as a whole', () => {
  const ranges = Array.from({ length: 5000 }, () => [{ subnet: 'x' }])
  const { ipam } = delegate.parseLeniently({ ...base, ipam: { ranges } }, quiet)
  assert.is(ipam.ranges, undefined)
})

test.run()
