/** The operator's verbs. Each is a file beside, which only its call loads. */

import type { Registry } from '../shared/cni/plugin.ts'
import { version } from '../shared/version.ts'
import type { Output } from './reconcile.ts'
import { usage } from './usage.ts'

/** What a verb does. */
export interface Verb {
  /** How many words may follow it; a verb without it reads them itself. */
  most?: number
  /** @returns the exit status */
  run(args: string[], output: Output, plugins: Registry): number | Promise<number>
}

/** By name. */
export const verbs: Readonly<Record<string, Verb>> = {
  version: { most: 0, run: (_, { out }) => print(out, `patchbay ${version}`) },
  help: { run: (_, { out }, plugins) => print(out, usage(plugins).trimEnd()) },
  install: { run: async (args, output) => (await import('./install.ts')).install(args, output) },
  uninstall: { run: async (args, output) => (await import('./uninstall.ts')).uninstall(args, output) },
  reapply: { most: 0, run: async (_, output) => (await import('./reapply.ts')).reapply(output) },
  reconcile: {
    most: 1,
    run: async (args, output, plugins) =>
      (await import('./reconcile.ts')).reconcile(plugins, output, ...args),
  },
  gc: { run: async (args, output, plugins) => (await import('./gc.ts')).gc(args, output, plugins) },
  stay: { most: 0, run: async (_, output) => (await import('./stay.ts')).stay(output) },
}

function print(out: Output['out'], text: string): number {
  out(text)
  return 0
}
