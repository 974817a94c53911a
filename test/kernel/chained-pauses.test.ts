/** A call of sbr or tuning that is stopped before each of its system calls, while one of another network of the same container runs. */
// needs: full speed

import * as assert from 'uvu/assert'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { bothSucceed, harmOfPauses, type Pair, secondSucceeds } from '../harness/pausing.ts'
import type { Call, Configuration } from '../harness/plugin.ts'
import { quickSnapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** A container with two interfaces, and calls for each. */
function twoInterfaces(own: Configuration) {
  const container = newContainer()
  const calls = [0, 1].map((index) => {
    const [name, peer, last] = [`eth${index}`, `peer${index}`, `${index}.2`]
    inContainer(container, `link add ${name} type veth peer name ${peer}`)
    inContainer(container, `address add 10.9.${last}/24 dev ${name}`)
    inContainer(container, `address add fd09:${index}::2/64 dev ${name} nodad`)
    for (const end of [name, peer]) inContainer(container, `link set ${end} up`)
    return (verb: Call['verb']): Call => ({ ...callOf(container, own, index), verb })
  })
  return { container, calls }
}

function callOf({ name: containerID, path: netns }: Netns, own: Configuration, index: number) {
  const prevResult = {
    cniVersion: '1.0.0',
    interfaces: [{ name: `eth${index}`, sandbox: netns }],
    ips: [
      { address: `10.9.${index}.2/24`, gateway: `10.9.${index}.1`, interface: 0 },
      { address: `fd09:${index}::2/64`, gateway: `fd09:${index}::1`, interface: 0 },
    ],
  }
  const config = { ...own, name: `net${index}`, cniVersion: '1.0.0', prevResult }
  return { config, containerID, netns, ifname: `eth${index}` }
}

/** The tables of the rules from single addresses. */
function tables(container: Netns): string[] {
  const lines = ['rule show', '-6 rule show'].flatMap((words) => inContainer(container, words).split('\n'))
  return lines.flatMap((line) => /from \S+[.:]\S+ lookup (\d+)/.exec(line)?.[1] ?? [])
}

const plugins: Record<string, Configuration> = {
  sbr: { type: 'sbr' },
  tuning: { type: 'tuning', mtu: 1400, sysctl: { 'net.core.somaxconn': '500' } },
}

for (const [plugin, own] of Object.entries(plugins)) {
  const { container, calls } = twoInterfaces(own)
  const [one, other] = calls as [(verb: Call['verb']) => Call, (verb: Call['verb']) => Call]
  const four: Pair['judge'] = (paused, meanwhile) => {
    const found = tables(container)
    const isRight = plugin !== 'sbr' || (found.length === 4 && new Set(found).size === 4)
    return bothSucceed(paused, meanwhile) ?? (isRight ? undefined : `the tables are ${found}`)
  }
  const rows: Record<string, Omit<Pair, 'look'>> = {
    'ADD, while ADD for another interface runs': { paused: one('ADD'), meanwhile: other('ADD'), judge: four },
    'DEL, while ADD for another interface runs': {
      ...{ before: [one('ADD')], paused: one('DEL'), meanwhile: other('ADD'), judge: bothSucceed },
    },
    'ADD, while DEL for the same interface runs': {
      ...{ paused: one('ADD'), meanwhile: one('DEL'), judge: secondSucceeds },
    },
  }
  // Neither puts back everything: sbr no routes of table main, tuning no sysctls.
  const look = () => quickSnapshot(container.name).filter((line) => !/^route .*"table":254/.test(line))
  for (const [row, pair] of Object.entries(rows))
    test(`${plugin}: ${row}: nothing is lost or left`, async () => {
      assert.equal(await harmOfPauses({ ...pair, look }), [])
    })
  test.after(() => removeContainer(container))
}

test.run()
