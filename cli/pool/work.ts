/** `#pool` of the Node engine: the work of the verbs `patchbay pool …`. On QuickJS it is elsewhere.ts. */

import type { Answer, Call, Status } from '../form/verb.ts'

/** What a verb does when it is called. */
export type Run = (call: Call) => Status | Answer | Promise<Status | Answer>

export type Work = Readonly<Record<'ls' | 'show' | 'check', Run>>

export const work: Work = {
  ls: async (call) => (await import('./ls.ts')).listPools(call),
  show: async (call) => (await import('./show.ts')).showPool(call),
  check: async (call) => (await import('./check.ts')).checkPools(call),
}
