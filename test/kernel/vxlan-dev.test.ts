/** vxlan: a member of a bond or a team as `dev` is replaced by its master. */
// needs: link vxlan, link bond, link team

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { attach, attachment, callOn, type Host, newHost } from '../harness/overlay.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

/** A host whose NIC is a member of a master, which has its address. */
function teamed(kind: string): Host {
  const host = newHost()
  const inside = (words: string) => inContainer(host, words)
  inside(`link add master0 type ${kind}`)
  inside('link set eth0 down')
  inside('address flush dev eth0')
  inside('link set eth0 master master0')
  for (const name of ['eth0', 'master0']) inside(`link set ${name} up`)
  inside(`address add ${host.ipv4}/24 dev master0`)
  return host
}

const plain = newHost()

for (const [index, kind] of ['bond mode active-backup', 'team'].entries())
  test(`a member of a ${kind}: its master is used, with a log line, and CHECK succeeds`, async () => {
    const host = teamed(kind)
    const config = { type: 'vxlan', name: 'blue', vni: 100 + index, remote: plain.ipv4, dev: 'eth0' }
    const container = newContainer()
    const add = attachment('ADD', config, container, ['10.0.0.1/24'])
    const { status, json, stderr } = await callOn(host, add)
    assert.is(status, 0, JSON.stringify(json))
    assert.match(stderr, 'patchbay vxlan: info: dev eth0 belongs to master0: sent by master0')
    assert.is(link(`vx${config.vni}`, host).linkinfo?.info_data?.link, 'master0')
    if (kind !== 'team') {
      await attach(plain, { ...config, remote: host.ipv4 }, '10.0.0.2/24')
      assert.ok(pings(container, '10.0.0.2'))
    }
    const checked = { ...(add.config as object), prevResult: json } as never
    assert.is((await callOn(host, { ...add, config: checked, verb: 'CHECK' })).status, 0)
  })

test('the port of a bridge is not replaced: the kernel sends on the NIC itself', async () => {
  const host = newHost()
  ip(`-n ${host.name} link add br0 type bridge`)
  ip(`-n ${host.name} link set eth0 master br0`)
  const config = { type: 'vxlan', name: 'blue', vni: 200, remote: plain.ipv4, dev: 'eth0' }
  await attach(host, config, '10.0.0.1/24')
  assert.is(link('vx200', host).linkinfo?.info_data?.link, 'eth0')
})

test.run()
