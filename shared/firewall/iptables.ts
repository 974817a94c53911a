/** Runs iptables-save and iptables-restore on table nat. */

import { run } from '#engine'
import { CniError, Code } from '../error/error.ts'
import { directories, findProgram } from '../kernel/program.ts'

/** Which iptables: the family, and the kind where it matters. */
export interface Iptables {
  family: 4 | 6
  /** Absent: the system's default. */
  kind?: 'nft' | 'legacy'
}

/** The rules of table nat, line by line, as `iptables-save -t nat` prints them. @throws CniError */
export async function save(iptables: Iptables): Promise<string[]> {
  const stdout = await execute(iptables, 'save', ['-t', 'nat'], '')
  return stdout.split('\n')
}

/** Applies lines to table nat, atomically. @throws CniError */
export async function restore(iptables: Iptables, lines: string[]): Promise<void> {
  const input = ['*nat', ...lines, 'COMMIT', ''].join('\n')
  await execute(iptables, 'restore', ['--noflush', '--wait'], input)
}

async function execute(iptables: Iptables, task: string, args: string[], input: string): Promise<string> {
  const path = locate(iptables, task)
  const { status, stdout, stderr } = await run({ path, arguments: args, input, env: {} })
  if (status !== 0 || isIncompatible(stdout)) throw failed([path, ...args], input, status, stderr + stdout)
  return stdout
}

/** iptables-nft prints this when its table has rules of `nft` that it cannot express. */
function isIncompatible(output: string): boolean {
  return /is incompatible, use 'nft' tool/.test(output)
}

function failed(words: string[], input: string, status: number, output: string): CniError {
  return new CniError(Code.Internal, {
    msg: `${words.join(' ')} failed with status ${status}: ${output.trim()}`,
    hint: isIncompatible(output)
      ? 'table nat has rules that iptables did not make (see nft list table ip nat): move them to a table of another name, or set "ipMasqBackend" to "nftables"'
      : undefined,
    reproduce: input ? `${words.join(' ')} <<EOF\n${input}EOF` : words.join(' '),
  })
}

/** The names of a program: the one of the kind first, then the system's default. */
function names({ family, kind }: Iptables, task: string): string[] {
  const prefix = family === 4 ? 'iptables' : 'ip6tables'
  return [...(kind ? [`${prefix}-${kind}-${task}`] : []), `${prefix}-${task}`]
}

function find(iptables: Iptables, task: string): string | undefined {
  return findProgram(...names(iptables, task))
}

function locate(iptables: Iptables, task: string): string {
  const path = find(iptables, task)
  if (path) return path
  throw new CniError(Code.PluginNotAvailable, {
    msg: `${names(iptables, task).join(' or ')} is not installed: looked in ${directories.join(', ')}`,
    hint: 'install the package iptables, or set "ipMasqBackend" to "nftables"',
  })
}

export function isInstalled(iptables: Iptables): boolean {
  return find(iptables, 'save') !== undefined
}

/** Why iptables cannot be used; undefined when it is installed. */
export function whyUnusable(): string | undefined {
  if (find({ family: 4 }, 'restore')) return undefined
  return `iptables-restore is not installed in ${directories.join(', ')}: install the package iptables`
}
