/** Loaded before a program: its #engine is the lying one. */

import { registerHooks } from 'node:module'

const engine = new URL('lying-engine.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '#engine'
      ? { url: engine, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})
