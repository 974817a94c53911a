/** Faults of the files of plugins: links that lead nowhere, programs that cannot be executed. */

import { architecture } from '#engine'
import { word } from '../../form/shell.ts'
import { fileSystemOf } from '../../host/file-system.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { install } from '../frame/own-call.ts'
import { listDirectories } from './lists.ts'
import { type PluginFile, pluginFilesOf } from './plugin-files.ts'
import { typesOf } from './plugins.ts'

/** The names that matter in a directory of plugins: those of lists, ours, and loopback. Other files may lie there, such as a licence. */
function wantedOf(view: View): Set<string> {
  const listed = listDirectories(view).flatMap(({ lists }) => lists.flatMap(typesOf))
  return new Set([...listed, ...Object.keys(view.plugins), 'patchbay'])
}

function wrong(view: View, problem: PluginFile['problem']): PluginFile[] {
  const wanted = wantedOf(view)
  return [...pluginFilesOf(view).values()]
    .flat()
    .filter((file) => file.problem === problem && (wanted.has(file.name) || file.problem === 'dangling'))
}

export const danglingPlugin: Fault = {
  id: 'dangling-plugin',
  title: 'the link of a plugin leads nowhere',
  severity: 'error',
  before: true,
  look: (view) =>
    [
      ...Map.groupBy(wrong(view, 'dangling'), ({ directory, target }) => `${directory}\n${target}`).values(),
    ].map((files) => {
      const [{ directory, target, path }] = files as [PluginFile]
      const isOurs = files.every(({ name }) => Object.hasOwn(view.plugins, name))
      return {
        subject: path,
        cause: `the runtime does not find ${files.map(({ name }) => name).join(', ')}: ${target} is not there`,
        evidence: files.map((file) => ({ where: `readlink ${word(file.path)}`, value: file.target ?? '' })),
        mend: [
          ...(target === 'patchbay' ? [] : [`rm ${files.map((file) => word(file.path)).join(' ')}`]),
          ...(isOurs ? [install(directory)] : []),
        ],
      }
    }),
}

export const pluginNotExecutable: Fault = {
  id: 'plugin-not-executable',
  title: 'a plugin may not be executed',
  severity: 'error',
  before: true,
  look: (view) =>
    uniqueFiles(wrong(view, 'not executable')).map(({ path, mode }) => ({
      subject: path,
      cause: 'the runtime gets EACCES, and no pod gets a network of this plugin',
      evidence: [{ where: `stat -c %a ${word(path)}`, value: (mode & 0o7777).toString(8) }],
      mend: [`chmod a+x ${word(path)}`],
    })),
}

export const pluginArchitecture: Fault = {
  id: 'plugin-architecture',
  title: 'a plugin is for another processor',
  severity: 'error',
  before: true,
  look: (view) =>
    uniqueFiles(wrong(view, 'other processor')).map(({ path, directory, name, machine }) => {
      const isOurs = name === 'patchbay' || Object.hasOwn(view.plugins, name)
      return {
        subject: path,
        cause: `the runtime gets "exec format error": it is for ${machine}, this machine is ${architecture}`,
        evidence: [{ where: `readelf -h ${word(path)}`, value: machine }],
        mend: [`rm ${word(path)}`, ...(isOurs ? [install(directory)] : [])],
      }
    }),
}

/** Links to a file have its faults: the file alone is shown, unless it lies elsewhere. */
function uniqueFiles(files: readonly PluginFile[]): PluginFile[] {
  const names = new Set(files.map(({ path }) => path))
  return files.filter(({ target, directory }) => target === undefined || !names.has(`${directory}/${target}`))
}

const ST_NOEXEC = 8

export const pluginsNoexec: Fault = {
  id: 'plugins-noexec',
  title: 'the directory of plugins is mounted noexec',
  severity: 'error',
  before: true,
  look: (view) =>
    [...pluginFilesOf(view)].flatMap(([directory, files]): Finding[] => {
      const system = files.length > 0 ? fileSystemOf(directory) : undefined
      if (!system || (system.flags & ST_NOEXEC) === 0) return []
      return [
        {
          subject: directory,
          cause: 'the kernel executes no plugin there: the runtime gets EACCES',
          evidence: [{ where: `findmnt -T ${word(directory)}`, value: 'noexec' }],
          mend: [`mount -o remount,exec ${word(system.mount)}`],
        },
      ]
    }),
}
