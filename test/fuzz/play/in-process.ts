/** Calls a plugin within this process, on the lying engine. */

import { plugins } from '../../../plugins/registry.ts'
import { hostSocket } from '../../../shared/attachment/sides.ts'
import { respond } from '../../../shared/cni/respond.ts'
import { stderrLog } from '../../../shared/error/log.ts'
import { asCall } from './lying-engine.ts'
import type { Execution, Outcome } from './outcome.ts'

export async function executeInProcess({ plugin, env, input, lies = [] }: Execution): Promise<Outcome> {
  const load = plugins[plugin]
  if (!load) throw new Error(`no plugin ${plugin}`)
  const loaded = await load()
  const read = () => input.toString()
  const { result, stderr } = await asCall(env, lies, async () => {
    try {
      return await respond(loaded, { env, read, registry: plugins, log: stderrLog(plugin, env.TRACEPARENT) })
    } finally {
      // It is closed with the call: the next call opens its own.
      hostSocket().busy = true
    }
  })
  return { status: result.status, timedOut: false, stdout: result.output, stderr }
}
