/** What the operator's command line reads of a host: entries of libcni's caches, and the chains and directories in them. */

import * as assert from 'uvu/assert'
import { decodeBase64, encodeBase64 } from '../../../cli/host/base64.ts'
import { type Cached, formatEntry, parseEntry } from '../../../cli/host/cache-entry.ts'
import { chainOf, podmanNetwork } from '../../../cli/host/chain.ts'
import { containersOf } from '../../../cli/host/containers.ts'
import { dataDirsOf } from '../../../cli/host/data-dirs.ts'
import { inTime } from '../../../cli/host/in-time.ts'
import { test } from '../../harness/test.ts'

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

const list = { cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'bridge' }, { type: 'portmap' }] }
const result = { interfaces: [{ name: 'br0' }, { name: 'eth0', sandbox: '/run/netns/box' }] }
const whole = {
  kind: 'cniCacheV1',
  containerId: 'box',
  config: base64(list),
  ifName: 'eth0',
  networkName: 'net',
  cniArgs: [
    ['IgnoreUnknown', '1'],
    ['K8S_POD_NAME', 'web'],
  ],
  capabilityArgs: { portMappings: [] },
  result,
}

const parse = (entry: object) => parseEntry('/cache/file', JSON.stringify(entry))

test('base64 of every length is encoded and decoded (the vectors of RFC 4648), and what is none is not', () => {
  for (const text of ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar', '{"ü":"\u0000"}']) {
    const encoded = Buffer.from(text).toString('base64')
    assert.is(encodeBase64(Buffer.from(text)), encoded)
    assert.is(decodeBase64(encoded)?.toString(), text)
  }
  for (const text of ['A', 'AA', 'AAA', 'AA=A', 'A===', 'AA A', 'ÄÖÜß'])
    assert.is(decodeBase64(text), undefined)
})

test('an entry that is written is read as it was', () => {
  const of = {
    network: 'net',
    containerID: 'box',
    ifname: 'eth0',
    netns: '/run/netns/box',
    configuration: JSON.stringify(list),
    result,
  }
  const read = parseEntry(
    '/cache/file',
    formatEntry({ ...of, args: 'A=1;B=2', capabilities: { ips: ['::1'] } }),
  )
  assert.equal(read?.configuration, list)
  assert.equal([read?.args, read?.capabilities, read?.result], ['A=1;B=2', { ips: ['::1'] }, result])
  assert.ok(read?.netns.includes('/run/netns/box'))
  const without = formatEntry({ ...of, args: '', capabilities: {} })
  assert.equal(
    Object.keys(JSON.parse(without)).filter((key) => /Args$/.test(key)),
    [],
  )
})

test('an entry has attachment, list, CNI_ARGS and values of capabilities; its namespace by the result, and since libcni 1.2 by a key', () => {
  const cached = parse(whole)
  assert.equal([cached?.network, cached?.containerID, cached?.ifname], ['net', 'box', 'eth0'])
  assert.equal(cached?.configuration, list)
  assert.is(cached?.args, 'IgnoreUnknown=1;K8S_POD_NAME=web')
  assert.equal(cached?.netns, ['/run/netns/box'])
  assert.equal(parse({ ...whole, netns: '/proc/7/ns/net', result: null })?.netns, ['/proc/7/ns/net'])
})

test('Go writes what is absent as null', () => {
  const { netns, args, capabilities } = parse({
    ...whole,
    cniArgs: null,
    capabilityArgs: null,
    result: null,
  }) as Cached
  assert.equal([netns, args, capabilities], [[], '', {}])
})

const hostile: Record<string, object> = {
  'a result of libcni before 0.8': result,
  'another kind': { ...whole, kind: 'cniCacheV2' },
  'an ID that is a path': { ...whole, containerId: '../../etc' },
  'an ID with an escape sequence': { ...whole, containerId: 'a\u001b[2J' },
  'an interface with a slash': { ...whole, ifName: 'a/b' },
  'a network that is a path': { ...whole, networkName: '..' },
  'a configuration that is no JSON': { ...whole, config: Buffer.from('{').toString('base64') },
  'a configuration that is a list': { ...whole, config: base64([]) },
  'arguments that are no pairs': { ...whole, cniArgs: [['a']] },
}

for (const [what, entry] of Object.entries(hostile))
  test(`${what} is no entry`, () => assert.is(parse(entry), undefined))

const none = { cached: [], configured: [], podman: [] }
const box = { network: 'net', containerID: 'box', ifname: 'eth0' }

test('an attachment is deleted as it was added; without an entry as the first file has its network now', () => {
  const cached = [parse(whole) as Cached]
  const [first, second] = ['a', 'b'].map((file) => ({
    file,
    network: 'net',
    type: file,
    raw: { type: file, cniVersion: '1.1.0' },
  }))
  const configured = [first, second].flatMap((one) => one ?? [])
  const typesOf = (known: object) => chainOf(box, { ...none, ...known })?.plugins.map(({ type }) => type)
  assert.equal(typesOf({ cached, configured }), ['bridge', 'portmap'])
  assert.equal(typesOf({ configured }), ['a'])
  assert.is(chainOf({ ...box, network: 'other' }, { ...none, cached, configured }), undefined)
})

test('a network that netavark itself makes is none of ours', () => {
  const podman = [{ name: 'net', driver: 'bridge' }]
  assert.is(podmanNetwork(box, { ...none, podman }), undefined)
  const ours = { name: 'net', driver: 'patchbay-bridge' }
  assert.is(podmanNetwork(box, { ...none, podman: [ours] }), ours)
})

test('addresses are looked for where a list, a part of an ipam-list, and an option of podman say', () => {
  const raw = (ipam: unknown) => ({ file: '', network: 'net', type: 'bridge', raw: { ipam } })
  const parts = { type: 'ipam-list', list: [{ type: 'host-local', dataDir: '/b' }, { type: 'static' }] }
  const configured = [
    raw({ type: 'host-local', dataDir: '/a' }),
    raw(parts),
    raw({ dataDir: 'relative' }),
    raw('{'),
  ]
  const podman = [{ options: { ipam: '{"type":"host-local","dataDir":"/c"}' } }]
  assert.equal(dataDirsOf({ ...none, configured, podman }), ['/var/lib/cni/networks', '/a', '/b', '/c'])
})

test('the inode that host-local knows of a path counts for the same attachment, and not for another one of the container', () => {
  const [path, source] = ['/run/netns/box', 'a file']
  const exact = { path, inode: '7', written: '1' }
  const [container] = containersOf([
    { attachment: box, source, place: { path } },
    { attachment: box, source, place: exact },
    { attachment: { ...box, ifname: 'eth1' }, source, place: { path } },
  ])
  assert.is(container?.attachments.length, 2)
  assert.equal(container?.places, [exact, { path }])
})

test('a plugin that fails after a long time is called for no other container; one that fails at once is', async () => {
  for (const [seconds, calls] of [
    [20, 1],
    [0, 3],
  ] as const) {
    let [time, called] = [0, 0]
    const run = () => {
      called++
      time += seconds * 1000
      throw new Error('its own')
    }
    const slow = new Set<string>()
    const said = []
    for (let at = 0; at < 3; at++)
      said.push(
        await inTime({ plugin: 'bridge', run }, slow, () => time).catch((error: Error) => error.message),
      )
    assert.is(called, calls)
    assert.is(said[0], 'its own')
    assert.is(said.filter((text) => String(text).includes('not called again')).length, 3 - calls)
  }
})

test.run()
