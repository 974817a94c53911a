/** Real CAN frames, sent and received with can-utils. */

import { type ChildProcess, spawn } from 'node:child_process'
import { command } from './command.ts'
import type { Netns } from './host.ts'
import { whileListening } from './traffic.ts'
import { until } from './until.ts'

/** An interface in a container, or on the host. */
export interface Bus {
  ifname: string
  netns?: Netns
}

function inside(netns: Netns | undefined): string[] {
  return netns ? ['ip', 'netns', 'exec', netns.name] : ['env']
}

/** Sends frames as cansend writes them: `123#11.22`, FD frames as `123##0.11.22`. */
export function sendFrames({ ifname, netns }: Bus, ...frames: string[]): void {
  for (const frame of frames) {
    const [file = '', ...args] = [...inside(netns), 'cansend', ifname, frame]
    command(file, ...args)
  }
}

/** The frames received on a bus during an action, as cansend writes them: `123#1122`, `123##01122`. */
export async function heardFrames(bus: Bus, act: () => unknown): Promise<string[]> {
  const { ifname, netns } = bus
  const [file = '', ...args] = [...inside(netns), 'candump', '-L', ifname]
  const listener = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let heard = ''
  listener.stdout.on('data', (chunk: Buffer) => {
    heard += chunk
  })
  await whileListening(listener, async () => {
    await untilListening(bus, listener)
    await act()
  })
  return heard.split('\n').flatMap((line) => line.split(' ')[2] ?? [])
}

/** Waits until candump is in the kernel's list of receivers of all frames of an interface. */
async function untilListening({ ifname, netns }: Bus, listener: ChildProcess): Promise<void> {
  // The list exists when the module is loaded, by the socket of candump.
  const list = 'cat /proc/net/can/rcvlist_all 2>/dev/null || true'
  const [file = '', ...args] = [...inside(netns), 'sh', '-c', list]
  await until(`candump listens on ${ifname}`, () => {
    if (listener.exitCode !== null) throw new Error(`candump on ${ifname} ended`)
    const lines = command(file, ...args).split('\n')
    return lines.some((line) => line.trim().startsWith(`${ifname} `))
  })
}

/** The host's rules of can-gw, as arguments of `cangw`. Its exit status is the length of its output. */
export function gatewayRules(): string[] {
  const lines = command('sh', '-c', 'cangw -L || true').split('\n')
  return lines.filter(Boolean).map((line) => line.replace(/ #.*/, ''))
}
