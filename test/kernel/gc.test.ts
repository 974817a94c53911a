/** `patchbay gc`: what containers that ended without DEL have left goes, and what lives stays. */
// needs: nft ip, nft bridge

import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { libcni } from '../clients/harness/libcni.ts'
import { added, attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { attachment, drive, podmanNetwork } from '../harness/netavark.ts'
import { bridgeNetwork, hostLocal, ptpNetwork, single } from '../harness/networks.ts'
import { operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
const lists = '/etc/cni/net.d'
const podmanLists = '/etc/containers/networks'
const cache = '/var/lib/cni/results'
ownEtc(lists, podmanLists)

const gc = (words = '', status = 0) => operate(`${executables()}/patchbay`, `gc ${words}`.trim(), status)
const reserved = ({ name }: Network) => reservedIn(`/var/lib/cni/networks/${name}`).length
const cached = (directory = cache) => readdirSync(directory)

/** A network with all that a container can have on the host. */
function full(): Network {
  const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true })
  const portmap = { type: 'portmap', capabilities: { portMappings: true } }
  const others = [portmap, { type: 'firewall', ingressPolicy: 'same-bridge' }, { type: 'tuning', mtu: 1400 }]
  return {
    ...net,
    plugins: [...net.plugins, ...others, { type: 'bandwidth', ingressRate: 1e6, ingressBurst: 1e6 }],
  }
}

const asking = (hostPort: number) => ({
  capabilities: { portMappings: [{ hostPort, containerPort: 7000, protocol: 'tcp' }] },
})

test('with a cache of libcni: all that an ended container has left goes, a live one keeps all, and a second run has nothing to do', async () => {
  const net = full()
  const live = await attach(net, asking(8080))
  const before = snapshot()
  const ended = await attach(net, asking(8081))
  await vanish(ended)
  const said = gc()
  assert.match(said, new RegExp(`^${net.name}/\\S+/eth0: deleted, its namespace ${ended.path} is gone$`, 'm'))
  assert.match(said, 'attachments: 1 live, 1 deleted')
  unchanged(before)
  assert.is(cached().length, 1)
  await live.check()
  assert.is(gc(), 'attachments: 1 live\n')
  await live.del()
  assert.is(gc(), 'no attachments\n')
})

test('--dry-run changes nothing, and names what would be deleted', async () => {
  const net = full()
  const ended = await attach(net)
  await vanish(ended)
  const before = [...snapshot(), ...cached()]
  assert.match(
    gc('--dry-run'),
    /eth0: would be deleted, its namespace .* is gone\nattachments: 1 would be deleted\n$/,
  )
  unchanged(before, () => [...snapshot(), ...cached()])
  gc()
  assert.is(reserved(net), 0)
})

test.run()
