/** The allow list of tuning: as OpenShift ships one, and what happens without. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { done } from '../harness/attach.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { type Answer, call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const directory = '/etc/cni/tuning'
ownEtc(directory)

const container = newContainer()
inContainer(container, 'link add eth0 type veth peer name other')

function allow(...lines: string[]): void {
  writeFileSync(`${directory}/allowlist.conf`, `${lines.join('\n')}\n`)
}

function ask(
  verb: 'ADD' | 'CHECK' | 'STATUS',
  sysctl: Record<string, string>,
  engine?: Engine,
): Promise<Answer> {
  const prevResult = { cniVersion: '1.1.0', interfaces: [{ name: 'eth0', sandbox: container.path }], ips: [] }
  const config = { type: 'tuning', name: 'net', cniVersion: '1.1.0', sysctl, prevResult }
  return call({ verb, config, netns: container.path, engine })
}

const redirects = { 'net.ipv4.conf.IFNAME.accept_redirects': '0' }
const openshift = [
  '^net.ipv4.conf.IFNAME.accept_redirects$',
  '^net.ipv4.conf.IFNAME.accept_source_route$',
  '^net.ipv6.neigh.IFNAME.base_reachable_time_ms$',
]

for (const engine of ['quickjs', 'node'] as const) {
  test(`${engine}: what the list of OpenShift has is set, and nothing else`, async () => {
    allow(...openshift)
    assert.is((await ask('ADD', redirects, engine)).status, 0)
    for (const key of ['net.ipv4.conf.eth0.accept_redirects', 'net.core.somaxconn']) {
      const { json } = await ask('ADD', { ...redirects, [key]: '0' }, engine)
      const list = openshift.join(' ')
      assert.is(json?.code, 7)
      assert.match(
        `${json?.msg}${json?.details}`,
        `Sysctl ${key} is not allowed. Only the following sysctls are allowed: [${list}]`,
      )
      assert.match(String(json?.details), '/etc/cni/tuning/allowlist.conf')
    }
  })

  test(`${engine}: expressions are Go's: anywhere in the key, by the first line that fits`, async () => {
    allow('  accept_red  ', '', '(?=never read)')
    assert.is((await ask('ADD', redirects, engine)).status, 0)
    for (const line of ['(?i)NET\\.IPV4', '\\p{Lu}{6}', '[[:upper:]]', '\\Qnet.ipv4\\E']) {
      allow(line)
      assert.is((await ask('ADD', redirects, engine)).status, 0, line)
    }
    allow('(?=x)', 'accept')
    const { json } = await ask('ADD', redirects, engine)
    assert.is(json?.msg, 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`')
  })
}

test('an empty list allows nothing, and a configuration without sysctls needs none', async () => {
  allow('')
  const { json } = await ask('ADD', redirects)
  assert.match(String(json?.msg), 'Only the following sysctls are allowed: []')
  assert.is((await ask('ADD', {})).status, 0)
})

test('CHECK does not read the list, as the reference’s does not; STATUS does', async () => {
  allow('accept')
  assert.is((await ask('ADD', redirects)).status, 0)
  allow('other')
  assert.equal(await ask('CHECK', redirects), done)
  const { json } = await ask('STATUS', redirects)
  assert.is(json?.code, 50)
})

test('a list that cannot be read refuses all sysctls', async () => {
  rmSync(`${directory}/allowlist.conf`)
  mkdirSync(`${directory}/allowlist.conf`)
  const { status, json } = await ask('ADD', redirects)
  assert.is(status, 1)
  assert.match(String(json?.msg), 'allowlist.conf')
  rmSync(`${directory}/allowlist.conf`, { recursive: true })
  assert.is((await ask('ADD', redirects)).status, 0)
})

test.run()
