/** An underlay: machines as network namespaces on a switch, which is a bridge in a namespace of its own and can cut a machine off. */

import { command, ip } from './command.ts'
import { type Netns, newContainer, setSysctl } from './host.ts'

/** A machine on the switch: its NIC is eth0. Its default gateway, 192.0.2.254 and 2001:db8::254, is the switch, which routes nothing. */
export interface Machine extends Netns {
  ipv4: string
  ipv6: string
  /** The switch's port. */
  port: string
}

/** What is lost: frames from the machine (`out`), to it (`in`), or both. */
export type Way = 'in' | 'out' | 'both'

export interface Switch {
  /** A new machine with the addresses 192.0.2.NUMBER and 2001:db8::NUMBER. */
  machine(name: string, number: number): Machine
  cutOff(machine: Machine, way: Way): void
  /** What the machine gets comes so slowly: time to cut it off while an answer is under way. */
  slow(machine: Machine, bytesPerSecond: number): void
  /** Ends what `cutOff` and `slow` began. */
  heal(machine: Machine): void
}

const table = `table bridge cut {
  set from { type ifname; }
  set to { type ifname; }
  chain forward {
    type filter hook forward priority 0;
    iifname @from drop
    oifname @to drop
  }
}`

/** @param mtu of the machines' NICs */
export function newSwitch(mtu = 1500): Switch {
  const { name } = newContainer('switch')
  ip(`-n ${name} link add underlay type bridge mcast_snooping 0`)
  for (const address of ['192.0.2.254/24', '2001:db8::254/64'])
    ip(`-n ${name} address add ${address} dev underlay`)
  ip(`-n ${name} link set underlay up`)
  nft(name, ...table.split('\n'))
  const cut = (words: string, { port }: Machine, ...sets: string[]) =>
    nft(name, ...sets.map((set) => `${words} element bridge cut ${set} { ${port} }`))
  return {
    machine: (machine, number) => connect(name, machine, number, mtu),
    cutOff: (machine, way) => {
      if (way !== 'in') cut('add', machine, 'from')
      if (way !== 'out') cut('add', machine, 'to')
    },
    slow: ({ port }, bytesPerSecond) =>
      tc(name, `replace dev ${port} root tbf rate ${bytesPerSecond}bps burst 1600 latency 30s`),
    heal: (machine) => {
      tc(name, `replace dev ${machine.port} root pfifo`)
      // What is to be deleted is made first, so that it is there.
      cut('add', machine, 'from', 'to')
      cut('delete', machine, 'from', 'to')
    },
  }
}

function nft(netns: string, ...lines: readonly string[]): void {
  command('ip', 'netns', 'exec', netns, 'nft', lines.join('\n'))
}

function tc(netns: string, words: string): void {
  command('tc', '-n', netns, 'qdisc', ...words.split(' '))
}

function connect(hub: string, name: string, number: number, mtu: number): Machine {
  const machine = { ...newContainer(name), ipv4: `192.0.2.${number}`, ipv6: `2001:db8::${number}` }
  const port = `port${number}`
  setSysctl('net/ipv6/conf/default/accept_dad', 0, name)
  ip(`-n ${hub} link add ${port} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${name}`)
  ip(`-n ${hub} link set ${port} master underlay up`)
  ip(`-n ${name} link set lo up`)
  ip(`-n ${name} address add ${machine.ipv4}/24 dev eth0`)
  ip(`-n ${name} address add ${machine.ipv6}/64 dev eth0`)
  ip(`-n ${name} link set eth0 up`)
  ip(`-n ${name} route add default via 192.0.2.254`)
  ip(`-n ${name} -6 route add default via 2001:db8::254`)
  return { ...machine, port }
}
