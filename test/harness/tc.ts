/** Traffic control as `tc -j` shows it. */

import { command } from './command.ts'
import type { Netns } from './host.ts'

/** A qdisc. */
export interface Qdisc {
  kind: string
  handle: string
  root?: boolean
  parent?: string
  options: Record<string, unknown>
}

/** Runs `tc` with a line of arguments, on the host or in a namespace. */
export function tc(words: string, netns?: Netns): string {
  const inside = netns ? ['-n', netns.name] : []
  return command('tc', ...inside, ...words.split(' '))
}

/** The qdiscs of a link that were made, without the kernel's own. */
export function qdiscs(link: string, netns?: Netns): Qdisc[] {
  const found: Qdisc[] = JSON.parse(tc(`-j qdisc show dev ${link}`, netns))
  return found.filter(({ kind }) => kind !== 'noqueue')
}

/** The root qdisc of a link; undefined when it has only one of the kernel's own. */
export function rootQdisc(link: string, netns?: Netns): Qdisc | undefined {
  return qdiscs(link, netns).find(({ root }) => root)
}
