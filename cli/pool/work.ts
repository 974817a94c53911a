/** `#pool` of the Node engine: the work of the verbs `patchbay pool …`. On QuickJS it is elsewhere.ts. */

import type { Answer, Call, Status } from '../form/verb.ts'

/** What a verb does when it is called. */
export type Run = (call: Call) => Status | Answer | Promise<Status | Answer>

export type Work = Readonly<
  Record<'create' | 'change' | 'delete' | 'ls' | 'show' | 'check' | 'release' | 'recover' | 'claim', Run>
>

export const work: Work = {
  create: async (call) => (await import('./create.ts')).createPool(call),
  change: async (call) => (await import('./change.ts')).changePool(call),
  delete: async (call) => (await import('./delete.ts')).deletePool(call),
  ls: async (call) => (await import('./ls.ts')).listPools(call),
  show: async (call) => (await import('./show.ts')).showPool(call),
  check: async (call) => (await import('./check.ts')).checkPools(call),
  release: async (call) => (await import('./release.ts')).releaseHost(call),
  recover: async (call) => (await import('./recover.ts')).recoverStore(call),
  claim: async (call) => (await import('./claim.ts')).runClaim(call),
}
