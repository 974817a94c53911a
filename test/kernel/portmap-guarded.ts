/** Containers with host ports at 127.0.0.1, and a neighbour that tries to reach the host's 127.0.0.1 through its gateway. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { bare } from '../harness/address.ts'
import { type Attached, attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { ip, succeeds } from '../harness/command.ts'
import { setSysctl } from '../harness/host.ts'
import { bridgeNetwork, hostLocal } from '../harness/networks.ts'
import { mirrorIn } from '../harness/traffic.ts'

let nextPort = 8080

const asking = () => ({
  capabilities: { portMappings: [{ hostPort: ++nextPort, containerPort: 7000, protocol: 'tcp' }] },
})

/** A program of the host listens there, on 127.0.0.1 alone. */
const secret = 6999

/** Two containers with host ports, and the neighbour. @param backend of portmap */
export async function guarded(backend: string) {
  const net = withPorts(backend)
  const users = [await attach(net, asking()), await attach(net, asking())]
  const port = nextPort
  const server = await mirrorIn(users[1])
  const listener = await listening()
  const intruder = await neighbour(net)
  return {
    net,
    users,
    another: (net: Network) => attach(net, asking()),
    /** Whether the second container is reached by 127.0.0.1. */
    reaches: () => answers(() => server.sourceOf(undefined, '127.0.0.1', 'tcp', port)),
    /** Whether the neighbour reaches the program that listens on the host's 127.0.0.1. */
    enters: (seconds = 1) =>
      succeeds(
        ...(['ip', 'netns', 'exec', intruder.name, 'timeout', String(seconds)] as [string, ...string[]]),
        ...['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${secret}`],
      ),
    async end() {
      server.stop()
      listener.ref()
      listener.kill()
      await once(listener, 'exit')
      for (const one of [...users, intruder]) await one.del()
    },
  }
}

function withPorts(backend: string): Network {
  const net = bridgeNetwork({ isDefaultGateway: true })
  const [bridge] = net.plugins
  const ipam = hostLocal(`10.77.${nextPort % 256}.0/24`)
  return {
    ...net,
    plugins: [
      { ...bridge, ipam } as Network['plugins'][number],
      { type: 'portmap', backend, capabilities: { portMappings: true } },
    ],
  }
}

function answers(ask: () => string): boolean {
  try {
    return ask() !== ''
  } catch {
    return false
  }
}

/** A container that takes 127.0.0.1 for an address behind its gateway. */
async function neighbour(net: Network): Promise<Attached> {
  const intruder = await attach(net)
  const [{ address = '', gateway = '' } = {}] = intruder.result.ips
  setSysctl('net/ipv4/conf/all/rp_filter', 0)
  ip(`-n ${intruder.name} route add 127.0.0.1 via ${bare(gateway)} src ${bare(address)}`)
  for (const [name, value] of [
    ['all/rp_filter', 0],
    ['eth0/route_localnet', 1],
  ] as const)
    setSysctl(`net/ipv4/conf/${name}`, value, intruder.name)
  return intruder
}

async function listening() {
  const program = `require('net').createServer().listen(${secret}, '127.0.0.1', () => console.log('listening'))`
  const listener = spawn(process.execPath, ['-e', program])
  await once(listener.stdout, 'data')
  // A test that fails ends all the same.
  listener.unref()
  ;(listener.stdout as unknown as { unref(): void }).unref()
  return listener
}
