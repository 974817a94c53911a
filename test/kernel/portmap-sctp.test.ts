/** portmap with SCTP: a real association through a host port. */
// needs: sctp, iptables
// packages: python3

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { command, succeeds } from '../harness/command.ts'
import { far, farHost, type Netns, near, privateHost } from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'

await privateHost()
const outside = farHost()
// The guest's kernel has iptables-legacy only: it takes the place of the system's default, as on a host that has chosen it.
command('mount', '--bind', '/usr/sbin/xtables-legacy-multi', '/usr/sbin/xtables-nft-multi')

/** Answers each association with the address of the client. IPPROTO_SCTP is 132. */
const server = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
s.bind(('', 7000))
s.listen()
print('listens', flush=True)
while True:
    c, (address, port) = s.accept()
    c.send(address.encode())
    c.close()
`
const client = (address: string, port: number) => `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
s.settimeout(20)
s.connect(('${address}', ${port}))
print(s.recv(99).decode())
`

const within = ({ name }: Netns, program: string): [string, ...string[]] => [
  'ip',
  'netns',
  'exec',
  name,
  '/usr/bin/python3',
  '-c',
  program,
]

test('a far host has an association with the container by a host port of SCTP, from ADD to DEL', async () => {
  const net = bridgeNetwork({ isDefaultGateway: true })
  const ports = { type: 'portmap', capabilities: { portMappings: true } }
  const portMappings = [{ hostPort: 3868, containerPort: 7000, protocol: 'sctp' }]
  const container = await attach(
    { ...net, plugins: [...net.plugins, ports] },
    { capabilities: { portMappings } },
  )
  const [file, ...args] = within(container, server)
  const listening = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(createInterface({ input: listening.stdout }), 'line')
    const asks = within(outside, client(near.ipv4, 3868))
    assert.is(command(...asks).trim(), far.ipv4)
    await container.check()
    await container.del()
    assert.not.ok(succeeds(...asks))
  } finally {
    listening.kill()
  }
})

test.run()
