/** Words of iptables that a configuration has: which may stand in a rule, and how they are quoted for iptables-restore. */

/** Commands, targets and options of the program itself, by their long names (iptables(8)). A condition only says which packets. */
const refused = [
  'append',
  'delete',
  'insert',
  'replace',
  'list',
  'list-rules',
  'flush',
  'zero',
  'new-chain',
  'delete-chain',
  'policy',
  'rename-chain',
  'check',
  'jump',
  'goto',
  'table',
  'protocol',
  'proto',
  'set-counters',
  'wait',
  'modprobe',
]

/** The same by their letters, which a value may follow without a space: `-jACCEPT`. */
const refusedLetter = /^-[ADIRLSFZNXPECjgtpcwWM]/

/** Why a word cannot be one of a condition, as a phrase; undefined when it can. */
export function whyNoCondition(word: string): string | undefined {
  if (hasControl(word)) return 'has a control character'
  const [, name] = /^--([^=]*)/.exec(word) ?? []
  if (refusedLetter.test(word) || (name !== undefined && refused.includes(name)))
    return 'is no condition, but a command, a protocol or a target'
  return undefined
}

/** A newline would end the line, and begin another. */
function hasControl(word: string): boolean {
  return [...word].some((character) => character < ' ' || character === '\x7f')
}

/** A word for iptables-restore, which splits a line at spaces, except between double quotes; a backslash before a character quotes it there. */
export function quoted(word: string): string {
  return /^[\w.,:/!+-]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`
}
