/** `patchbay validate`, `schema` and `explain`: what is wrong in configurations, and what their keys mean. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type * as z from 'zod'
import { fromJSONSchema } from 'zod'
import type { answer as explainAnswer } from '../../cli/answers/explain.ts'
import type { answer } from '../../cli/answers/validate.ts'
import { sampleOf } from '../../cli/lists/sample.ts'
import { plugins } from '../../plugins/registry.ts'
import { keysOf } from '../../shared/config/keytable.ts'
import { silent } from '../../shared/error/log.ts'
import { command } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost } from '../harness/host.ts'
import { answerOf, newDirectory, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

type Validated = z.infer<typeof answer>

ownEtc('/etc/cni/net.d', '/etc/containers/networks', '/etc/patchbay')

const examples = new URL('../../conf-examples', import.meta.url).pathname
const [quickjs, node] = [executables('quickjs'), executables('node')]

/** Programs of the machine have no say: PATH has none of its runtimes, unless a test gives some. */
const surroundings = { CNI_PATH: quickjs, PATH: newDirectory() }

function validate(words: string, status = 0, env: Record<string, string> = {}): Promise<Validated> {
  return answerOf<Validated>(`${quickjs}/patchbay`, 'validate', words, status, { ...surroundings, ...env })
}

/** A directory of files; objects become JSON. */
function files(contents: Record<string, unknown>): string {
  const directory = newDirectory()
  for (const [name, content] of Object.entries(contents))
    writeFileSync(
      `${directory}/${name}`,
      typeof content === 'object' ? JSON.stringify(content) : String(content),
    )
  return directory
}

const list = (name: string, ...plugins: unknown[]) => ({ cniVersion: '1.0.0', name, plugins })
const hostLocal = (subnet: string, more = {}) => ({ type: 'host-local', subnet, ...more })
const bridge = (name: string, subnet: string, more = {}) => ({
  ...{ type: 'bridge', bridge: name, isGateway: true, ipam: hostLocal(subnet) },
  ...more,
})

/** `line:column severity message` of each finding, without the directory. */
const told = ({ findings }: Validated) =>
  findings.map(({ file, line, column, severity, message }) =>
    `${file.replace(/.*\//, '')}:${line}:${column} ${severity}: ${message}`.replace(
      /\/run\/test\/directory\d+\//g,
      '',
    ),
  )

test('each of conf-examples has no finding, where there is a store, and patchbay dhcp', () => {
  const [store, units] = ['/etc/patchbay/store.json', '/run/systemd/system']
  writeFileSync(store, JSON.stringify({ endpoints: ['http://192.0.2.1:2379'] }))
  mkdirSync(units, { recursive: true })
  writeFileSync(`${units}/patchbay-dhcp.service`, '')
  for (const name of readdirSync(examples).filter((one) => one.endsWith('.conflist'))) {
    const said = operate(`${quickjs}/patchbay`, `validate ${examples}/${name}`, 0, surroundings)
    assert.match(said, /^NETWORK [\s\S]*\n1 network: no findings\n$/, `${name}: ${said}`)
  }
  for (const path of [store, units]) rmSync(path, { recursive: true })
})

test('both engines say the same', () => {
  const [one, other] = [quickjs, node].map((directory) =>
    operate(`${directory}/patchbay`, `validate ${examples}`, 0, surroundings),
  )
  assert.is(one, other)
})

const faulty = `{
  "cniVersion": "1.0.0",
  "name": "mynet",
  "plugins": [
    {
      "type": "bridge",
      "hairpinMod": true,
      "mtu": "1500", "mtu": "big",
      "tenant": 7,
      "ipam": { "type": "host-local", "ranges": [[{ "rangeStart": "10.1.1.1" }]] }
    },
    { "type": "portmap" }
  ]
}`

test('each fault has its line and column, the words of ADD, and the key that is meant', async () => {
  const found = await validate(files({ '10-mynet.conflist': faulty }), 1)
  assert.equal(told(found), [
    '10-mynet.conflist:8:22 warning: key twice in one object: plugins[0].mtu; the first one has no effect',
    '10-mynet.conflist:8:29 error: mtu is "big", must be a whole number from 0 to 65535',
    '10-mynet.conflist:7:7 error: unknown key hairpinMod, did you mean hairpinMode?',
    '10-mynet.conflist:9:7 warning: key without effect here: tenant (unknown)',
    '10-mynet.conflist:10:51 error: ipam.ranges[0][0].subnet is missing, must be an address with a prefix length such as 10.1.2.0/24 or fd00::/64',
    '10-mynet.conflist:12:15 warning: portmap does nothing here: without the capability portMappings the runtime hands it no values',
  ])
  assert.is(found.findings[2]?.excerpt, '      "hairpinMod": true,\n      ^')
})

test('the words of an error are those that ADD answers', async () => {
  const config = {
    ...bridge('br0', '10.1.0.0/16', { promiscMode: true, hairpinMode: true }),
    name: 'n',
    cniVersion: '1.0.0',
  }
  const { findings } = await validate(files({ 'n.conf': config }), 1)
  const env = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c',
    CNI_NETNS: '/none',
    CNI_IFNAME: 'eth0',
    CNI_PATH: quickjs,
  }
  const { stdout } = spawnSync(`${quickjs}/bridge`, { input: JSON.stringify(config), encoding: 'utf8', env })
  assert.is(findings[0]?.message, JSON.parse(stdout).msg)
})

test('a text that is no JSON is named with its place, and a secret in the line is not shown', async () => {
  const { findings } = await validate(files({ 'a.conflist': '{\n  "password": "geheim", }' }), 1)
  assert.is(findings.length, 1)
  assert.equal([findings[0]?.line, findings[0]?.column], [2, 25])
  assert.match(findings[0]?.message ?? '', 'remove the comma before it')
  assert.not.match(JSON.stringify(findings), 'geheim')
})

test('libcni refuses lists and single plugins in files of the other ending, names, empty lists, and plugins without type', async () => {
  const said = told(
    await validate(
      files({
        'a.conf': list('a', { type: 'loopback' }),
        'b.conflist': { cniVersion: '1.0.0', name: 'b', type: 'loopback' },
        'c.conflist': list('c'),
        'd.conflist': { ...list('../d', { type: 'loopback' }), disableChek: true },
        'e.conflist': list('e', {}, 7),
        'f.conflist': { name: 'f', plugins: [{ type: 'loopback', cniVersion: '0.4.0' }] },
        'g.conflist': list('g', { type: 'tuning' }),
      }),
      1,
    ),
  ).join('\n')
  for (const expected of [
    /^a.conf:.* error: a list in a file that ends in .conf or .json/m,
    /^b.conflist:.* error: a single plugin in a file that ends in .conflist/m,
    /^c.conflist:.* error: plugins is empty/m,
    /^d.conflist:1:\d+ error: invalid characters found in network name: ..\/d$/m,
    /^d.conflist:1:\d+ warning: key without effect in a list: disableChek \(unknown; did you mean disableCheck\?\)$/m,
    /^e.conflist:1:\d+ error: plugins\[0\].type is missing/m,
    /^e.conflist:1:\d+ error: plugins\[1\] must be an object/m,
    /^f.conflist:1:1 warning: cniVersion is missing: 0.1.0 counts/m,
    /^f.conflist:1:\d+ warning: key without effect here: cniVersion/m,
    /^g.conflist:1:\d+ error: tuning is the first of the list/m,
  ])
    assert.match(said, expected)
})

test('what two files want at once: a name, addresses, a bridge, a VNI, a NIC', async () => {
  const ipvlan = (master: string, mode: string) => ({ type: 'ipvlan', master, mode })
  const found = await validate(
    files({
      '10-a.conflist': list('a', bridge('br0', '10.1.0.0/16')),
      '20-b.conflist': list('b', bridge('br1', '10.1.7.0/24')),
      '30-c.conflist': list('c', bridge('br0', '10.3.0.0/16')),
      '40-c.conflist': list('c', { type: 'vxlan', vni: 7, remotes: ['192.0.2.1'] }),
      '50-d.conflist': list('d', { type: 'vxlan', vni: 7, remotes: ['192.0.2.1'] }),
      '60-e.conflist': list('e', { type: 'macvlan', master: 'eth7' }),
      '70-f.conflist': list('f', ipvlan('eth7', 'l2')),
      '80-g.conflist': list('g', ipvlan('eth8', 'l2'), { type: 'tuning' }),
      '90-h.conflist': list('h', ipvlan('eth8', 'l3')),
      '91-i.conflist': list(
        'i',
        bridge('br2', '10.9.0.0/24', { ipam: hostLocal('10.9.0.0/24', { rangeEnd: '10.9.0.99' }) }),
      ),
      '92-j.conflist': list(
        'j',
        bridge('br2', '10.9.0.0/24', { ipam: hostLocal('10.9.0.0/24', { rangeStart: '10.9.0.100' }) }),
      ),
      '93-k.conflist': list('k', bridge('br3', '10.9.0.0/24', { isGateway: false })),
    }),
  )
  const said = told(found).map((line) => line.replace(/:\d+:\d+ warning/, '').slice(0, 60))
  assert.equal(said, [
    '40-c.conflist: name c is that of 30-c.conflist, too: a runti',
    '20-b.conflist: addresses 10.1.7.1-10.1.7.254 are those of ne',
    '30-c.conflist: bridge br0 has an address in 10.1.0.0/16 by n',
    '50-d.conflist: vni 7 is that of network c (40-c.conflist), t',
    '70-f.conflist: eth7 is used by network e (60-e.conflist), to',
    '90-h.conflist: eth8 is used by network g (80-g.conflist), to',
  ])
  assert.equal(
    found.networks.filter(({ first }) => first).map(({ network }) => network),
    ['a'],
  )
})

/** A program that prints a text. */
function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 })
}

test('versions: what a plugin or a runtime does not take is an error, and the highest that all take is named', async () => {
  const [bin, path] = [newDirectory(), newDirectory()]
  program(`${path}/containerd`, 'containerd github.com/containerd/containerd v1.7.24 88bf19b')
  program(`${bin}/old`, '{"cniVersion": "0.4.0", "supportedVersions": ["0.3.1", "0.4.0"]}')
  program(`${bin}/mute`, 'no')
  const directory = files({
    'a.conflist': { ...list('a', { type: 'bridge' }, { type: 'old' }), cniVersion: '1.1.0' },
    'b.conflist': list('b', { type: 'bridge' }),
    'c.conflist': list('c', { type: 'absent' }, { type: 'mute' }),
    'd.conflist': { ...list('d', { type: 'loopback' }), cniVersion: '7' },
  })
  const found = await validate(directory, 1, { CNI_PATH: `${bin}:${quickjs}`, PATH: path })
  assert.equal(found.runtimes, [
    { name: 'containerd', path: `${path}/containerd`, version: '1.7.24', takes: '1.0.0' },
  ])
  assert.equal(
    found.networks.map(({ highest }) => highest),
    ['0.4.0', '1.0.0', undefined, '1.0.0'],
  )
  const said = told(found).join('\n')
  for (const expected of [
    /^a.conflist:.* error: old does not support cniVersion 1.1.0: it supports 0.3.1, 0.4.0$/m,
    /^a.conflist:1:15 error: containerd 1.7.24 takes cniVersion 1.0.0 at most: with 1.1.0 each of its ADDs fails$/m,
    /^c.conflist:.* warning: absent is not installed: failed to find plugin "absent"/m,
    /^c.conflist:.* warning: mute does not answer VERSION/m,
    /^d.conflist:1:15 error: incompatible CNI versions/m,
  ])
    assert.match(said, expected)
  assert.not.match(said, /^b/m)
})

test("podman's networks: those of our drivers are checked, those of its own are not, and their subnets count", async () => {
  const network = (name: string, driver: string, more: object) => ({
    name,
    id: '0',
    driver,
    internal: false,
    ...more,
  })
  const directory = files({
    'a.json': network('a', 'vlan', { options: { vlanId: '5000', parent: 'eth0' } }),
    'b.json': network('b', 'dummy', { options: { mtuu: '9' } }),
    'c.json': network('c', 'bridge', {
      network_interface: 'podman1',
      subnets: [{ subnet: '10.1.0.0/16' }],
      options: { x: 'y' },
    }),
  })
  writeFileSync('/etc/containers/networks/c.json', readFileSync(`${directory}/c.json`))
  writeFileSync('/etc/cni/net.d/10-a.conflist', JSON.stringify(list('mine', bridge('br0', '10.1.0.0/16'))))
  const said = told(await validate(directory, 1))
  assert.match(said[0] ?? '', /^a.json:1:\d+ error: vlanId is "5000", must be/)
  assert.match(said[1] ?? '', /^b.json:1:\d+ error: unknown key mtuu, did you mean mtu\?/)
  assert.is(said.length, 2)
  assert.match(
    told(await validate(''))[0] ?? '',
    /^c.json:1:\d+ warning: addresses 10.1.0.1-10.1.255.254 are those of network mine/,
  )
})

test('standard input is a file, a slip in a word is refused, and a host without networks says so', () => {
  const input = JSON.stringify(list('a', { type: 'brige' }))
  const given = spawnSync(`${quickjs}/patchbay`, ['validate', '-'], {
    input,
    encoding: 'utf8',
    env: surroundings,
  })
  assert.match(
    given.stdout,
    /^standard input:1:\d+: warning: brige is not installed[\s\S]*did you mean bridge\?/,
  )
  assert.match(operate(`${quickjs}/patchbay`, 'validate --al', 2), 'unknown flag')
  assert.match(operate(`${quickjs}/patchbay`, `validate ${newDirectory()}`), 'no network configurations')
  assert.match(
    operate(`${quickjs}/patchbay`, 'validate /absent.conflist', 1),
    '/absent.conflist: error: open /absent.conflist: ENOENT',
  )
})

const harmful = '\u001b[2J\u202e\u0007'

test('hostile files are named and bounded, and none of their text reaches a terminal as it is', async () => {
  const directory = files({
    'a.conflist': `${'['.repeat(100_000)}`,
    'b.conflist': list(harmful + 'n'.repeat(900_000), { type: `${harmful}${'t'.repeat(1000)}` }),
    'c.conflist': list('c', { type: 'bridge', [`${harmful}${'k'.repeat(500_000)}`]: 1, mtu: harmful }),
    'd.conflist': list('d', ...Array(2000).fill({ type: 'bridge', mtu: 'x' })),
    'e.conflist': 'x'.repeat(2_000_000),
    [`${harmful}.conflist`]: 'no',
    'f.conflist': `{"cniVersion":"1.0.0","name":"f","${'k'.repeat(300_000)}":${'{"x":'.repeat(150)}1${'}'.repeat(150)},"plugins":[{"type":"loopback"}]}`,
    'h.conflist': list(
      'h',
      { type: '../../bin/sh', ipam: { type: '/bin/sh' } },
      { type: 'loopback', ipam: { a: 1 } },
    ),
  })
  writeFileSync(
    `${directory}/g.conflist`,
    Buffer.from(`{"cniVersion":"1.0.0","name":"g","plugins":[{"type":"loopback","_x":"\xff"}]}`, 'latin1'),
  )
  mkdirSync(`${directory}/i.conflist`)
  command('mkfifo', `${directory}/j.conflist`)
  symlinkSync('/dev/zero', `${directory}/k.conflist`)
  symlinkSync('l.conflist', `${directory}/l.conflist`)
  const found = await validate(directory, 1)
  // With more seconds of CPU it is killed.
  const text = operate(
    '/usr/bin/prlimit',
    `--cpu=5 ${quickjs}/patchbay validate ${directory}`,
    1,
    surroundings,
  )
  assert.not.match(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  assert.ok(text.length < 200_000, `${text.length} characters`)
  const of = (name: string) => found.findings.filter(({ file }) => file === `${directory}/${name}`)
  for (const name of ['a', 'b', 'c', 'e', 'h', 'j', 'k', 'l'])
    assert.ok(
      of(`${name}.conflist`).some(({ severity }) => severity === 'error'),
      name,
    )
  assert.is(of('d.conflist').at(-1)?.message, '1900 more findings are left out')
  assert.match(of('g.conflist')[0]?.message ?? '', 'no UTF-8')
  assert.equal(of('i.conflist'), [])
})

test('the schema of each plugin is the one in schemas/, takes its examples, and refuses a wrong value', () => {
  for (const name of Object.keys(plugins)) {
    const printed = operate(`${quickjs}/patchbay`, `schema ${name}`)
    assert.ok(printed === readFileSync(`${examples}/../schemas/${name}.json`, 'utf8'), name)
    assert.not(fromJSONSchema(JSON.parse(printed)).safeParse({ cniVersion: 7 }).success, name)
  }
  const bridgeSchema = fromJSONSchema(JSON.parse(operate(`${quickjs}/patchbay`, 'schema bridge')))
  const {
    plugins: [first],
  } = JSON.parse(readFileSync(`${examples}/10-bridge.conflist`, 'utf8'))
  assert.ok(bridgeSchema.safeParse(first).success)
  assert.match(operate(`${quickjs}/patchbay`, 'schema brigde', 2), 'did you mean bridge?')
})

interface Condition {
  if: { properties: { type?: { const: string } } }
  then: { $ref?: string; properties?: { ipam: { $ref: string } } }
}

test('the schema of a list has that of each plugin, where its type is', async () => {
  const schema = await answerOf<{
    $defs: Record<string, object>
    properties: { plugins: { items: { allOf: Condition[] } } }
  }>(`${quickjs}/patchbay`, 'schema', 'list')
  assert.equal(Object.keys(schema.$defs).sort(), Object.keys(plugins).sort())
  const { allOf } = schema.properties.plugins.items
  const targets = allOf.map(({ then }) => then.$ref ?? then.properties?.ipam.$ref ?? '')
  assert.is(new Set(targets.map((target) => target.split('/')[2])).size, Object.keys(plugins).length)
  for (const target of targets) {
    const found = target
      .split('/')
      .slice(1)
      .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], schema)
    assert.type(found, 'object', target)
  }
})

const explain = (words: string) =>
  answerOf<z.infer<typeof explainAnswer>>(`${quickjs}/patchbay`, 'explain', words)

test('a key is found by its name, its path, its last part, and with its plugin', async () => {
  const [hairpin] = await explain('hairpinMode')
  assert.equal(hairpin, (await explain('bridge.hairpinmode'))[0])
  assert.equal(
    [hairpin?.type, hairpin?.default, hairpin?.plugins, hairpin?.reference],
    ['boolean', false, ['bridge'], ['bridge']],
  )
  assert.equal(hairpin?.example, {
    plugin: { type: 'bridge', hairpinMode: true },
    file: '20-bridge-masquerade.conflist',
  })
  assert.equal(
    (await explain('ipam.ranges[0][0].subnet')).map(({ key }) => key),
    ['ipam.ranges[][].subnet'],
  )
  assert.equal(
    (await explain('rangeStart')).map(({ key }) => key),
    ['ipam.ranges[][].rangeStart', 'ipam.rangeStart'],
  )
  assert.ok((await explain('macvlan')).some(({ key }) => key === 'sourceMacs'))
  assert.equal([hairpin], await explain('hairpin'))
  assert.is(hairpin?.since, '0.1.0')
  assert.ok((await explain('masq')).some(({ key }) => key === 'ipMasqBackend'))
  const ofBridge = await explain('bridge')
  for (const one of ['hairpinMode', 'bridge'])
    assert.ok(
      ofBridge.some(({ key }) => key === one),
      one,
    )
  assert.match(operate(`${quickjs}/patchbay`, 'explain hairpinMdoe', 2), 'did you mean hairpinMode?')
  assert.match(
    operate(`${quickjs}/patchbay`, 'explain bridge.hairpinMdoe', 2),
    'did you mean bridge.hairpinMode?',
  )
  assert.match(operate(`${quickjs}/patchbay`, 'explain cniVersion'), /^ {2}plugins: {3}all$/m)
})

test('an example that is made from a schema is one that the schema takes', async () => {
  let made = 0
  for (const load of Object.values(plugins)) {
    const { name, config } = await load()
    for (const key of keysOf(config.shape)) {
      const sample = sampleOf({ ...key, plugins: [name], reference: [] })
      if (!sample || /\[\]/.test(key.key)) continue
      const warn = (text: string) => assert.not(text.startsWith(`${key.key} `), text)
      config.parseLeniently(sample.plugin, { ...silent, warn })
      made++
    }
  }
  assert.ok(made > 250, `${made}`)
})

test('the store of a network: settings that do not fit, files that are not there or open to others, and no store at all', async () => {
  const pooled = (store?: object) =>
    list('mynet', { type: 'ptp', ipam: { type: 'pool', pool: 'blue', ...(store && { store }) } })
  const directory = files({ 'ca.pem': 'x', 'host.key': 'x' })
  const paths = { ca: `${directory}/ca.pem`, cert: `${directory}/absent.pem`, key: `${directory}/host.key` }
  const store = { endpoints: ['https://192.0.2.1:2379'], ...paths }
  const messages = async (one: unknown, status = 0) =>
    (await validate(`${files({ 'a.conflist': one })}/a.conflist`, status)).findings.map(
      ({ severity, message }) => `${severity}: ${message}`,
    )
  assert.equal(await messages(pooled(store)), [
    `warning: store: cert names ${directory}/absent.pem, which is not there`,
    `warning: store: others than root can read ${directory}/host.key: no block is claimed with it`,
  ])
  const [unfit = '', ...more] = await messages(pooled({ ...store, cert: undefined }), 1)
  assert.match(unfit, /^error: store: key needs cert/)
  assert.equal(more, [])
  const [typed = '', ...others] = await messages(pooled({ ...store, endpoints: 'x' }), 1)
  assert.match(typed, /^error: ipam.store.endpoints is "x", must be a list/)
  assert.equal(others, [])
  const [absent = ''] = await messages(pooled(), 0)
  assert.match(absent, /^warning: there is no store: neither a section/)
  assert.equal(await messages(list('plain', { type: 'ptp', ipam: hostLocal('10.9.0.0/24') })), [])
})

test.run()
