/** Keys that users copy and runtimes send, to plugins that have no use for them: one warning, never a refusal. */
// needs: link macvlan, link macvtap

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { bridgeNetwork, fixed, hostLocal, ptpNetwork, single, wireNetwork } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add nic type veth')
ip('link set nic up')

type Keys = Record<string, unknown>

/** ADD, CHECK and DEL, which succeed. @returns ADD's standard error */
async function roundTrip(config: Configuration, engine: Engine): Promise<string> {
  const attachment = { netns: newContainer().path, engine }
  const added = await call({ verb: 'ADD', config, ...attachment })
  assert.is(added.status, 0, JSON.stringify(added.json))
  const checked = { ...config, prevResult: added.json }
  for (const verb of ['CHECK', 'DEL'] as const) {
    const { status, json } = await call({ verb, config: checked, ...attachment })
    assert.is(status, 0, `${verb} ${JSON.stringify(json)}`)
  }
  return added.stderr
}

/** The keys of a bridge, copied to another plugin as many guides do. */
const copied = { isDefaultGateway: false, isGateway: true, hairpinMode: false, ipMasq: false }
/** Of an attachment with a device resource. */
const fromMultus = { deviceID: 'mlx5_core.sf.4', pciBusID: 'mlx5_core.sf.4' }
/** On a NIC of the host. */
const lan = (type: string) => ({
  type,
  name: type,
  cniVersion: '1.0.0',
  master: 'nic',
  ipam: hostLocal('10.61.9.0/24'),
})
const noEffect = 'keys without effect here:'

for (const engine of ['quickjs', 'node'] as const) {
  const rows: [string, Configuration, string][] = [
    [
      'ptp',
      single(ptpNetwork({ keyFile: '/key', isGateway: true, master: 'eth9', hairpinMode: false })),
      'keyFile (of macsec), isGateway (of bridge, flannel), master',
    ],
    ['bridge', single(bridgeNetwork({ master: 'eth9', ...fromMultus })), 'master (of ipvlan, macvlan, vlan'],
    ['wire', single(wireNetwork({ ...copied, ...fromMultus })), 'isDefaultGateway (of bridge), isGateway'],
    [
      'macvlan',
      { ...lan('macvlan'), ipMasq: false, isDefaultGateway: false, hairpinMode: false },
      'ipMasq (of bridge, ptp, flannel), isDefaultGateway (of bridge), hairpinMode (of bridge)',
    ],
    ['macvtap', { ...lan('macvtap'), mtu: 1450, hairpinMode: true }, 'hairpinMode (of bridge)'],
    [
      'loopback',
      { type: 'loopback', name: 'lo', cniVersion: '1.0.0', mtu: 1450, ipMasq: true },
      'more), ipMasq (of bridge, ptp, flannel)',
    ],
  ]
  for (const [type, config, said] of rows)
    test(`${engine}: ${type} takes keys of others, and warns once`, async () => {
      const [line = '', ...more] = (await roundTrip(config, engine)).split('\n')
      assert.ok(line.startsWith(`patchbay ${type}: warning: ${noEffect}`), line)
      assert.ok(line.includes(said), line)
      assert.equal(more, [])
      const status = await call({ verb: 'STATUS', config: { ...config, cniVersion: '1.1.0' }, engine })
      assert.equal([status.status, status.stderr], [0, line])
    })

  test(`${engine}: host-local and static take the keys of other IPAM plugins`, async () => {
    const ipam = { ...hostLocal('10.61.0.0/24'), range: '10.61.0.0/24', exclude: [], resolveConf: '/none' }
    const line = await roundTrip(single(bridgeNetwork({ ipam: { ...ipam, dataDir: undefined } })), engine)
    assert.match(line, `${noEffect} ipam.range (of whereabouts; did you mean ranges?)`)
    assert.match(line, 'ipam.resolveConf (of nerdctl; did you mean resolvConf?)')
    const other = { ...fixed('10.61.1.2/24'), dataDir: '/x', sticky: true }
    const warned = await roundTrip(single(bridgeNetwork({ ipam: other })), engine)
    assert.match(warned, `${noEffect} ipam.dataDir (of host-local), ipam.sticky (of host-local, pool)`)
  })

  test(`${engine}: a near miss of a key that is known nowhere is refused with the right one`, async () => {
    const refused = async (keys: Keys) => {
      const config = single(bridgeNetwork(keys))
      return (await call({ verb: 'ADD', config, netns: newContainer().path, engine })).json?.msg
    }
    assert.is(await refused({ hairpinMod: true }), 'unknown key hairpinMod, did you mean hairpinMode?')
    const ipam = { ...hostLocal('10.61.0.0/24'), rangs: [] }
    assert.is(await refused({ ipam }), 'unknown key ipam.rangs, did you mean ipam.ranges?')
  })

  test(`${engine}: entries of runtimeConfig that a plugin does not use may have any form`, async () => {
    const runtimeConfig = {
      aliases: { podman: ['web'] },
      dns: { servers: '10.0.0.1' },
      cgroupPath: 7,
      portMappings: {},
      bandwidth: 'fast',
      'io.kubernetes.cri.pod-annotations': { a: 'b' },
    }
    const l2 = single(
      bridgeNetwork({ ipam: undefined, runtimeConfig: { ...runtimeConfig, ips: 5, deviceID: 7 } }),
    )
    assert.is(await roundTrip(l2, engine), '')
    assert.is(
      await roundTrip(single(bridgeNetwork({ runtimeConfig, args: { cni: { labels: {} } } })), engine),
      '',
    )
    const lo = {
      type: 'loopback',
      name: 'lo',
      cniVersion: '1.0.0',
      runtimeConfig: { ...runtimeConfig, mac: 7 },
    }
    assert.is(await roundTrip(lo, engine), '')
  })

  test(`${engine}: host-device has the MTU while the container has it, whatever else flannel and Multus add`, async () => {
    ip('link add eth9 mtu 1400 type veth peer name eth8')
    const container = newContainer()
    const keys = { device: 'eth9', mtu: 1300, ipMasq: false, deviceID: 'no:address', pciBusID: 'no:address' }
    const config = { type: 'host-device', name: 'dev', cniVersion: '1.0.0', ...keys }
    const attachment = { netns: container.path, engine }
    const added = await call({ verb: 'ADD', config, ...attachment })
    assert.equal([added.status, link('eth0', container).mtu], [0, 1300], JSON.stringify(added))
    assert.is(added.stderr, `patchbay host-device: warning: ${noEffect} ipMasq (of bridge, ptp, flannel)`)
    const checked = { ...config, prevResult: added.json }
    assert.is((await call({ verb: 'CHECK', config: checked, ...attachment })).status, 0)
    assert.is((await call({ verb: 'DEL', config, ...attachment })).status, 0)
    assert.is(link('eth9').mtu, 1400)
    ip('link delete eth9')
  })
}

test.run()
