/** The operator's verbs. Each is a file, which only its call loads. */

import type { Verbs } from './form/verb.ts'

/** By name; a name of two words is that of a group and of what it does. In the order in which help shows them. */
export const verbs: Verbs = {
  install: async () => (await import('./verbs/install.ts')).install,
  uninstall: async () => (await import('./verbs/uninstall.ts')).uninstall,
  gc: async () => (await import('./verbs/gc.ts')).gc,
  reapply: async () => (await import('./verbs/reapply.ts')).reapply,
  reconcile: async () => (await import('./verbs/reconcile.ts')).reconcile,
  logs: async () => (await import('./verbs/logs.ts')).logs,
  stay: async () => (await import('./verbs/stay.ts')).stay,
  version: async () => (await import('./verbs/version.ts')).version,
  help: async () => (await import('./verbs/help.ts')).help,
}
