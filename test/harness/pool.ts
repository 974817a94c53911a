/** What a network holds of a pool, as a claim leaves it, and a stand-in for `patchbay-agent` that claims without etcd. */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { parseAddress } from '../../shared/ip/address.ts'
import type { HoldingState, Holdings } from '../../shared/store/memory.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'

const id = '11111111-2222-4333-8444-555555555555'

/** What tests say of a network's holdings. A block or an address may have a state before it: `leaving 10.80.1.0/28`. */
export interface Held {
  blocks?: readonly string[]
  singles?: readonly string[]
  ranges?: PoolDefinition['ranges']
  closing?: boolean
  pool?: string
}

export const subnet = '10.80.0.0/16'

export function holdingsOf(
  network: string,
  dataDir: string,
  { blocks = [], singles = [], ranges = [{ subnet }], closing, pool = 'blue' }: Held,
): Holdings {
  return {
    ...{ network, dataDir, id, pool, store: id },
    definition: { id, ranges, blockSize: { ipv4: 28, ipv6: 124 }, ...(closing && { closing }) },
    blocks: blocks.map((text) => ({ block: lastWord(text), state: stateIn(text), modified: 7 })),
    singles: singles.map((text) => ({
      address: lastWord(text),
      owner: 'far',
      state: stateIn(text),
      modified: 7,
    })),
  }
}

const lastWord = (text: string) => text.split(' ').at(-1) ?? ''
const stateIn = (text: string) => (text.includes(' ') ? (text.split(' ')[0] as HoldingState) : 'held')

/** Writes what a network holds. */
export function hold(network: string, dataDir: string, held: Held): void {
  mkdirSync(`${dataDir}/.patchbay-pool`, { recursive: true })
  writeFileSync(fileOf(network, dataDir), JSON.stringify(holdingsOf(network, dataDir, held)))
}

export const fileOf = (network: string, dataDir: string) => `${dataDir}/.patchbay-pool/${network}.json`

/** The addresses that have a record. */
export function reservedBelow(dataDir: string, network: string): string[] {
  const directory = `${dataDir}/${network}`
  return existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => parseAddress(name))
        .sort()
    : []
}

/** A directory of plugins with a stand-in for `patchbay-agent`, which claims what a test says. */
export interface StandIn {
  directory: string
  /** The inputs of its claims, the oldest first. */
  claims(): Record<string, unknown>[]
  /** Whether two claims ran at once. */
  overlapped(): boolean
  /** From now on a claim leaves the next of these holdings; when there are none, the pool is full. */
  gives(network: string, dataDir: string, ...held: Held[]): void
  /** From now on a claim runs these commands of a shell. */
  does(script: string): void
}

/** Claims that run at once would leave the file `overlapped`: `busy` is there already. */
const agent = `#!/bin/sh
cd "$(dirname "$0")/agent"
sed 'a\\' >> claims
mkdir busy 2>/dev/null || : > overlapped
. ./action
status=$?
rmdir busy
exit $status
`

/** @param executable of the engine that is called */
export function standInAgent(executable: string, directory: string): StandIn {
  mkdirSync(`${directory}/agent/next`, { recursive: true })
  // The program is looked for beside the executable itself, wherever links to it are.
  copyFileSync(executable, `${directory}/patchbay`)
  for (const name of ['bridge', 'pool', 'host-local', 'ipam-list'])
    symlinkSync('patchbay', `${directory}/${name}`)
  writeFileSync(`${directory}/patchbay-agent`, agent, { mode: 0o755 })
  const log = `${directory}/agent/claims`
  const does = (script: string) => {
    rmSync(log, { force: true })
    writeFileSync(`${directory}/agent/action`, script)
  }
  return {
    directory,
    does,
    claims: () => (existsSync(log) ? linesOf(log).map((line) => JSON.parse(line)) : []),
    overlapped: () => existsSync(`${directory}/agent/overlapped`),
    gives(network, dataDir, ...held) {
      const next = `${directory}/agent/next`
      rmSync(next, { recursive: true })
      mkdirSync(next)
      mkdirSync(`${dataDir}/.patchbay-pool`, { recursive: true })
      for (const [at, one] of held.entries())
        writeFileSync(`${next}/${at}`, JSON.stringify(holdingsOf(network, dataDir, one)))
      does(`for next in next/*; do
  [ -e "$next" ] || continue
  mv "$next" '${fileOf(network, dataDir)}'
  echo '{}'
  return 0
done
${failing('pool blue is full: all its blocks are claimed')}`)
    },
  }
}

/** Commands by which a claim fails. */
export function failing(msg: string, code = 11): string {
  return `echo '${JSON.stringify({ cniVersion: '1.1.0', code, msg, details: 'what to do' })}'; return 1\n`
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}
