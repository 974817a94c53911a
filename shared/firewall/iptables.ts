/** iptables' own programs: the NAT table read as a whole, and changed by one run. */

import { run } from '#engine'
import { CniError, Code } from '../cni/error.ts'
import { directories, findProgram } from '../kernel/program.ts'

/** Which iptables: the family, and one of its two kinds where it matters which. */
export interface Iptables {
  family: 4 | 6
  /** Absent: the one that the system has chosen. */
  kind?: 'nft' | 'legacy'
}

/** The rules of table nat, line by line, as `iptables-save -t nat` prints them. @throws CniError */
export async function save(iptables: Iptables): Promise<string[]> {
  const stdout = await execute(iptables, 'save', ['-t', 'nat'], '')
  return stdout.split('\n')
}

/** Applies lines to table nat, all or none of them. @throws CniError */
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

/** iptables-nft says so, in a comment or on stderr, when `nft` has put into its table what it cannot express. */
function isIncompatible(output: string): boolean {
  return /is incompatible, use 'nft' tool/.test(output)
}

function failed(words: string[], input: string, status: number, output: string): CniError {
  return new CniError(Code.Internal, {
    msg: `${words.join(' ')} failed with status ${status}: ${output.trim()}`,
    hint: isIncompatible(output)
      ? 'table nat has rules that were not made by iptables (see nft list table ip nat): put them into a table of another name, or set "ipMasqBackend" to "nftables"'
      : undefined,
    reproduce: input ? `${words.join(' ')} <<EOF\n${input}EOF` : words.join(' '),
  })
}

/** The names a program goes by: that of its kind first, then what the system has chosen. */
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

/** Why nothing can be done with iptables; undefined when it is installed. */
export function whyUnusable(): string | undefined {
  if (find({ family: 4 }, 'restore')) return undefined
  return `iptables-restore is not installed in ${directories.join(', ')}: install the package iptables`
}
