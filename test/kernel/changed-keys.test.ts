/** DEL and GC remove what ADD made although the key that asked for it has left the configuration, or has another value now. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { bridgeNetwork, ptpNetwork, single } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

type Keys = Record<string, unknown>

const engines: Engine[] = ['quickjs', 'node']
const networks = { bridge: bridgeNetwork, ptp: ptpNetwork }
const nftables = { ipMasq: true, ipMasqBackend: 'nftables' }
const iptables = { ipMasq: true, ipMasqBackend: 'iptables' }

/** The configuration's keys at ADD, and later at DEL and GC. */
const changes: { type: keyof typeof networks; first: Keys; later: Keys }[] = [
  { type: 'bridge', first: nftables, later: {} },
  { type: 'bridge', first: iptables, later: { ipMasq: false } },
  { type: 'bridge', first: iptables, later: nftables },
  { type: 'bridge', first: nftables, later: iptables },
  { type: 'bridge', first: { macspoofchk: true }, later: {} },
  { type: 'ptp', first: nftables, later: { ipMasq: false } },
  { type: 'ptp', first: iptables, later: {} },
]

/** A network with a container that stays, in the state that DEL and GC of another one must restore. */
async function ready(type: keyof typeof networks, engine: Engine, first: Keys) {
  const whole = single(networks[type]({}, '1.1.0'))
  const attach = (containerID: string) =>
    added({ config: { ...whole, ...first }, engine, containerID, netns: newContainer().path })
  await attach('stays')
  const before = snapshot()
  await attach('goes')
  return { whole, before }
}

const withValid = (config: Configuration) => ({
  ...config,
  'cni.dev/valid-attachments': [{ containerID: 'stays', ifname: 'eth0' }],
})

for (const engine of engines)
  for (const { type, first, later } of changes) {
    const what = `${type} on ${engine}, ${JSON.stringify(first)} at ADD and then ${JSON.stringify(later)}`

    test(`DEL leaves nothing: ${what}`, async () => {
      const { whole, before } = await ready(type, engine, first)
      const config = { ...whole, ...later }
      assert.equal(await call({ verb: 'DEL', config, engine, containerID: 'goes' }), done)
      unchanged(before)
    })

    test(`GC leaves only what is valid: ${what}`, async () => {
      const { whole, before } = await ready(type, engine, first)
      const config = withValid({ ...whole, ...later })
      assert.is((await call({ verb: 'GC', config, engine })).status, 0)
      unchanged(before)
    })
  }

test.run()
