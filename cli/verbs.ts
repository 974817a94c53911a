/** The operator's verbs. Each is a file, which only its call loads. */

import type { Verbs } from './form/verb.ts'

/** By name; a name of two words is that of a group and of what it does. In the order in which help shows them. */
export const verbs: Verbs = {
  // the node
  status: async () => (await import('./verbs/status.ts')).status,
  doctor: async () => (await import('./verbs/doctor.ts')).doctor,
  ls: async () => (await import('./verbs/ls.ts')).ls,
  show: async () => (await import('./verbs/show.ts')).show,
  topology: async () => (await import('./verbs/topology.ts')).topology,
  // configurations
  validate: async () => (await import('./verbs/validate.ts')).validate,
  schema: async () => (await import('./verbs/schema.ts')).schema,
  explain: async () => (await import('./verbs/explain.ts')).explain,
  plan: async () => (await import('./verbs/plan.ts')).plan,
  // packets
  trace: async () => (await import('./verbs/trace.ts')).trace,
  test: async () => (await import('./verbs/test.ts')).test,
  capture: async () => (await import('./verbs/capture.ts')).capture,
  // addresses
  'ipam ls': async () => (await import('./verbs/ipam-ls.ts')).ipamLs,
  'ipam show': async () => (await import('./verbs/ipam-show.ts')).ipamShow,
  'ipam check': async () => (await import('./verbs/ipam-check.ts')).ipamCheck,
  'ipam release': async () => (await import('./verbs/ipam-release.ts')).ipamRelease,
  // many hosts
  'pool create': async () => (await import('./verbs/pool-create.ts')).poolCreate,
  'pool change': async () => (await import('./verbs/pool-change.ts')).poolChange,
  'pool delete': async () => (await import('./verbs/pool-delete.ts')).poolDelete,
  'pool ls': async () => (await import('./verbs/pool-ls.ts')).poolLs,
  'pool show': async () => (await import('./verbs/pool-show.ts')).poolShow,
  'pool claim': async () => (await import('./verbs/pool-claim.ts')).poolClaim,
  'pool check': async () => (await import('./verbs/pool-check.ts')).poolCheck,
  'pool release': async () => (await import('./verbs/pool-release.ts')).poolRelease,
  'pool recover': async () => (await import('./verbs/pool-recover.ts')).poolRecover,
  agent: async () => (await import('./verbs/agent.ts')).agent,
  dhcp: async () => (await import('./verbs/dhcp.ts')).dhcp,
  // attachments by hand
  add: async () => (await import('./verbs/add.ts')).add,
  check: async () => (await import('./verbs/check.ts')).check,
  del: async () => (await import('./verbs/del.ts')).del,
  'netns up': async () => (await import('./verbs/netns-up.ts')).netnsUp,
  'netns down': async () => (await import('./verbs/netns-down.ts')).netnsDown,
  // upkeep
  gc: async () => (await import('./verbs/gc.ts')).gc,
  reapply: async () => (await import('./verbs/reapply.ts')).reapply,
  reconcile: async () => (await import('./verbs/reconcile.ts')).reconcile,
  metrics: async () => (await import('./verbs/metrics.ts')).metrics,
  logs: async () => (await import('./verbs/logs.ts')).logs,
  bundle: async () => (await import('./verbs/bundle.ts')).bundle,
  // this executable
  install: async () => (await import('./verbs/install.ts')).install,
  uninstall: async () => (await import('./verbs/uninstall.ts')).uninstall,
  stay: async () => (await import('./verbs/stay.ts')).stay,
  completion: async () => (await import('./verbs/completion.ts')).completion,
  complete: async () => (await import('./verbs/complete.ts')).complete,
  version: async () => (await import('./verbs/version.ts')).version,
  help: async () => (await import('./verbs/help.ts')).help,
}
