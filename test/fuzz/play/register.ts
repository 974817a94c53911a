/** Loaded before a program: its #engine is the lying one, and its #store that of QuickJS, which speaks with no etcd. */

import { registerHooks } from 'node:module'

const instead: Record<string, string> = {
  '#engine': new URL('lying-engine.ts', import.meta.url).href,
  '#store': new URL('../../../shared/store/client.ts', import.meta.url).href,
}

registerHooks({
  resolve: (specifier, context, next) => {
    const url = instead[specifier]
    return url ? { url, format: 'module-typescript', shortCircuit: true } : next(specifier, context)
  },
})
