/** The runtimes on this host that use CNI, and where their settings say that plugins and lists are. */

import { environment } from '#engine'
import { tolerate } from '../../shared/kernel/errno.ts'
import { readFileIfAny } from '../../shared/kernel/files.ts'
import { isKind, Kind, stat } from '../../shared/kernel/stat.ts'
import type { LeftOut } from './left-out.ts'
import { type Process, processesOf, valueIn } from './processes.ts'
import { type Settings, settingsOf, type Told } from './runtime-settings.ts'

export interface Runtime {
  name: 'containerd' | 'crio' | 'podman'
  /** Its program; undefined where it cannot be seen. */
  program?: string
  runs: boolean
  /** In the order in which it looks. */
  pluginDirectories: Told<string[]>
  listDirectory: Told<string>
  /** How many lists it reads: containerd takes the first, podman all. */
  takes: 'first' | 'all'
  /** Whether each pod needs the plugin `loopback`. */
  needsLoopback: boolean
}

/** Where packages put the programs of runtimes. */
const usual = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/bin']

/** The first program of a name in PATH or in the usual directories. */
export function programNamed(name: string): string | undefined {
  const path = (environment().PATH ?? '').split(':').filter((entry) => entry.startsWith('/'))
  return [...path, ...usual].map((directory) => `${directory}/${name}`).find(isProgram)
}

/** A directory of PATH may be closed to this user. */
function isProgram(path: string): boolean {
  const found = tolerate(() => stat(path), 'EACCES')
  return found !== undefined && isKind(found, Kind.REGULAR) && (found.mode & 0o111) !== 0
}

/** The runtimes that run or are installed. @param leftOut is told of settings that cannot be read */
export function findRuntimes(leftOut: LeftOut): Runtime[] {
  const running = processesOf(['containerd', 'crio'])
  return [
    ...each('containerd', running, (words) =>
      containerd(settingsOf(valueIn(words, '--config', '-c') ?? '/etc/containerd/config.toml', leftOut)),
    ),
    ...each('crio', running, (words) =>
      crio(
        settingsOf(
          [
            valueIn(words, '--config', '-c') ?? '/etc/crio/crio.conf',
            `${valueIn(words, '--config-dir', '-d') ?? '/etc/crio/crio.conf.d'}/*`,
          ],
          leftOut,
        ),
      ),
    ),
    ...each('podman', running, () => podman(settingsOf(podmanFiles(), leftOut))),
  ]
}

type Use = Omit<Runtime, 'name' | 'program' | 'runs'>

/** A runtime of each process; of an installed program where none runs. @param use reads its settings; undefined when it does not use CNI */
function each(
  name: Runtime['name'],
  running: readonly Process[],
  use: (words: readonly string[]) => Use | undefined,
): Runtime[] {
  const processes = running.filter((one) => one.name === name)
  const installed = processes.length === 0 ? programNamed(name) : undefined
  const found = processes.map(({ program, arguments: words }) => ({ program, words, runs: true }))
  if (installed) found.push({ program: installed, words: [], runs: false })
  return found.flatMap(({ program, words, runs }) => {
    const used = use(words)
    return used ? [{ name, program, runs, ...used }] : []
  })
}

const standardPlugins = '/opt/cni/bin'
const standardLists = '/etc/cni/net.d'

/** Tables of its CRI plugin in versions 3, 2 and 1 of its configuration. */
const criTables = ['plugins.io.containerd.cri.v1.runtime', 'plugins.io.containerd.grpc.v1.cri', 'plugins.cri']

/** @returns undefined without CRI, as on a host of Docker: then nothing calls plugins */
function containerd(settings: Settings): Use | undefined {
  const disabled = settings.texts('disabled_plugins')?.value ?? []
  if (
    disabled.some((name) => name === 'cri' || name.startsWith('io.containerd.cri.') || name.endsWith('.cri'))
  )
    return undefined
  const keys = (key: string) => criTables.map((table) => `${table}.cni.${key}`)
  return {
    pluginDirectories: settings.texts(...keys('bin_dirs'), ...keys('bin_dir')) ?? {
      value: [standardPlugins],
      where: `default of containerd: ${settings.main} has no bin_dir`,
    },
    listDirectory: settings.text(...keys('conf_dir')) ?? {
      value: standardLists,
      where: `default of containerd: ${settings.main} has no conf_dir`,
    },
    takes: settings.number(...keys('max_conf_num')) === 0 ? 'all' : 'first',
    needsLoopback: !settings.isTrue(...criTables.map((table) => `${table}.cni.use_internal_loopback`)),
  }
}

function crio(settings: Settings): Use {
  const table = 'crio.network'
  const chosen = settings.text(`${table}.cni_default_network`)?.value
  return {
    pluginDirectories: settings.texts(`${table}.plugin_dirs`, `${table}.plugin_dir`) ?? {
      value: [standardPlugins],
      where: `default of CRI-O: ${settings.main} has no plugin_dirs`,
    },
    listDirectory: settings.text(`${table}.network_dir`) ?? {
      value: standardLists,
      where: `default of CRI-O: ${settings.main} has no network_dir`,
    },
    takes: chosen ? 'all' : 'first',
    needsLoopback: false,
  }
}

/** Later files replace what earlier ones say (containers.conf(5)). */
function podmanFiles(): string[] {
  const own = environment().CONTAINERS_CONF
  if (own) return [own]
  const directories = ['/usr/share/containers', '/etc/containers']
  return directories.flatMap((one) => [`${one}/containers.conf`, `${one}/containers.conf.d/*.conf`])
}

/** podman's default of cni_plugin_dirs, containers.conf(5). */
const podmanPlugins = [
  ...['/usr/local/libexec/cni', '/usr/libexec/cni', '/usr/local/lib/cni', '/usr/lib/cni', standardPlugins],
]

/** What podman 4 has chosen when it was first used. */
const chosenBackEnd = '/var/lib/containers/storage/defaultNetworkBackend'

/** @returns undefined with netavark, which is podman 5's only network program */
function podman(settings: Settings): Use | undefined {
  const backEnd =
    settings.text('network.network_backend')?.value ??
    tolerate(() => readFileIfAny(chosenBackEnd), 'EACCES')?.trim()
  if (backEnd !== 'cni') return undefined
  return {
    pluginDirectories: settings.texts('network.cni_plugin_dirs') ?? {
      value: podmanPlugins,
      where: 'default of podman: containers.conf has no cni_plugin_dirs',
    },
    listDirectory: settings.text('network.network_config_dir') ?? {
      value: standardLists,
      where: 'default of podman: containers.conf has no network_config_dir',
    },
    takes: 'all',
    needsLoopback: false,
  }
}
