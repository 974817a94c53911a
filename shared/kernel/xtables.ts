/** Reads a table of iptables-legacy from the kernel, without its programs (include/uapi/linux/netfilter_ipv4/ip_tables.h, and ipv6's). */

import { isErrno } from './errno.ts'
import { close, readFileIfAny } from './files.ts'
import { must } from './syscall.ts'

/** The numbers of hooks, include/uapi/linux/netfilter.h. */
export const hooks = { INPUT: 1, FORWARD: 2 } as const

/** A table, with its rules as the kernel has them. */
export interface Xtable {
  /** Rules, with those of the policies. */
  count: number
  /** Whether a built-in chain has rules besides its policy. @param hook NF_INET_… */
  hasRules(hook: number): boolean
  /** How a built-in chain ends a packet that no rule accepts; undefined when the packet goes on. */
  closing(hook: keyof typeof hooks): string | undefined
  /** Whether a built-in chain has no rules but its policy. */
  isEmpty(hook: keyof typeof hooks): boolean
}

/** What differs between the families: the socket's, and the layout of struct ipt_entry and struct ip6t_entry. */
const families = {
  4: { domain: 2, level: 0, match: 84, targetOffset: 88, header: 112 },
  6: { domain: 10, level: 41, match: 136, targetOffset: 140, header: 168 },
} as const

const SOCK_DGRAM_CLOEXEC = 0o2000002
/** IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES; IPv6 has the same. */
const [GET_INFO, GET_ENTRIES] = [64, 65]
/** struct ipt_getinfo, and struct ipt_get_entries before its rules. */
const [INFO_BYTES, ENTRIES_HEADER] = [84, 40]
/** struct xt_entry_target: the name after the size, the verdict of a standard target after both. */
const [TARGET_NAME, TARGET_VERDICT] = [2, 32]
/** -NF_DROP - 1 */
const VERDICT_DROP = -1
/** The table may change between the two questions: EAGAIN. */
const attempts = 10

/**
 * Whether iptables-legacy uses a table in this network namespace; the question loads no module. The kernel's list belongs to the root of
 * the machine if the namespace was made together with its user namespace (xt_proto_init, net/netfilter/x_tables.c).
 * @returns undefined when the list cannot be read
 */
export function hasXtable(family: 4 | 6, table: string): boolean | undefined {
  try {
    const names = readFileIfAny(`/proc/net/${family === 4 ? 'ip' : 'ip6'}_tables_names`) ?? ''
    return names.split('\n').includes(table)
  } catch (error) {
    if (isErrno(error, 'EACCES')) return undefined
    throw error
  }
}

/** `iptables-legacy-save -t TABLE`; undefined when iptables-legacy does not use the table. @throws KernelError */
export function readXtable(family: 4 | 6, table: string): Xtable | undefined {
  // The question would make a table where there is none.
  if (!hasXtable(family, table)) return undefined
  const { domain } = families[family]
  const fd = must('open a socket', 'socket', domain, SOCK_DGRAM_CLOEXEC, 0)
  try {
    return read(fd, family, table)
  } finally {
    close(fd)
  }
}

function read(fd: number, family: 4 | 6, table: string, left = attempts): Xtable | undefined {
  const info = named(table, INFO_BYTES)
  if (!answered(fd, family, GET_INFO, info)) return undefined
  const size = info.readUInt32LE(80)
  const entries = named(table, ENTRIES_HEADER + size)
  entries.writeUInt32LE(size, 32)
  try {
    if (!answered(fd, family, GET_ENTRIES, entries)) return undefined
  } catch (error) {
    if (!isErrno(error, 'EAGAIN') || left === 0) throw error
    return read(fd, family, table, left - 1)
  }
  const rules = entries.subarray(ENTRIES_HEADER)
  const offset = (hook: keyof typeof hooks, from: number) => info.readUInt32LE(from + 4 * hooks[hook])
  return {
    count: info.readUInt32LE(76),
    hasRules: (hook) => info.readUInt32LE(36 + 4 * hook) !== info.readUInt32LE(56 + 4 * hook),
    closing: (hook) => closingOf(family, rules, offset(hook, 36), offset(hook, 56)),
    isEmpty: (hook) => offset(hook, 36) === offset(hook, 56),
  }
}

function named(table: string, size: number): Buffer {
  const question = Buffer.alloc(size)
  question.write(table)
  return question
}

/** Asks by getsockopt(2). @returns false when the kernel has no such table */
function answered(fd: number, family: 4 | 6, option: number, question: Buffer): boolean {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(question.length)
  const program = family === 4 ? 'iptables-legacy' : 'ip6tables-legacy'
  try {
    must(`read the rules of ${program}`, 'getsockopt', fd, families[family].level, option, question, length)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOPROTOOPT')) return false
    throw error
  }
}

/** @param first the offset of a chain's first rule @param policy that of its policy, which is a rule, too */
function closingOf(family: 4 | 6, rules: Buffer, first: number, policy: number): string | undefined {
  if (rules.length > policy && verdictAt(family, rules, policy) === 'DROP') return 'policy DROP'
  const { targetOffset, header } = families[family]
  for (let at = first; at < policy && at + header <= rules.length; ) {
    if (isUnconditional(family, rules, at) && verdictAt(family, rules, at))
      return 'a rule that refuses all other packets'
    at += Math.max(rules.readUInt16LE(at + targetOffset + 2), header)
  }
  return undefined
}

/** A rule without a match: all that it compares is zero. */
function isUnconditional(family: 4 | 6, rules: Buffer, at: number): boolean {
  const { match, targetOffset, header } = families[family]
  const compared = rules.subarray(at, at + match)
  return rules.readUInt16LE(at + targetOffset) === header && compared.every((byte) => byte === 0)
}

function verdictAt(family: 4 | 6, rules: Buffer, at: number): 'DROP' | 'REJECT' | undefined {
  const target = at + rules.readUInt16LE(at + families[family].targetOffset)
  const name = rules.subarray(target + TARGET_NAME, rules.indexOf(0, target + TARGET_NAME)).toString()
  if (name === 'REJECT') return 'REJECT'
  return name === '' && rules.readInt32LE(target + TARGET_VERDICT) === VERDICT_DROP ? 'DROP' : undefined
}
