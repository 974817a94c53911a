/** `patchbay install`: puts the executable and a link for each plugin into a runtime's directory, or looks whether they are there. */

import { makeDirectory } from '../shared/kernel/files.ts'
import { stat } from '../shared/kernel/stat.ts'
import { changeAlone } from './change-alone.ts'
import { type Given, type Kind, misuse, parse } from './installation/arguments.ts'
import type { Change } from './installation/change.ts'
import { findings } from './installation/check.ts'
import { networks } from './installation/examples.ts'
import { absolutePath } from './installation/places.ts'
import { planInstall } from './installation/plan.ts'
import { type Engine, engines, ownEngine, sourceOf } from './installation/source.ts'
import type { Output } from './reconcile.ts'
import { statusOf } from './status.ts'

const flags: Readonly<Record<string, Kind>> = {
  '--to': 'one',
  '--engine': 'one',
  '--replace': 'none',
  '--netavark': 'optional',
  '--conf': 'many',
  '--conf-to': 'one',
  '--dry-run': 'none',
  '--check': 'none',
}

/** Directories that are used unless others are given. */
const standard = {
  plugins: '/opt/cni/bin',
  networks: '/etc/cni/net.d',
  netavark: '/usr/local/libexec/netavark',
} as const

interface Directories {
  plugins: string
  networks: string
  netavark: string | undefined
}

/** Installs, shows what installing would do, or checks. @returns the exit status: 1 for a failure or a finding, 2 for a wrong command line */
export function install(words: readonly string[], output: Output): Promise<number> {
  return statusOf('install', output, () => {
    const given = parse(words, flags)
    if (given.has('--check')) return check(given, output)
    const source = sourceOf(engineOf(given))
    const directories = directoriesOf(given)
    const wanted = {
      ...{ directory: directories.plugins, netavark: directories.netavark },
      ...{ source, replace: given.has('--replace') },
    }
    const plan = () => [...networks(directories.networks, given.get('--conf') ?? []), ...planInstall(wanted)]
    const what = `${directories.plugins}: patchbay ${source.version}, engine ${source.engine}`
    return given.has('--dry-run') ? show(plan(), what, output) : perform(plan, what, directories, output)
  })
}

function directoriesOf(given: Given): Directories {
  if (given.has('--conf-to') && !given.has('--conf')) throw misuse('--conf-to needs --conf NAME…')
  return {
    plugins: absolutePath(last(given, '--to') ?? standard.plugins),
    networks: absolutePath(last(given, '--conf-to') ?? standard.networks),
    netavark: given.has('--netavark')
      ? absolutePath(last(given, '--netavark') ?? standard.netavark)
      : undefined,
  }
}

const last = (given: Given, flag: string) => given.get(flag)?.at(-1)

function engineOf(given: Given): Engine {
  const word = last(given, '--engine') ?? ownEngine
  const engine = engines.find((name) => name === word)
  if (!engine) throw misuse(`--engine ${JSON.stringify(word)}: there are ${engines.join(' and ')}`)
  return engine
}

function show(changes: readonly Change[], what: string, { out }: Output): number {
  for (const { says } of changes) out(`would ${says}`)
  out(changes.length > 0 ? `${what}: nothing was changed` : `${what}: is installed, nothing to do`)
  return 0
}

/** Changes are computed under the lock; where the directory that is locked is missing, also before it is made, for a refusal changes nothing. */
function perform(plan: () => Change[], what: string, { plugins }: Directories, output: Output): number {
  const isNew = !stat(plugins) && plan().length > 0
  if (isNew) {
    makeDirectory(plugins)
    output.out(`make directory ${plugins}`)
  }
  const changes = changeAlone(plugins, plan, output)
  output.out(`${what}: ${changes > 0 ? 'is installed' : 'is installed already, nothing to do'}`)
  return 0
}

function check(given: Given, { out }: Output): number {
  const other = [...given.keys()].find((flag) => !['--check', '--to', '--netavark'].includes(flag))
  if (other) throw misuse(`--check changes nothing, so it does not go with ${other}`)
  const { plugins } = directoriesOf(given)
  const found = findings(plugins)
  for (const finding of found) out(finding)
  if (found.length === 0) out(`${plugins}: all is as it was installed`)
  return found.length > 0 ? 1 : 0
}
