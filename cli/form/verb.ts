/** A verb of the operator as data: its help, shell completion, manual page and the pages of docs/cli are made from it. */

import type { Registry } from '../../shared/cni/plugin.ts'
import type { Complaint } from '../../shared/error/error.ts'
import type { Page } from './page.ts'

/** 0: fine. 1: a failure, or something was found. 2: a wrong command line. */
export type Status = 0 | 1 | 2

/** What a word or a value names: the shell completes it. */
export type Names =
  | 'file'
  | 'directory'
  | 'network'
  | 'container'
  | 'namespace'
  | 'plugin'
  | readonly string[]

/** How often a word stands: once, at most once, at least once, any number of times. */
export type Count = 'one' | 'optional' | 'many' | 'any'

/** A word that follows the verb. */
export interface Word {
  /** In capitals, as help shows it. */
  name: string
  means: string
  count: Count
  names?: Names
  /** Whether it may be empty or have any character: a part of another command line. */
  raw?: boolean
}

/** How a flag takes values: none, one, one that may follow `=` alone, or all words to the next flag. */
export type Takes = 'none' | 'one' | 'optional' | 'many'

/** A flag. Its key is `--long`. */
export interface Flag {
  takes: Takes
  means: string
  /** The value's name in capitals. */
  value?: string
  /** One letter: `-v`. */
  short?: string
  names?: Names
}

export type Flags = Readonly<Record<`--${string}`, Flag>>

/** The flags that were given, by their long names, each with its values. */
export type Given = ReadonlyMap<string, readonly string[]>

/** What a verb found out: documented JSON (cli/answers), and the same as a text for people. */
export interface Answer {
  data: unknown
  /** The text for people, without the last line's end. */
  text(page: Page): string
  status?: Status
}

/** A line to standard output, and to standard error. */
export interface Output {
  out(line: string): void
  err(line: string): void
}

/** A call of a verb. With `-o json` or `-o yaml` only the answer is written to standard output: `out` drops its lines. */
export interface Call extends Output {
  words: readonly string[]
  flags: Given
  plugins: Registry
  verbs: Verbs
  /** An error, or what could not be seen. */
  complain(where: string, complaint: Complaint): void
  /** What work of more than a second does now: a line that the next one replaces, on a terminal only. */
  progress(text: string): void
  /** Whether the reader of standard output has gone, as `head` does: a verb without an end then ends. */
  isUnread(): boolean
}

export interface Verb {
  /** What it does, in one line without a full stop, in the third person. */
  summary: string
  /** What the operator must know besides: one paragraph each. */
  text?: readonly string[]
  words?: readonly Word[]
  flags?: Flags
  /** Whether programs call it and people do not: help does not list it. */
  hidden?: boolean
  /** Whether it takes `-o`: it then returns an answer, unless it throws. */
  answers?: boolean
  /** Arguments of a call that works, and what that call is for. */
  example: { call: string; does: string }
  /** @throws CniError: it is printed, and the status is 1, or 2 for `misuse` */
  run(call: Call): Status | Answer | Promise<Status | Answer>
}

/** The verbs by name, as `gc` or `ipam ls`. Each is a file, which only its call loads. */
export type Verbs = Readonly<Record<string, () => Promise<Verb>>>

/** The last value of a flag, or undefined. */
export function lastOf(given: Given, flag: string): string | undefined {
  return given.get(flag)?.at(-1)
}
