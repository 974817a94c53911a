/** Executables under other names than the plugins': copied, linked, with prefix and suffix, or `patchbay` itself. */

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import packageJson from '../../package.json' with { type: 'json' }
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

type Config = Record<string, unknown>

/** Calls an executable of any name; standard output must be JSON or empty. */
function run(path: string, env: Record<string, string>, input: string) {
  const { status, stdout, stderr } = spawnSync(path, { env, input, encoding: 'utf8' })
  return { status, json: stdout === '' ? undefined : JSON.parse(stdout), stderr }
}

const ipam = hostLocal('10.62.0.0/24')
const network = { cniVersion: '1.1.0', name: 'named' }

for (const engine of ['quickjs', 'node'] as const) {
  const own = `${executables(engine)}/patchbay`
  const directory = `${scratch}/${engine}`
  mkdirSync(directory)
  const links = [
    'cnv-bridge',
    'buildkit-cni-bridge',
    'buildkit-cni-host-local',
    'bridge-v2',
    'patchbay',
    'mine',
  ]
  for (const name of links) symlinkSync(own, `${directory}/${name}`)

  const call = (file: string, verb: string, config: Config | string, netns = '') => {
    const attachment = { CNI_CONTAINERID: 'c1', CNI_NETNS: netns, CNI_IFNAME: 'eth0' }
    const input = typeof config === 'string' ? config : JSON.stringify(config)
    return run(`${directory}/${file}`, { CNI_COMMAND: verb, CNI_PATH: directory, ...attachment }, input)
  }

  const roundTrip = (file: string, config: Config) => {
    const container = newContainer()
    const added = call(file, 'ADD', config, container.path)
    assert.is(added.status, 0, JSON.stringify(added))
    assert.is(added.json.interfaces.length, 3)
    assert.match(added.json.ips[0].address, '10.62.0.')
    for (const verb of ['CHECK', 'DEL'])
      assert.is(call(file, verb, { ...config, prevResult: added.json }, container.path).status, 0, verb)
    return added
  }

  for (const [file, config] of [
    ['cnv-bridge', { type: 'cnv-bridge', ipam: { ...ipam, type: 'buildkit-cni-host-local' } }],
    [
      'buildkit-cni-bridge',
      { type: 'buildkit-cni-bridge', ipam: { ...ipam, type: 'buildkit-cni-host-local' } },
    ],
    ['bridge-v2', { type: 'bridge-v2', ipam: { ...ipam, type: 'buildkit-cni-host-local' } }],
    ['patchbay', { type: 'bridge', ipam: { ...ipam, type: 'buildkit-cni-host-local' } }],
    ['mine', { type: 'some-bridge', ipam: { ...ipam, type: 'buildkit-cni-host-local' } }],
  ] as const)
    test(`${engine}: ${file} with type ${config.type} is bridge`, () => {
      assert.is(roundTrip(file, { ...network, ...config }).stderr, '')
    })

  test(`${engine}: IPAM under another name answers by itself, too`, () => {
    const type = 'buildkit-cni-host-local'
    const config = { ...network, type: 'buildkit-cni-bridge', ipam: { ...ipam, type } }
    const { json } = call(type, 'ADD', config, '/run/netns/none')
    assert.equal([json.interfaces, json.ips.length], [undefined, 1])
    assert.is(call(type, 'DEL', config).status, 0)
  })

  test(`${engine}: VERSION and errors are JSON under any name, without a usable configuration, too`, () => {
    assert.is(call('mine', 'VERSION', '{"cniVersion":"0.4.0"}').json.cniVersion, '0.4.0')
    assert.is(call('mine', 'ADD', '', '/run/netns/none').json.code, 6)
    assert.is(call('patchbay', 'ADD', '{', '/run/netns/none').json.code, 6)
    const config = { ...network, type: 'unheard-of' }
    for (const [verb, code] of [
      ['ADD', 7],
      ['DEL', 7],
      ['GC', 7],
      ['STATUS', 50],
    ] as const) {
      const { status, json } = call('patchbay', verb, config, '/run/netns/none')
      assert.equal([status, json.code], [1, code])
      assert.match(json.msg, 'neither type "unheard-of" nor the file\'s name "patchbay" names a plugin')
    }
    assert.is(call('mine', 'FROB', config).json.code, 4)
  })

  test(`${engine}: without CNI_COMMAND the first line on standard error has the version that callers parse`, () => {
    const line = (name: string) => `CNI ${name} plugin v1.9.1+patchbay.${packageJson.version}`
    for (const [file, name] of [
      ['cnv-bridge', 'bridge'],
      ['buildkit-cni-host-local', 'host-local'],
    ] as const) {
      const { status, json, stderr } = run(`${directory}/${file}`, {}, '')
      assert.equal([status, json, stderr.split('\n')[0]], [0, undefined, line(name)])
    }
  })

  test(`${engine}: without CNI_COMMAND every executable has the version that Nomad and nerdctl look for`, () => {
    const names = readdirSync(executables(engine)).filter((name) => !name.startsWith('patchbay'))
    assert.ok(names.length > 20)
    for (const name of names) {
      const { status, stdout, stderr } = spawnSync(`${executables(engine)}/${name}`, {
        env: {},
        encoding: 'utf8',
      })
      // Nomad takes the first version in both streams together; nerdctl what follows the plugin's name.
      const [found] = /\d+\.\d+\.\d+/.exec(stdout + stderr) ?? []
      assert.equal([status, stdout, found], [0, '', '1.9.1'], name)
      assert.ok(stderr.startsWith(`CNI ${name} plugin v1.9.1`), stderr)
    }
  })
}

test('copies instead of links are the same, and IPAM still runs in this process', () => {
  const directory = `${scratch}/copies`
  mkdirSync(directory)
  const own = `${executables('quickjs')}/patchbay`
  for (const name of ['buildkit-cni-bridge', 'buildkit-cni-host-local'])
    copyFileSync(own, `${directory}/${name}`)
  const config = {
    ...network,
    type: 'buildkit-cni-bridge',
    ipam: { ...ipam, type: 'buildkit-cni-host-local' },
  }
  const env = { CNI_COMMAND: 'ADD', CNI_PATH: directory, CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0' }
  const trace = ['-f', '-e', 'trace=execve', `${directory}/buildkit-cni-bridge`]
  const { stdout, stderr } = spawnSync('strace', trace, {
    env: { ...env, CNI_NETNS: newContainer().path },
    input: JSON.stringify(config),
    encoding: 'utf8',
  })
  assert.match(JSON.parse(stdout).ips[0].address, '10.62.0.')
  assert.is(stderr.match(/execve\(/g)?.length, 1, stderr)
})

test.run()
