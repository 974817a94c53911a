/** Datagrams of UDP: servers that answer with a name, and clients that go on sending from one port. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Netns } from './host.ts'

function inside(netns: Netns | undefined): [string, ...string[]] {
  return netns ? ['ip', 'netns', 'exec', netns.name] : ['env']
}

function start(netns: Netns | undefined, ...words: string[]) {
  const [file, ...args] = [...inside(netns), ...words]
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.unref()
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref()
  return { child, lines: createInterface({ input: child.stdout }) }
}

/** Starts a server in a namespace, or on the host, and waits until it listens. It answers each datagram with its name. */
export async function namedServer(
  netns: Netns | undefined,
  port: number,
  name: string,
): Promise<ChildProcess> {
  const program = new URL('named.ts', import.meta.url).pathname
  const { child, lines } = start(netns, process.execPath, program, String(port), name)
  ;(child.stdout as unknown as { ref(): void }).ref()
  await once(lines, 'line')
  ;(child.stdout as unknown as { unref(): void }).unref()
  return child
}

/** A client with one socket. */
export interface Conversation {
  /** Sends a datagram. @param seconds how long the answer may take @returns the answer; undefined when there is none */
  ask(seconds?: number): Promise<string | undefined>
  end(): void
}

/** Opens a socket in a namespace, or on the host: all its datagrams have the same ports. */
export function conversation(client: Netns | undefined, address: string, port: number): Conversation {
  const ask = 'echo >&3; timeout $seconds dd bs=64 count=1 status=none <&3 || echo'
  const script = `exec 3<>/dev/udp/${address}/${port}; while read -r seconds; do { ${ask}; } 2>/dev/null; done`
  const { child, lines } = start(client, 'bash', '-c', script)
  return {
    ask: async (seconds = 20) => {
      ;(child.stdout as unknown as { ref(): void }).ref()
      child.stdin.write(`${seconds}\n`)
      const [answer] = await once(lines, 'line')
      ;(child.stdout as unknown as { unref(): void }).unref()
      return answer || undefined
    },
    end: () => void child.kill('SIGKILL'),
  }
}
