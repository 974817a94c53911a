/** `patchbay install`: puts the executable and a link for each plugin into a runtime's directory, or looks whether they are there. */

import { makeDirectory } from '../../shared/kernel/files.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { misuse } from '../form/arguments.ts'
import { type Given, lastOf, type Output, type Status, type Verb } from '../form/verb.ts'
import type { Change } from '../installation/change.ts'
import { changeAlone } from '../installation/change-alone.ts'
import { findings } from '../installation/check.ts'
import { networks } from '../installation/examples.ts'
import { absolutePath } from '../installation/places.ts'
import { planInstall } from '../installation/plan.ts'
import { type Engine, engines, ownEngine, sourceOf } from '../installation/source.ts'

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

export const install: Verb = {
  summary:
    "puts this executable and a link for each plugin into a runtime's directory, also while plugins run",
  text: ['It refuses to replace plugins of others; --replace keeps them, and uninstall puts them back.'],
  flags: {
    '--to': {
      takes: 'one',
      value: 'DIR',
      names: 'directory',
      means: `Where the plugins are. Default: ${standard.plugins}.`,
    },
    '--engine': {
      takes: 'one',
      value: 'ENGINE',
      names: engines,
      means: 'The executable of this engine, from the same release. Default: this one.',
    },
    '--agent': {
      takes: 'none',
      means:
        'The Node executable of the same release, too, as patchbay-agent: pools of addresses and VXLAN peers in etcd need it.',
    },
    '--replace': { takes: 'none', means: "Take the names of other projects' plugins, and keep these." },
    '--netavark': {
      takes: 'optional',
      value: 'DIR',
      names: 'directory',
      means: `Links for podman 5, too. Default of DIR: ${standard.netavark}.`,
    },
    '--conf': { takes: 'many', value: 'NAME', means: 'Write these networks of conf-examples, too.' },
    '--conf-to': {
      takes: 'one',
      value: 'DIR',
      names: 'directory',
      means: `Where networks are written. Default: ${standard.networks}.`,
    },
    '--check': { takes: 'none', means: 'Change nothing: look whether all is as it was installed.' },
    '--dry-run': { takes: 'none', means: 'Say what would be done, and do nothing.' },
  },
  example: { call: 'install --dry-run', does: 'what would be installed?' },
  run({ flags, ...output }) {
    if (flags.has('--check')) return check(flags, output)
    const source = sourceOf((lastOf(flags, '--engine') ?? ownEngine) as Engine)
    const directories = directoriesOf(flags)
    const wanted = {
      ...{ directory: directories.plugins, netavark: directories.netavark },
      ...{ source, replace: flags.has('--replace') },
      agent: flags.has('--agent') ? sourceOf('node') : undefined,
    }
    const plan = () => [...networks(directories.networks, flags.get('--conf') ?? []), ...planInstall(wanted)]
    const what = `${directories.plugins}: patchbay ${source.version}, engine ${source.engine}`
    return flags.has('--dry-run') ? show(plan(), what, output) : perform(plan, what, directories, output)
  },
}

function directoriesOf(given: Given): Directories {
  if (given.has('--conf-to') && !given.has('--conf')) throw misuse('--conf-to needs --conf NAME…')
  return {
    plugins: absolutePath(lastOf(given, '--to') ?? standard.plugins),
    networks: absolutePath(lastOf(given, '--conf-to') ?? standard.networks),
    netavark: given.has('--netavark')
      ? absolutePath(lastOf(given, '--netavark') ?? standard.netavark)
      : undefined,
  }
}

function show(changes: readonly Change[], what: string, { out }: Output): Status {
  for (const { says } of changes) out(`would ${says}`)
  out(changes.length > 0 ? `${what}: nothing was changed` : `${what}: is installed, nothing to do`)
  return 0
}

/** Changes are computed under the lock; where the directory that is locked is missing, also before it is made, for a refusal changes nothing. */
function perform(plan: () => Change[], what: string, { plugins }: Directories, output: Output): Status {
  const isNew = !stat(plugins) && plan().length > 0
  if (isNew) {
    makeDirectory(plugins)
    output.out(`make directory ${plugins}`)
  }
  const changes = changeAlone(plugins, plan, output)
  output.out(`${what}: ${changes > 0 ? 'is installed' : 'is installed already, nothing to do'}`)
  return 0
}

function check(given: Given, { out }: Output): Status {
  const other = [...given.keys()].find((flag) => !['--check', '--to', '--netavark'].includes(flag))
  if (other) throw misuse(`--check changes nothing, so it does not go with ${other}`)
  const { plugins } = directoriesOf(given)
  const found = findings(plugins)
  for (const finding of found) out(finding)
  if (found.length === 0) out(`${plugins}: all is as it was installed`)
  return found.length > 0 ? 1 : 0
}
