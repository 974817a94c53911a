/** A private host for the tests of host ports by iptables: two containers on a bridge, and tests that must leave nothing. */

import * as assert from 'uvu/assert'
import { hostIfname } from '../../shared/cni/identity.ts'
import { remove } from '../../shared/firewall/portmap-iptables.ts'
import { command } from '../harness/command.ts'
import { farHost, setSysctl } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { type Container, connect, newBridge } from './firewall-containers.ts'
import { nat } from './portmap-mappings.ts'

/** Two containers, and a kind of test with them: afterwards they are deleted, and nothing may be left. */
export async function twoContainers() {
  newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
  setSysctl('net/ipv4/conf/br0/route_localnet', 1)
  const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
  const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')
  return { one, two, scenario: scenarioWith(one, two) }
}

function scenarioWith(...containers: Container[]) {
  return (sentence: string, play: () => Promise<unknown>): void =>
    test(sentence, async () => {
      try {
        await play()
      } finally {
        for (const { attachment } of containers) await remove(attachment)
      }
      const left = nat()
      command('nft', 'flush', 'ruleset')
      assert.equal(left, [])
    })
}

/** The same with a server in each container, and a far host that reaches them. */
export async function twoServers() {
  const outside = farHost()
  const containers = await twoContainers()
  const { one, two } = containers
  const [server, serverOfTwo] = [await mirrorIn(one.netns), await mirrorIn(two.netns)]
  command('bridge', 'link', 'set', 'dev', hostIfname(one.attachment), 'hairpin', 'on')
  return { ...containers, outside, server, serverOfTwo }
}
