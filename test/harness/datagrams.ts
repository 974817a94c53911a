/** Datagrams of UDP: servers that answer with a name, and clients that go on sending from one port. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Netns, setSysctl } from './host.ts'

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

/** Starts a server in a namespace, or on the host, and waits until it listens. It answers each datagram with its name and the datagram's text. */
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
  const receive = 'said=$(timeout $seconds dd bs=64 count=1 status=none <&3) || said='
  // An answer that came too late for its own question is no answer to this one.
  const ask = `echo $((++n)) >&3; ${receive}; while [ "$said" ] && [ "\${said##* }" != $n ]; do ${receive}; done`
  const each = `{ ${ask}; } 2>/dev/null; echo "\${said%% *}"`
  const script = `n=0; exec 3<>/dev/udp/${address}/${port}; while read -r seconds; do ${each}; done`
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

/** Flows that are idle last for an hour, instead of 30 s, in which a busy machine may not be done. Connection tracking is on. */
export function idleFlowsLast(): void {
  for (const name of ['udp_timeout', 'udp_timeout_stream'])
    setSysctl(`net/netfilter/nf_conntrack_${name}`, 3600)
}
