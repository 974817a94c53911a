/** Has `patchbay-agent` claim from the store what the network needs: now, or ahead in the background. */

import { environment, spawn } from '#engine'
import { type Family, formatAddress } from '../../ip/address.ts'
import { KernelError } from '../../kernel/errno.ts'
import { close, Open, open } from '../../kernel/files.ts'
import { memoryFile } from '../../kernel/run.ts'
import { agentRuns } from '../../store/agent-lock.ts'
import { agentPath, askAgent, withoutCall } from '../../store/agent-program.ts'
import { defaultDataDir } from '../host-local/keys.ts'
import { openForProgram } from './claim-file.ts'
import type { PoolRequest } from './give.ts'
import type { Need } from './supply.ts'

const words = ['pool', 'claim'] as const

/** The program's input. */
function inputOf({ network, config }: PoolRequest, { families, addresses }: Need): string {
  const { pool, store, dataDir = defaultDataDir } = config.ipam
  return JSON.stringify({
    network,
    dataDir,
    pool,
    store,
    families,
    addresses: addresses.map(formatAddress),
  })
}

/** @throws CniError: what the program reported, or how it failed */
export function claimNow(request: PoolRequest, need: Need): void {
  askAgent(words, inputOf(request, need), request.path)
}

/** Starts the claim of spare blocks, unless the host's agent does that. ADD has its addresses: what fails here is no matter. */
export function claimAhead(request: PoolRequest, families: readonly Family[]): void {
  if (families.length === 0) return
  try {
    if (!agentRuns()) start(request, families)
  } catch (error) {
    request.log.info(`no spare block is claimed: ${error instanceof Error ? error.message : error}`)
  }
}

function start(request: PoolRequest, families: readonly Family[]): void {
  const path = agentPath(request.path)
  const outcome = openForProgram(request.network)
  if (outcome === undefined) return
  const input = memoryFile(inputOf(request, { families, addresses: [] }))
  const nothing = open('/dev/null', Open.WRONLY)
  const streams = [input, outcome, nothing] as const
  try {
    const pid = spawn({ path, arguments: words, env: withoutCall(environment()), streams })
    if (pid < 0) throw new KernelError(-pid, `start ${path}`)
  } finally {
    for (const fd of streams) close(fd)
  }
}
