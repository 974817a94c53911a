/** The protocol of the built executables: the same with both engines. */

import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Answer, call, type Engine, executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']
const config = { cniVersion: '1.1.0', name: 'net', type: 'loopback' }

for (const engine of ['quickjs', 'node'] as Engine[]) {
  const ask = (verb: Parameters<typeof call>[0]['verb'], input: object | string, more: object = {}) =>
    call({ verb, config: input as string, plugin: 'loopback', netns: '/run/netns/none', engine, ...more })

  const refused = ({ status, json }: Answer, code: number, msg: RegExp | string) => {
    assert.is(status, 1)
    assert.is(json?.code, code)
    assert.match(String(json?.msg), msg)
  }

  test(`${engine}: VERSION echoes the version it was asked in`, async () => {
    const { json } = await ask('VERSION', '{"cniVersion":"0.4.0"}')
    assert.equal(json, { cniVersion: '0.4.0', supportedVersions: versions })
    assert.is((await ask('VERSION', '')).json?.cniVersion, '1.1.0')
  })

  test(`${engine}: run by hand, it prints its name and usage on standard error`, () => {
    const options = { env: {}, encoding: 'utf8' } as const
    const { status, stdout, stderr } = spawnSync(`${executables(engine)}/loopback`, options)
    assert.is(status, 0)
    assert.is(stdout, '')
    assert.match(
      stderr,
      /^CNI loopback plugin v1\.9\.1\+patchbay\.\d+\.\d+\.\d+\nCNI protocol versions supported: 0\.1\.0, /,
    )
  })

  test(`${engine}: broken JSON is refused with its place`, async () => {
    const answer = await ask('ADD', '{\n  "name": "ñet",\n  "mtu": 1500\n  "vlan": 3\n}')
    refused(answer, 6, 'line 4, column 3: expected a comma or the closing bracket')
    assert.match(
      String(answer.json?.details),
      /^ {2}"vlan": 3\n {2}\^\nmake the network config one JSON object/,
    )
  })

  test(`${engine}: a configuration beyond its bounds is refused by every verb, and an input without end is not read to it`, async () => {
    const long = `{"name":"net","x":"${'x'.repeat(9 << 20)}"}`
    const many = JSON.stringify({ ...config, x: Array(1_000_000).fill(1) })
    for (const verb of ['ADD', 'DEL'] as const) {
      refused(await ask(verb, long), 6, 'network config: it is larger than 8 MiB')
      refused(await ask(verb, many), 6, 'it has more than 200000 values')
    }
    const zeros = { under: ['/bin/sh', '-c', 'exec "$0" < /dev/zero'] }
    refused(await ask('ADD', '', zeros), 6, 'it is larger than 8 MiB')
  })

  test(`${engine}: ten thousand routes and addresses of a previous result are accepted`, async () => {
    const at = (index: number) => `10.${index >> 8}.${index & 255}`
    const routes = Array.from({ length: 10_000 }, (_, index) => ({
      dst: `${at(index)}.0/24`,
      gw: '10.255.0.1',
      mtu: 1400,
    }))
    const ips = routes.map((_, index) => ({ address: `${at(index)}.1/24`, gateway: `${at(index)}.2` }))
    const prevResult = { cniVersion: '1.1.0', interfaces: [], ips, routes }
    const { status, stderr } = await ask('DEL', { ...config, prevResult })
    assert.equal([status, stderr], [0, ''])
  })

  test(`${engine}: deep nesting is refused without a crash`, async () => {
    for (const depth of [300, 100_000]) {
      const text = `{"name":"net","x":${'['.repeat(depth)}${']'.repeat(depth)}}`
      refused(await ask('ADD', text), 6, 'nested')
      refused(await ask('ADD', '['.repeat(depth)), 6, 'unexpected end of JSON input')
    }
  })

  test(`${engine}: bridge refuses unknown CNI_ARGS without IgnoreUnknown`, async () => {
    const bridge = { ...config, type: 'bridge' }
    const more = { plugin: 'bridge', netns: '/run/netns/none' }
    refused(await ask('ADD', bridge, { ...more, args: 'COLOUR=red' }), 4, 'ARGS: unknown args ["COLOUR=red"]')
    refused(await ask('ADD', bridge, { ...more, args: 'IgnoreUnknown=1;COLOUR=red' }), 4, 'CNI_NETNS')
    refused(await ask('ADD', bridge, { ...more, args: 'MAC=01:00:5e:00:00:01' }), 7, 'MAC address')
  })

  test(`${engine}: names and variables are validated`, async () => {
    refused(await ask('ADD', config, { ifname: 'a\u2003b' }), 4, 'interface name contains')
    refused(await ask('ADD', config, { containerID: '../x' }), 4, 'invalid characters in containerID')
    refused(
      await ask('ADD', config, { env: { CNI_PATH: '' } }),
      4,
      'required env variables [CNI_PATH] missing',
    )
    refused(await ask('FROB' as 'ADD', config), 4, 'unknown CNI_COMMAND: FROB')
    refused(await ask('ADD', { ...config, name: 'a b' }), 7, 'invalid characters found in network name')
    refused(await ask('ADD', { ...config, cniVersion: '9.9.9' }), 1, 'incompatible CNI versions')
  })

  test(`${engine}: a wrong value is refused with its place`, async () => {
    refused(
      await ask('ADD', { ...config, dns: { Nameservers: ['10.0.0.1', 7] } }),
      7,
      'dns.nameservers[1] is 7, must be a string',
    )
  })

  test(`${engine}: a warning is one line with the trace, also for a key with a line break`, async () => {
    const env = { TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    const { stderr } = await ask('STATUS', { ...config, 'some\nforeign key': 1 }, { env })
    assert.is(
      stderr.trim(),
      `patchbay loopback: warning: keys without effect here: ["some\\nforeign key"] (unknown) (traceparent=${env.TRACEPARENT})`,
    )
  })

  test(`${engine}: DEL of an invalid configuration, without a namespace, succeeds`, async () => {
    const nonsense = { ...config, ipam: 5, dns: [], prevResult: { ips: [{}] }, runtimeConfig: 'x' }
    const { status, json } = await ask('DEL', nonsense, { netns: '' })
    assert.is(status, 0)
    assert.is(json, undefined)
  })

  test(`${engine}: a prevResult of any version is returned in the configuration's version`, async () => {
    const prevResult = { cniVersion: '0.2.0', ip4: { ip: '10.0.0.2/24' } }
    const raw = { ...config, cniVersion: '0.4.0', prevResult: { ...prevResult, ip4: { ip: '10.0.0/24' } } }
    refused(await ask('ADD', raw), 7, 'prevResult.ip4.ip is "10.0.0/24"')
  })
}

test('an input that does not end in time is an error', async () => {
  const open = 'mkfifo "$1" && exec 3<>"$1" && rm "$1" && exec "$2" <&3'
  const fifo = join(tmpdir(), `patchbay-fifo-${randomUUID()}`)
  const answer = await call({
    verb: 'ADD',
    config: '',
    plugin: 'loopback',
    engine: 'test',
    netns: '/run/netns/none',
    under: ['/bin/sh', '-c', open, 'sh', fifo],
    env: { PATCHBAY_HASTE: '1000', PATH: process.env.PATH ?? '' },
  })
  assert.is(answer.json?.code, 5)
  assert.is(answer.json?.msg, 'error reading from stdin: it did not end within 60 s')
})

test.run()
