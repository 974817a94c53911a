/** Writes sysctls in the container, and compares them. Each is as it was when ADD fails. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Undo } from '../../shared/attachment/undo.ts'
import { CniError, Code, type Complaint, factsOf } from '../../shared/error/error.ts'
import { KernelError, tolerate } from '../../shared/kernel/errno.ts'
import { readFileIfAny, writeInPlace } from '../../shared/kernel/files.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import { normalized, type Sysctl } from './sysctl.ts'

type Place = Pick<Sides, 'container'>

/** What the kernel made of values: by the sysctl's name, where it is another text than that of the configuration. */
export type Kept = Record<string, string>

/** `nsenter --net=… sysctl -w NAME=VALUE` for each. @throws CniError that names the sysctl and the remedy */
export function applySysctls({ container }: Place, sysctls: readonly Sysctl[], undo: Undo): Kept {
  if (sysctls.length === 0) return {}
  const kept: Kept = {}
  inNamespace(container, () => {
    for (const sysctl of sysctls) {
      const before = readIfReadable(sysctl)
      if (before === normalized(sysctl.value)) continue
      undo(() => before !== undefined && inNamespace(container, () => write(sysctl.name, before)))
      set(sysctl, container.path)
      const now = readIfReadable(sysctl)
      if (now !== undefined && now !== normalized(sysctl.value)) kept[sysctl.name] = now
    }
  })
  return kept
}

/**
 * Compares sysctls with the configuration. One that cannot be read, such as `route/flush`, has no value to compare.
 * @param kept what ADD found after it had written
 * @throws CniError naming the first difference
 */
export function checkSysctls({ container }: Place, sysctls: readonly Sysctl[], kept: Kept): void {
  if (sysctls.length === 0) return
  inNamespace(container, () => {
    for (const sysctl of sysctls) compare(sysctl, kept, container.path)
  })
}

function compare(sysctl: Sysctl, kept: Kept, netns: string): void {
  const { name, value } = sysctl
  const now = readIfReadable(sysctl)
  const see = commandIn({ netns }, `cat ${fileOf(name)}`)
  if (now === undefined) {
    if (exists(name)) return
    throw broken(`sysctl ${name} is gone`, { see })
  }
  if (now === normalized(value) || (Object.hasOwn(kept, name) && now === kept[name])) return
  throw broken(`sysctl ${name} is ${JSON.stringify(now)}, not ${JSON.stringify(normalized(value))}`, {
    hint: `repair it: ${commandIn({ netns }, `sysctl -w ${name}='${normalized(value)}'`)}`,
    see,
  })
}

function fileOf(name: string): string {
  return `/proc/sys/${name}`
}

/** The value; undefined where there is none, or it can only be written. */
function readIfReadable({ name }: Sysctl): string | undefined {
  const text = tolerate(() => readFileIfAny(fileOf(name)), 'EACCES', 'EPERM', 'EISDIR')
  return text === undefined ? undefined : normalized(text)
}

function exists(name: string): boolean {
  try {
    return readFileIfAny(fileOf(name)) !== undefined
  } catch {
    return true
  }
}

/** With a line feed, the kernel takes an empty value, too. */
function write(name: string, value: string): void {
  writeInPlace(fileOf(name), `${value}\n`)
}

function set({ key, name, value }: Sysctl, netns: string): void {
  try {
    write(name, value)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const { msg, hint, code } = reasonOf(error, { key, name, value })
    const see = commandIn({ netns }, `ls -l ${fileOf(name)}`)
    throw new CniError(code, { ...factsOf(error), msg, hint, see })
  }
}

function reasonOf({ errno }: KernelError, { key, name, value }: Sysctl): Complaint & { code: Code } {
  const what = `sysctl ${JSON.stringify(key)}`
  if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errno))
    return {
      code: Code.InvalidNetworkConfig,
      msg: `${what}: the container's kernel has no ${name}: correct the name, or load the module that brings it`,
      hint: 'list those of a namespace with: sysctl -a; some exist on the host only',
    }
  if (['EACCES', 'EPERM', 'EROFS'].includes(errno))
    return {
      code: Code.IoFailure,
      msg: `${what} cannot be written in the container (${errno}): it is the host's, or /proc/sys is read-only`,
      hint: 'set it on the host if it is not of a network namespace; else mount /proc/sys writable for the plugin',
    }
  return {
    code: Code.InvalidNetworkConfig,
    msg: `${what}: the kernel refuses ${JSON.stringify(value.slice(0, 60))} (${errno})`,
    hint: 'its meaning is in the kernel: Documentation/networking/ip-sysctl.rst',
  }
}
