/** A trace under way: what is known of the host, and what was found on the way so far. */

import type { Family } from '../../shared/ip/address.ts'
import type { Traced } from '../answers/trace.ts'
import type { Spot } from './frame.ts'
import type { Known } from './known.ts'
import type { Netns } from './netns.ts'
import type { Ruleset } from './ruleset.ts'
import type { Flow } from './situation.ts'

/** Something that was looked at, and the command that shows it. */
export interface Hop {
  netns: Netns
  way: 'there' | 'back'
  step: Traced['hops'][number]['step']
  text: string
  command?: string
}

/** How the way ends before its destination. */
export interface End {
  verdict: 'dropped' | 'noRoute' | 'unknown'
  netns: Netns
  why: string
  command?: string
}

export interface Trace {
  known: Known
  family: Family
  hops: Hop[]
  way: Hop['way']
  /** What conntrack of each namespace remembers, by the namespace's inode. */
  flows: Map<string, Flow>
  /** The rules of each namespace, by its inode; undefined without nf_tables. */
  rulesets: Map<string, Ruleset | undefined>
  /** The links on the way, for the verdict. */
  links: Spot[]
}

export function newTrace(known: Known, family: Family): Trace {
  return { known, family, hops: [], way: 'there', flows: new Map(), rulesets: new Map(), links: [] }
}

export function note(trace: Trace, netns: Netns, step: Hop['step'], text: string, command?: string): void {
  trace.hops.push({ netns, way: trace.way, step, text, command })
}

export function isEnd(value: object): value is End {
  return 'verdict' in value
}

/** The host, a container by its name, or a namespace by its path. */
export function inPlace({ title, container, isHost }: Netns): string {
  if (isHost) return 'the host'
  return `${container === undefined ? 'namespace' : 'container'} ${title}`
}
