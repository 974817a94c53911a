/** Patchbay's plugins with faults put in: the key `_broken` of the configuration chooses one. */

import { architecture, exit, syscall } from '#engine'
import { plugins } from '../../../plugins/registry.ts'
import type { Plugin, Request } from '../../../shared/cni/plugin.ts'
import { runPlugin } from '../../../shared/cni/run.ts'
import { CniError, Code } from '../../../shared/error/error.ts'
import { sleep } from '../../../shared/kernel/clock.ts'
import { Open, withFile, writeAll } from '../../../shared/kernel/files.ts'
import { syscall as call } from '../../../shared/kernel/syscall.ts'

const SIGSEGV = 11
const kill = { x64: 62, arm64: 129 }[architecture]

/** The faults, by name. Each runs in place of the verb. */
const faults: Record<string, (verb: 'add' | 'del', plugin: Plugin, request: Request) => unknown> = {
  crash: () => syscall(kill, call('getpid'), SIGSEGV),
  status: () => exit(3),
  hang() {
    for (;;) sleep(1000)
  },
  exception: (_verb, _plugin, { prevResult }) => (prevResult as { ips: object }).ips,
  async text(verb, plugin, request) {
    writeAll(1, Buffer.from('done: '))
    return await plugin[verb](request)
  },
  async outside(verb, plugin, request) {
    withFile('/srv/broken', Open.WRONLY | Open.CREAT, () => {})
    return await plugin[verb](request)
  },
  async leaves(verb, plugin, request) {
    const result = await plugin[verb](request)
    if (verb === 'add') throw refusal()
    return result
  },
  async del(verb, plugin, request) {
    if (verb === 'del') throw refusal()
    return await plugin.add(request)
  },
}

const refusal = () => new CniError(Code.Internal, { msg: 'refused' })

/** As Patchbay's: argv[0] names the plugin, or the driver of netavark. */
export async function main([called = '', ...args]: string[]): Promise<number> {
  const name = called.slice(called.lastIndexOf('/') + 1)
  const load = plugins[name]
  if (!load) throw new Error(`no plugin ${called}`)
  const loadBroken = async () => breakable(await load())
  if (args.length === 0) return runPlugin(loadBroken, plugins)
  const { runDriver } = await import('../../../netavark/run.ts')
  return runDriver(args, { ...plugins, [name]: loadBroken })
}

function breakable(plugin: Plugin): Plugin {
  const withFault = (verb: 'add' | 'del') => async (request: Request) => {
    const fault = faults[String(request.raw._broken)]
    return (await (fault ? fault(verb, plugin, request) : plugin[verb](request))) as never
  }
  return { ...plugin, add: withFault('add'), del: withFault('del') }
}
