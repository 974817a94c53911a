/** Without privileges STATUS answers 50 and names what is missing, for every plugin whose ADD is sure to fail; the others say what was refused. */

import * as assert from 'uvu/assert'
import { plugins } from '../../plugins/registry.ts'
import { allExamples } from '../../scripts/example.ts'
import { errorOf } from '../harness/attach.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const engines: Engine[] = ['quickjs', 'node']
const common = { name: 'net', cniVersion: '1.1.0' }

const withCapabilities = (...capabilities: string[]) => {
  const kept = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
  return ['setpriv', '--inh-caps', kept, '--bounding-set', kept]
}
const unprivileged = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all']

/** The first example of each interface plugin, without its addresses. */
const configurations = new Map<string, Configuration>([['loopback', { type: 'loopback' }]])
for (const { plugin, chained } of allExamples())
  for (const { ipam: _, ...own } of [plugin, ...chained]) {
    const needsIpam = own.type === 'ptp' ? { ipam: hostLocal('10.1.0.0/24') } : {}
    if (!configurations.has(own.type)) configurations.set(own.type, { ...own, ...needsIpam })
  }
const ipam = ['dhcp', 'host-local', 'ipam-list', 'pool', 'static']

test('every plugin is tried', () => {
  assert.equal([...configurations.keys(), ...ipam].sort(), Object.keys(plugins).sort())
})

for (const engine of engines) {
  for (const [type, own] of configurations) {
    const config = { ...own, ...common }

    test(`${engine}, ${type}: STATUS of a user without privileges is 50 and names both`, async () => {
      const before = snapshot()
      const { code, said } = errorOf(await call({ verb: 'STATUS', config, engine, under: unprivileged }))
      assert.equal([code, /CAP_SYS_ADMIN and CAP_NET_ADMIN/.test(said)], [50, true], said)
      unchanged(before)
    })
  }

  for (const [has, lacks] of [
    ['net_admin', 'CAP_SYS_ADMIN'],
    ['sys_admin', 'CAP_NET_ADMIN'],
  ] as const)
    test(`${engine}: root with ${has} only is told that it lacks ${lacks}`, async () => {
      const under = withCapabilities(has)
      const { json } = await call({ verb: 'STATUS', config: { type: 'wire', ...common }, engine, under })
      assert.match(String(json?.msg), `this process lacks ${lacks} in its network namespace`)
    })

  test(`${engine}: ADD, CHECK and DEL without privileges say what was refused, and which privileges it takes`, async () => {
    const { path: netns } = newContainer()
    for (const verb of ['ADD', 'CHECK', 'DEL'] as const) {
      const config = { type: 'wire', ...common, prevResult: { cniVersion: '1.1.0' } }
      const { said } = errorOf(await call({ verb, config, engine, netns, under: unprivileged }))
      assert.match(said, /EPERM|EACCES/)
      assert.match(said, 'CAP_NET_ADMIN and CAP_SYS_ADMIN')
    }
  })

  test(`${engine}: host-local cannot keep reservations then, and static needs no privileges`, async () => {
    const status = (section: Configuration) =>
      call({
        verb: 'STATUS',
        config: { ...common, type: 'bridge', ipam: section },
        plugin: section.type,
        engine,
        under: unprivileged,
      })
    const refused = errorOf(await status(hostLocal('10.1.0.0/24')))
    assert.equal([refused.code, /run the plugin as root/.test(refused.said)], [50, true])
    assert.is((await status({ type: 'static', addresses: [{ address: '10.1.0.2/24' }] })).status, 0)
  })
}

test.run()
