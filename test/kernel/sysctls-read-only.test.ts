/** Where /proc/sys is mounted read-only, ADD does without what is only nice to have, and refuses what it could not keep. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { done, errorOf } from '../harness/attach.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { addresses, sysctl } from '../harness/look.ts'
import { bridgeNetwork, ptpNetwork, single, wireNetwork } from '../harness/networks.ts'
import { type Call, type Configuration, call, type Result } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

const readOnly = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"'
const under = ['unshare', '--mount', 'sh', '-c', readOnly, 'sh']

const forwarding = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']

function setForwarding(value: 0 | 1): void {
  for (const name of forwarding) setSysctl(name, value)
}

/** A call of ADD for a new container, with /proc/sys read-only. */
function attachment(config: Configuration, engine: 'quickjs' | 'node') {
  const container = newContainer()
  const request: Call = { verb: 'ADD', config, engine, netns: container.path, under }
  return { container, request }
}

for (const engine of ['quickjs', 'node'] as const) {
  for (const [name, network] of Object.entries({
    bridge: bridgeNetwork({ isGateway: true }, '1.1.0'),
    ptp: ptpNetwork({ ipMasq: true }, '1.1.0'),
    wire: wireNetwork({}, '1.1.0'),
  }))
    test(`${engine}, ${name}: ADD, CHECK and DEL succeed, and ADD warns of each sysctl that it does without`, async () => {
      setForwarding(1)
      const { container, request } = attachment(single(network), engine)
      const { status, json, stderr } = await call(request)
      assert.is(status, 0, JSON.stringify(json))
      assert.match(stderr, 'warning: cannot set net/ipv6/conf/eth0/ndisc_notify to 1 (EROFS): ')
      // Netlink sets those of IPv4.
      assert.is(sysctl('net/ipv4/conf/eth0/arp_notify', container), '1')
      const config = { ...single(network), prevResult: json }
      assert.equal(await call({ ...request, verb: 'CHECK', config }), done)
      const { ips = [] } = json as unknown as Partial<Result>
      if (name !== 'wire') assert.ok(ips.every(({ gateway = '' }) => pings(container, gateway)))
      assert.is(addresses('eth0', container).length, 2)
      assert.equal(await call({ ...request, verb: 'DEL' }), done)
    })

  for (const [name, network] of Object.entries({
    bridge: bridgeNetwork({ isGateway: true }, '1.1.0'),
    ptp: ptpNetwork({}, '1.1.0'),
  }))
    test(`${engine}, ${name}: ADD is refused where forwarding is off, says what to do, and leaves nothing`, async () => {
      setForwarding(0)
      const { container, request } = attachment(single(network), engine)
      const look = () => [...snapshot(), ...snapshotOf(container.name)]
      const before = look()
      const { code, said } = errorOf(await call(request))
      assert.is(code, 5)
      assert.match(
        said,
        'cannot set net/ipv4/ip_forward to 1 (EROFS), which this attachment needs: mount /proc/sys writable',
      )
      assert.match(said, 'sysctl -w net/ipv4/ip_forward=1')
      unchanged(before, look)
    })

  test(`${engine}: "dad": "wait" is refused only where duplicate address detection is off`, async () => {
    const { container, request } = attachment(single(bridgeNetwork({ dad: 'wait' }, '1.1.0')), engine)
    setSysctl('net/ipv6/conf/default/accept_dad', 0, container.name)
    assert.match(errorOf(await call(request)).said, 'sysctl -w net/ipv6/conf/default/accept_dad=1')
    setSysctl('net/ipv6/conf/default/accept_dad', 1, container.name)
    assert.is((await call(request)).status, 0)
    assert.equal(await call({ ...request, verb: 'DEL' }), done)
  })
}

test.run()
