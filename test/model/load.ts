/** Loads copies of the product's modules that run on the model's engine; a copy may have bugs put in by hand. */

import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

/** One change of a module's source: the file's path in the project, a text that it has once, and the text to put there. */
export interface Edit {
  file: string
  from: string
  to: string
}

const root = new URL('../../', import.meta.url)
const engine = new URL('engine.ts', import.meta.url).href
/** Marks the modules of a copy: the copy's number follows. */
const MARK = '?copy='

const copies: (readonly Edit[])[] = []

/** Everything that a copy imports belongs to the copy, except packages and the types that vanish. */
registerHooks({
  resolve(specifier, context, next) {
    const copy = copyOf(context.parentURL)
    if (copy === undefined) return next(specifier, context)
    if (specifier === '#engine') return { url: engine, shortCircuit: true }
    const resolved = next(specifier, context)
    const isOurs = specifier.startsWith('.') && !resolved.url.includes('/node_modules/')
    return isOurs ? { ...resolved, url: resolved.url + MARK + copy } : resolved
  },
  load(url, context, next) {
    const copy = copyOf(url)
    if (copy === undefined) return next(url, context)
    const file = url.slice(root.href.length).split(MARK)[0] ?? ''
    const edits = (copies[Number(copy)] ?? []).filter((edit) => edit.file === file)
    return edits.length === 0 ? next(url, context) : { ...next(url, context), source: edited(file, edits) }
  },
})

function copyOf(url: string | undefined): string | undefined {
  return url?.split(MARK)[1]
}

function edited(file: string, edits: readonly Edit[]): string {
  return edits.reduce(
    (text, { from, to }) => {
      if (text.split(from).length !== 2) throw new Error(`${file} does not have this text once: ${from}`)
      return text.replace(from, () => to)
    },
    readFileSync(new URL(file, root), 'utf8'),
  )
}

/** A function that imports the product's modules as a copy of their own. Its argument is a path in the project. */
export function newCopy(edits: readonly Edit[]): <Module>(file: string) => Promise<Module> {
  const number = copies.push(edits) - 1
  return (file) => import(new URL(file, root).href + MARK + number)
}

/** Imports the product's modules that the model calls, as a copy of their own. */
export async function loadProduct(edits: readonly Edit[] = []) {
  const load = newCopy(edits)
  type HostLocal = typeof import('../../shared/ipam/host-local/plugin.ts')
  type Index = typeof import('../../shared/ipam/host-local/index.ts')
  type Records = typeof import('../../shared/ipam/host-local/records.ts')
  type Files = typeof import('../../shared/kernel/files.ts')
  type InPlace = typeof import('../../shared/kernel/in-place.ts')
  type Boot = typeof import('../../shared/kernel/boot.ts')
  type Lock = typeof import('../../shared/kernel/lock.ts')
  const { hostLocal } = await load<HostLocal>('shared/ipam/host-local/plugin.ts')
  return {
    hostLocal,
    index: await load<Index>('shared/ipam/host-local/index.ts'),
    records: await load<Records>('shared/ipam/host-local/records.ts'),
    files: await load<Files>('shared/kernel/files.ts'),
    inPlace: await load<InPlace>('shared/kernel/in-place.ts'),
    boot: await load<Boot>('shared/kernel/boot.ts'),
    lock: await load<Lock>('shared/kernel/lock.ts'),
  }
}

export type Product = Awaited<ReturnType<typeof loadProduct>>
