/** Runs iptables-save and iptables-restore on one table. */

import { CniError, Code } from '../error/error.ts'
import { tellChange } from '../kernel/changes.ts'
import { directories, findProgram } from '../kernel/program.ts'
import { type Completed, run, usual } from '../kernel/run.ts'
import { spanned } from '../kernel/span.ts'

/** Which iptables: the family, and the kind where it matters. */
export interface Iptables {
  family: 4 | 6
  /** Absent: the system's default. */
  kind?: 'nft' | 'legacy'
}

export type TableName = 'nat' | 'filter' | 'raw'

/** The rules of a table, line by line, as `iptables-save -t nat` prints them. @throws CniError */
export function save(iptables: Iptables, table: TableName = 'nat'): string[] {
  return execute(iptables, 'save', ['-t', table], '').stdout.split('\n')
}

/** Which kind the program is that printed a table: its first line names iptables-nft, as in `iptables-save v1.8.9 (nf_tables)`. */
export function kindOf([first = '']: string[]): 'nft' | 'legacy' {
  return first.includes('(nf_tables)') ? 'nft' : 'legacy'
}

/** Applies lines to a table, atomically. @throws CniError */
export function restore(iptables: Iptables, lines: string[], table: TableName = 'nat'): void {
  execute(iptables, 'restore', restoring, inputOf(lines, table))
}

const restoring = ['--noflush', '--wait']

function inputOf(lines: string[], table: TableName): string {
  return [`*${table}`, ...lines, 'COMMIT', ''].join('\n')
}

/** The failure of a rule of iptables-restore's input; the first line is that of the table. */
const failedLine = /line (\d+) failed/

/**
 * The first of these rules that a table lacks, compared by iptables itself; undefined when it has all. Changes nothing. Equivalent
 * to `iptables -t nat -C CHAIN RULE` of each.
 * @param rules each a chain and a rule specification
 * @throws CniError
 */
export function firstMissing(
  iptables: Iptables,
  rules: string[],
  table: TableName = 'nat',
): string | undefined {
  const input = inputOf(
    rules.map((rule) => `-C ${rule}`),
    table,
  )
  const { status, stderr } = execute(iptables, 'restore', restoring, input, failedLine)
  const [, line] = failedLine.exec(stderr) ?? []
  return status === 0 ? undefined : rules[Number(line) - 2]
}

/** A node with thousands of services has megabytes of rules. */
const bounds = { ...usual, bytes: 64 * 1024 * 1024 }

/** @param expected of standard error: words of a failure that is no error @throws CniError */
function execute(
  iptables: Iptables,
  task: string,
  args: string[],
  input: string,
  expected?: RegExp,
): Completed {
  const path = locate(iptables, task)
  const started = () => run({ path, arguments: args, input, env: {} }, bounds)
  const completed = spanned('firewall', started, { path })
  const { status, stdout, stderr } = completed
  const [, refused] = incompatible.exec(stdout) ?? incompatible.exec(stderr) ?? []
  if (refused) throw incompatibleTable(iptables, refused)
  const isExpected = status === 0 || expected?.test(stderr)
  if (!isExpected) throw failed([path, ...args], input, completed)
  if (input !== '' && status === 0) tellChange(() => ({ commands: [commandOf([path, ...args], input)] }))
  return completed
}

/** iptables-nft prints this, with status 0, when its table has rules of `nft` that it cannot express. */
const incompatible = /[Tt]able `(\w+)' is incompatible, use 'nft' tool/

function incompatibleTable({ family }: Iptables, table: string): CniError {
  const place = `${family === 4 ? 'ip' : 'ip6'} ${table}`
  return new CniError(Code.Internal, {
    msg: `iptables cannot use table ${place}: another program's rules in it are incompatible with iptables. Move them to a table of their own`,
    hint: "if they must stay, let the configuration use nftables; if the host's own rules are in iptables-legacy, make that its iptables: update-alternatives --config iptables, and ip6tables",
    see: `nft list table ${place}`,
  })
}

const killedHint =
  'another program may hold the lock: fuser -v /run/xtables.lock; or let the configuration use nftables'

function failed(words: string[], input: string, { status, stdout, stderr, killed }: Completed): CniError {
  const output = stderr + stdout
  const how = killed ? `${killed} and was killed` : `failed with status ${status}: ${output.trim()}`
  return new CniError(Code.Internal, {
    msg: `${words.join(' ')} ${how}`,
    hint: killed ? killedHint : undefined,
    reproduce: commandOf(words, input),
  })
}

function commandOf(words: readonly string[], input: string): string {
  return input ? `${words.join(' ')} <<EOF\n${input}EOF` : words.join(' ')
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
    hint: 'install the package iptables, or let the configuration use nftables',
  })
}

export function isInstalled(iptables: Iptables): boolean {
  return find(iptables, 'save') !== undefined
}

/** Why iptables cannot be used; undefined when it is installed. */
export function whyUnusable(): string | undefined {
  if (find({ family: 4 }, 'restore')) return undefined
  return `iptables-restore is not installed in ${directories.join(', ')}`
}
