import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { emptyResult } from '../../../shared/cni/result.ts'
import { type SpecVersion, versions } from '../../../shared/cni/version.ts'
import { CniError } from '../../../shared/error/error.ts'
import { Errno, KernelError } from '../../../shared/kernel/errno.ts'
import { test } from '../../harness/test.ts'
import { call } from './fixtures/call.ts'
import { delegate, echo } from './fixtures/plugin.ts'

const config = (more: object = {}) => ({ cniVersion: '1.1.0', name: 'net', type: 'echo', ...more })

for (const cniVersion of versions) {
  const from = (first: SpecVersion) => versions.indexOf(cniVersion) >= versions.indexOf(first)
  const allowed: Record<string, boolean> = {
    ADD: true,
    DEL: true,
    CHECK: from('0.4.0'),
    STATUS: from('1.1.0'),
    GC: from('1.1.0'),
  }
  for (const [command, may] of Object.entries(allowed)) {
    test(`${command} in ${cniVersion} is ${may ? 'answered' : 'refused with code 1'}`, async () => {
      const { status, json, output } = await call(command, config({ cniVersion }))
      assert.is(status, may ? 0 : 1)
      if (may && command === 'ADD') assert.is(json.cniVersion, cniVersion)
      else if (may) assert.is(output, '')
      else {
        assert.is(json.code, 1)
        assert.is(json.msg, `config version does not allow ${command}`)
      }
    })
  }
}

test('an unsupported version is refused with the list of supported ones', async () => {
  for (const command of ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC']) {
    const { status, json } = await call(command, config({ cniVersion: '9.9.9' }))
    assert.is(status, 1)
    assert.is(json.code, 1)
    assert.is(json.msg, 'incompatible CNI versions')
    assert.match(
      json.details as string,
      'config is "9.9.9", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]',
    )
  }
  for (const near of ['1.0', '1.1', '1.1.1', 'v1.0.0', ' 1.0.0', 'constructor']) {
    assert.is((await call('ADD', config({ cniVersion: near }))).json.code, 1, near)
  }
})

test('a configuration without a version, or with an empty one, is a 0.1.0', async () => {
  assert.is((await call('ADD', { name: 'net' })).json.cniVersion, '0.1.0')
  assert.is((await call('ADD', { name: 'net', cniVersion: '' })).json.cniVersion, '0.1.0')
})

test('VERSION echoes the version it was asked in', async () => {
  const { status, json } = await call('VERSION', { cniVersion: '0.3.1' })
  assert.is(status, 0)
  assert.equal(json, { cniVersion: '0.3.1', supportedVersions: [...versions] })
})

test('VERSION needs no input and no other variable', async () => {
  for (const input of ['', '{}', 'nonsense', '[]', '{"cniVersion": 5}']) {
    const env = { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '', CNI_PATH: '' }
    const { status, json, output } = await call('VERSION', input, { env })
    assert.is(status, 0)
    assert.is(json.cniVersion, '1.1.0')
    assert.is(output.split('\n').length, 2, 'one line')
  }
})

test('a bad call gets the error of its first fault', async () => {
  const broken = '{'
  const steps: [string, string | object, Record<string, string>, number, string][] = [
    ['ADD', broken, { CNI_CONTAINERID: '/', CNI_PATH: '' }, 4, 'invalid characters in containerID'],
    ['ADD', broken, { CNI_PATH: '' }, 4, 'required env variables [CNI_PATH] missing'],
    ['FROB', broken, {}, 6, 'error unmarshall network config: line 1, column 2'],
    ['FROB', { cniVersion: '9.9.9' }, {}, 7, 'missing network name'],
    ['FROB', { name: 'a/b' }, {}, 7, 'invalid characters found in network name'],
    ['FROB', { name: 'net', cniVersion: '9.9.9' }, {}, 4, 'unknown CNI_COMMAND: FROB'],
    ['add', { name: 'net' }, {}, 4, 'unknown CNI_COMMAND: add'],
    ['constructor', { name: 'net' }, {}, 4, 'unknown CNI_COMMAND: constructor'],
    ['ADD', { name: 'net', cniVersion: '9.9.9', vlan: 'x' }, {}, 1, 'incompatible CNI versions'],
    ['ADD', { name: 'net', vlan: 'x' }, {}, 7, 'vlan is "x"'],
  ]
  for (const [command, input, env, code, msg] of steps) {
    const { status, json } = await call(command, input, { env })
    assert.is(status, 1)
    assert.is(json.code, code, msg)
    assert.ok((json.msg as string).startsWith(msg), `${json.msg}`)
  }
})

test('standard input that cannot be read is code 5', async () => {
  const plugin = echo()
  const { respond } = await import('../../../shared/cni/respond.ts')
  const read = () => {
    throw new KernelError(Errno.EIO, 'read stdin')
  }
  const log = { warn() {}, info() {} }
  const { output, status } = await respond(plugin, {
    env: { CNI_COMMAND: 'STATUS', CNI_PATH: '/' },
    read,
    registry: {},
    log,
  })
  assert.is(status, 1)
  assert.is(JSON.parse(output).code, 5)
  assert.is(JSON.parse(output).msg, 'error reading from stdin: read stdin: EIO')
})

test('errors carry the version of the configuration', async () => {
  const plugin = echo({
    add: () => {
      throw new CniError(11, { msg: 'come again', hint: 'in a minute' })
    },
  })
  const { json } = await call('ADD', config({ cniVersion: '0.4.0' }), { plugin })
  assert.equal(json, { cniVersion: '0.4.0', code: 11, msg: 'come again', details: 'in a minute' })
})

test('an error without details has no such key', async () => {
  const plugin = echo({ check: () => Promise.reject(new CniError(100, { msg: 'no' })) })
  assert.equal((await call('CHECK', config(), { plugin })).json, {
    cniVersion: '1.1.0',
    code: 100,
    msg: 'no',
  })
})

test('an unexpected error is code 999, and its stack goes to the log', async () => {
  const plugin = echo({
    del: () => {
      throw new TypeError('undefined is not a function')
    },
  })
  const { status, json, warnings } = await call('DEL', config(), { plugin })
  assert.is(status, 1)
  assert.is(json.code, 999)
  assert.is(json.msg, 'undefined is not a function')
  assert.match(json.details as string, 'please report it')
  assert.match(warnings.join(), 'respond.test')
})

test('a kernel error is code 999 with the errno and the command that shows it, and no stack', async () => {
  const plugin = echo({
    add: () => {
      throw new KernelError(Errno.EBUSY, 'create macvlan m0', { reproduce: 'ip link add m0 type macvlan' })
    },
  })
  const { json, warnings } = await call('ADD', config(), { plugin })
  assert.is(json.code, 999)
  assert.is(
    json.details,
    'run the command after "reproduce:" to get the same answer of the kernel; kernel: EBUSY; reproduce: ip link add m0 type macvlan',
  )
  assert.equal(warnings, [])
})

test('a verb gets the whole request', async () => {
  const plugin = echo({ args: ['MAC'] })
  const input = JSON.stringify(config({ CNIVERSION: 'x', Bridge: 'br7', _note: 1 }))
  await call('ADD', input, { plugin, env: { CNI_ARGS: 'MAC=02:00:00:00:00:01;IgnoreUnknown=1;A=b' } })
  const [request] = plugin.calls
  assert.is(request?.command, 'ADD')
  assert.is(request?.plugin, 'echo')
  assert.is(request?.network, 'net')
  assert.is(request?.containerID, 'c1')
  assert.is(request?.ifname, 'eth0')
  assert.is(request?.netns, '/run/netns/no-such-namespace')
  assert.equal(request?.path, ['/opt/cni/bin', '/usr/lib/cni'])
  assert.equal(request?.args, { MAC: '02:00:00:00:00:01', IgnoreUnknown: '1', A: 'b' })
  assert.is(request?.cniVersion, '1.1.0')
  assert.is(request?.input, input, 'unchanged')
  assert.is(request?.raw.bridge, 'br7', 'in canonical case')
  assert.is(request?.raw._note, 1)
  assert.equal(request?.config, { ...(request?.config as object), bridge: 'br7' })
  assert.is(request?.prevResult, undefined)
})

test('unknown CNI_ARGS are refused only by plugins that use CNI_ARGS', async () => {
  const env = { CNI_ARGS: 'FOO=1' }
  const { json } = await call('ADD', config(), { plugin: echo({ args: [] }), env })
  assert.is(json.code, 4)
  assert.is(json.msg, 'ARGS: unknown args ["FOO=1"]')
  assert.is((await call('ADD', config(), { env })).status, 0)
  assert.is((await call('DEL', config(), { plugin: echo({ args: [] }), env })).status, 0)
})

test('STATUS and GC of a plugin without them succeed', async () => {
  for (const command of ['STATUS', 'GC']) {
    const { status, output } = await call(command, config())
    assert.is(status, 0)
    assert.is(output, '')
  }
})

test('STATUS and GC reach the plugin that has them', async () => {
  const done: string[] = []
  const plugin = echo({ status: () => void done.push('status'), gc: () => void done.push('gc') })
  await call('STATUS', config(), { plugin })
  await call('GC', config(), { plugin })
  assert.equal(done, ['status', 'gc'])
})

test('STATUS of a configuration that ADD refuses fails with the reason', async () => {
  const [status, add] = [
    await call('STATUS', config({ vlan: 5000 })),
    await call('ADD', config({ vlan: 5000 })),
  ]
  assert.equal([status.json.code, add.json.code], [50, 7])
  assert.is(status.json.msg, add.json.msg)
})

test('ADD into the namespace of the plugin itself changes nothing', async () => {
  const plugin = echo()
  const { json } = await call('ADD', config(), { plugin, env: { CNI_NETNS: '/proc/self/ns/net' } })
  assert.is(json.code, 8)
  assert.is(json.msg, "plugin's netns and netns from CNI_NETNS should not be the same")
  assert.equal(plugin.calls, [])
})

test('DEL in the namespace of the plugin itself removes only state outside namespaces, with a warning', async () => {
  const plugin = echo()
  const { json } = await call('DEL', config(), { plugin, env: { CNI_NETNS: '/proc/self/ns/net' } })
  assert.is(json.code, 8)
  assert.is(plugin.calls[0]?.netns, '')
})

test('CNI_NETNS_OVERRIDE allows ADD and DEL in the namespace of the plugin itself', async () => {
  const env = { CNI_NETNS: '/proc/self/ns/net', CNI_NETNS_OVERRIDE: 'True' }
  for (const command of ['ADD', 'DEL']) {
    const plugin = echo()
    assert.is((await call(command, config(), { plugin, env })).status, 0)
    assert.is(plugin.calls[0]?.netns, '/proc/self/ns/net')
  }
})

test('an attachment that the version cannot express is undone', async () => {
  const deleted: string[] = []
  const plugin = echo({
    add: () => emptyResult(),
    del: ({ containerID }) => void deleted.push(containerID),
  })
  const { status, json } = await call('ADD', config({ cniVersion: '0.2.0' }), { plugin })
  assert.is(status, 1)
  assert.is(json.msg, 'cannot convert: no valid IP addresses')
  assert.equal(deleted, ['c1'])
})

test('a failed undo does not hide the first error', async () => {
  const plugin = echo({
    add: () => emptyResult(),
    del: () => {
      throw new CniError(100, { msg: 'it sticks' })
    },
  })
  const { json, warnings } = await call('ADD', config({ cniVersion: '0.1.0' }), { plugin })
  assert.is(json.msg, 'cannot convert: no valid IP addresses')
  assert.equal(warnings, ['cannot remove the attachment again: it sticks'])
})

test('DEL of a configuration that ADD refuses gets its valid parts', async () => {
  const plugin = echo()
  const bad = config({
    bridge: 'br7',
    vlan: 9999,
    hairpinMode: true,
    promiscMode: true,
    hairpinmod: 1,
    vlanTrunk: [{ minID: 1 }, { maxID: 'x' }, { minID: 5, maxID: 'x' }],
    ipam: 'host-local',
    runtimeConfig: { mac: 'nonsense', cgroupPath: 7 },
    prevResult: { ips: [{ address: '10.0.0.9/24' }, { address: 'x' }], routes: 'none' },
  })
  assert.is((await call('ADD', bad)).json.code, 7)
  const { status, output, warnings } = await call('DEL', bad, { plugin })
  assert.is(status, 0)
  assert.is(output, '')
  const [request] = plugin.calls
  const understood = request?.config as Record<string, unknown>
  assert.is(understood.bridge, 'br7')
  assert.is(understood.vlan, undefined)
  assert.equal(understood.vlanTrunk, [{ minID: 1 }, { minID: 5 }])
  assert.equal(understood.runtimeConfig, { cgroupPath: 7 })
  assert.is(understood.ipam, undefined)
  assert.equal(request?.prevResult, { ...emptyResult(), ips: [{ address: '10.0.0.9/24' }] })
  assert.ok(warnings.some((warning) => warning.startsWith('vlan is 9999')))
})

test('DEL fails without JSON, a name or a version', async () => {
  assert.is((await call('DEL', '{')).json.code, 6)
  assert.is((await call('DEL', {})).json.code, 7)
  assert.is((await call('DEL', { name: '../x' })).json.code, 7)
  assert.is((await call('DEL', { name: 'net', cniVersion: '2.0.0' })).json.code, 1)
})

test('names and versions of the wrong type are refused', async () => {
  assert.is((await call('ADD', { name: 5 })).json.msg, 'name is 5, must be a string')
  const { json } = await call('ADD', { name: 'net', cniVersion: 1 })
  assert.is(json.code, 7)
  assert.is(json.msg, 'cniVersion is 1, must be a string such as "1.0.0"')
})

test('GC gets the attachments that are still valid', async () => {
  const seen: unknown[] = []
  const plugin = echo({ gc: ({ validAttachments }) => void seen.push(validAttachments) })
  const one = [{ containerID: 'a', ifname: 'eth0' }]
  const two = [{ containerID: 'b', ifname: 'eth1' }]
  await call('GC', config({ 'cni.dev/valid-attachments': one }), { plugin })
  await call('GC', config({ 'cni.dev/attachments': two }), { plugin })
  await call('GC', config({ 'cni.dev/valid-attachments': one, 'cni.dev/attachments': two }), { plugin })
  await call('GC', config({ 'cni.dev/valid-attachments': [] }), { plugin })
  await call('GC', config(), { plugin })
  assert.equal(seen, [one, two, one, [], []])
})

test('GC with a list that cannot be read removes nothing', async () => {
  const plugin = echo({ gc: () => assert.unreachable() })
  const bad = { 'cni.dev/valid-attachments': [{ containerID: 'a', ifname: 'eth0' }, { ifname: 'eth0' }] }
  const { json } = await call('GC', config(bad), { plugin })
  assert.is(json.code, 7)
  assert.is(json.msg, '["cni.dev/valid-attachments"][1].containerID is missing, must be a string')
  assert.is((await call('GC', config({ 'cni.dev/attachments': 'none' }), { plugin })).json.code, 7)
})

test('GC of a configuration that ADD refuses still removes stale state', async () => {
  let collected = false
  const plugin = echo({
    gc: () => {
      collected = true
    },
  })
  assert.is((await call('GC', config({ vlan: 9999 }), { plugin })).status, 0)
  assert.ok(collected)
})

test('a key that is known elsewhere is accepted with a warning; other plugins are loaded only for a key that is not in the field', async () => {
  let loads = 0
  const macvlan = echo({
    name: 'macvlan',
    config: { ...echo().config, keys: () => ['master', 'sourceMacs'] },
  })
  const registry = {
    macvlan: async () => {
      loads++
      return macvlan
    },
  }
  const warned = async (raw: object) => (await call('ADD', config(raw), { registry })).warnings
  assert.equal(await warned({ bridge: 'br0', _x: 1, 'a.b/c': 2 }), [])
  const sent = { ipMasq: false, sysctl: {} }
  assert.equal(await warned(sent), [
    'keys without effect here: ipMasq (of bridge, ptp, flannel), sysctl (of tuning)',
  ])
  assert.is(loads, 0)
  const ours = { SourceMacs: [], tenant: 1 }
  assert.equal(await warned(ours), ['keys without effect here: SourceMacs (of macvlan), tenant (unknown)'])
  assert.is(loads, 1)
  assert.equal((await call('DEL', config({ master: 'eth0' }), { registry })).warnings, [])
})

test('entries of runtimeConfig and args that the plugin does not use may have any form', async () => {
  const runtimeConfig = {
    portMappings: 'x',
    bandwidth: [],
    aliases: { net: ['a'] },
    dns: 5,
    ips: {},
    cgroupPath: 1,
  }
  const { status, warnings } = await call(
    'ADD',
    config({ runtimeConfig, args: { cni: { labels: {}, ips: 5 } } }),
  )
  assert.equal([status, warnings], [0, []])
})

test('a delegate ignores the keys of the plugin that called it', async () => {
  const plugin = echo({ config: delegate })
  const registry = { echo: async () => echo(), other: async () => echo() }
  const { status, warnings } = await call('ADD', config({ bridge: 'br0', zzz: 1, ipam: {} }), {
    plugin,
    registry,
  })
  assert.is(status, 0)
  assert.equal(warnings, [])
})

/** Any call: each part is valid, invalid or absent. */
const anyCall = fc.record({
  command: fc.oneof(fc.constantFrom('ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'), fc.string()),
  env: fc.record(
    {
      CNI_CONTAINERID: fc.string(),
      CNI_NETNS: fc.string(),
      CNI_IFNAME: fc.string(),
      CNI_PATH: fc.string(),
      CNI_ARGS: fc.string(),
    },
    { requiredKeys: [] },
  ),
  input: fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc
      .tuple(
        fc.constantFrom(...versions),
        fc.dictionary(
          fc.constantFrom(
            'vlan',
            'ipam',
            'dns',
            'prevResult',
            'args',
            'runtimeConfig',
            'cni.dev/valid-attachments',
            'x',
          ),
          fc.jsonValue(),
        ),
      )
      .map(([cniVersion, more]) => JSON.stringify({ ...more, cniVersion, name: 'net' })),
  ),
})

test('the answer to any call is JSON or empty, and an error has code and message', async () => {
  await fc.assert(
    fc.asyncProperty(anyCall, async ({ command, env, input }) => {
      const { status, json } = await call(command, input, { env, plugin: echo({ args: ['MAC'] }) })
      if (status === 0) return
      assert.is(status, 1)
      assert.is(typeof json.msg, 'string')
      const wrong = command === 'STATUS' ? 50 : 7
      assert.ok([1, 4, 6, wrong].includes(json.code as number), `code ${json.code}: ${json.msg}`)
    }),
    { numRuns: 1000 },
  )
})

test.run()
