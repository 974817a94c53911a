/** portmap with SCTP by nftables, in both families. The kernel needs no SCTP: two programs make the association by raw sockets. */
// needs: nft ip
// packages: python3

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { command, succeeds } from '../harness/command.ts'
import { far, farHost, type Netns, near, privateHost, usableAtOnce } from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'

await privateHost()
const outside = farHost()
usableAtOnce()
const program = new URL('../harness/sctp.py', import.meta.url).pathname

const within = ({ name }: Netns, ...words: string[]): [string, ...string[]] => [
  ...(['ip', 'netns', 'exec', name, '/usr/bin/python3', program] as const),
  ...words,
]

async function listening(...words: string[]) {
  const [file = '', ...args] = words
  const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(createInterface({ input: server.stdout }), 'line')
  return server
}

for (const [row, address, source, hostIP] of [
  ['IPv4', near.ipv4, far.ipv4, undefined],
  ['IPv6', near.ipv6, far.ipv6, undefined],
  ['IPv4, at one address', near.ipv4, far.ipv4, near.ipv4],
] as const)
  test(`${row}: a far host has an association with the container by a host port of SCTP, from ADD to DEL`, async () => {
    const net = bridgeNetwork({ isDefaultGateway: true })
    const portmap = { type: 'portmap', backend: 'nftables', capabilities: { portMappings: true } }
    const mapping = { hostPort: 3868, containerPort: 7000, protocol: 'sctp', ...(hostIP && { hostIP }) }
    const container = await attach(
      { ...net, plugins: [...net.plugins, portmap] },
      { capabilities: { portMappings: [mapping] } },
    )
    const server = await listening(
      ...within(container, 'serve', '7000', ...(address.includes(':') ? ['6'] : [])),
    )
    try {
      const asks = within(outside, 'ask', address, '3868')
      assert.is(command(...asks).trim(), source)
      await container.check()
      await container.del()
      assert.not.ok(succeeds(...asks))
    } finally {
      server.kill()
    }
  })

test.run()
