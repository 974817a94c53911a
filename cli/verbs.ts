/** The operator's verbs. Each is a file, which only its call loads. */

import type { Verbs } from './form/verb.ts'

/** By name; a name of two words is that of a group and of what it does. In the order in which help shows them. */
export const verbs: Verbs = {
  install: async () => (await import('./verbs/install.ts')).install,
  uninstall: async () => (await import('./verbs/uninstall.ts')).uninstall,
  ls: async () => (await import('./verbs/ls.ts')).ls,
  show: async () => (await import('./verbs/show.ts')).show,
  'ipam ls': async () => (await import('./verbs/ipam-ls.ts')).ipamLs,
  'ipam show': async () => (await import('./verbs/ipam-show.ts')).ipamShow,
  'ipam check': async () => (await import('./verbs/ipam-check.ts')).ipamCheck,
  'ipam release': async () => (await import('./verbs/ipam-release.ts')).ipamRelease,
  topology: async () => (await import('./verbs/topology.ts')).topology,
  gc: async () => (await import('./verbs/gc.ts')).gc,
  reapply: async () => (await import('./verbs/reapply.ts')).reapply,
  reconcile: async () => (await import('./verbs/reconcile.ts')).reconcile,
  stay: async () => (await import('./verbs/stay.ts')).stay,
  version: async () => (await import('./verbs/version.ts')).version,
  help: async () => (await import('./verbs/help.ts')).help,
}
