/** Alternative names of parents and members, for each kind that has some. */
// needs: link ipvlan, link ipvtap, link macvtap, link vlan, link vxlan, link macsec, link bond, link team

import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { fixed } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const alternative = 'enx0011223344556677'
const base = { name: 'alt', cniVersion: '1.0.0', ipam: fixed('10.63.0.2/24') }

ip('link add eth9 type veth peer name peer9')
ip(`link property add dev eth9 altname ${alternative}`)
ip('address add 10.64.0.1/24 dev eth9')
for (const name of ['eth9', 'peer9']) ip(`link set ${name} up`)

const links = [{ name: alternative }]
const kinds: Record<string, Record<string, unknown>> = {
  ipvlan: { master: alternative },
  ipvtap: { master: alternative },
  macvtap: { master: alternative },
  vlan: { master: alternative, vlanId: 5 },
  macsec: { master: alternative },
  vxlan: { vni: 7, dev: alternative, remote: '10.64.0.2' },
  bond: { links, primary: alternative },
  team: { mode: 'activebackup', links, activePort: alternative },
}

for (const [type, keys] of Object.entries(kinds))
  test(`${type}: ADD, CHECK and DEL`, async () => {
    const config = { ...base, type, ...keys }
    const attachment = { config, netns: newContainer().path }
    const prevResult = await added(attachment)
    const checked = { ...config, prevResult }
    const { status, json } = await call({ verb: 'CHECK', ...attachment, config: checked })
    assert.is(status, 0, JSON.stringify(json))
    for (let twice = 0; twice < 2; twice++) assert.equal(await call({ verb: 'DEL', ...attachment }), done)
    assert.is(link(alternative).ifname, 'eth9')
  })

test('vlan with tags makes its outer device by the parent’s own name', async () => {
  const config = { ...base, type: 'vlan', master: alternative, tags: [100, 20] }
  const attachment = { config, netns: newContainer().path }
  await added(attachment)
  assert.match(ip('link show type vlan'), '@eth9:')
  assert.is((await call({ verb: 'DEL', ...attachment })).status, 0)
})

test('a member that is named twice, by two names, is refused', async () => {
  const config = { ...base, type: 'bond', links: [{ name: 'eth9' }, { name: alternative }] }
  const { said } = await refused({ config })
  assert.match(said, 'links names eth9 twice: by its name and an alternative one')
})

test('a member that a container has is known by each name', async () => {
  const config = { ...base, type: 'bond', links: [{ name: 'eth9' }] }
  const attachment = { config, netns: newContainer().path, containerID: 'holder' }
  await added(attachment)
  const { said } = await refused({ config: { ...config, links }, containerID: 'other' })
  assert.match(said, `the host has no interface "${alternative}": container holder has it`)
  assert.is((await call({ verb: 'DEL', ...attachment })).status, 0)
})

test.run()
