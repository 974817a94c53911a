/** Searches for findings: cases from a seed, played in several worlds at once; each finding is shrunk. */

import fc from 'fast-check'
import { knownAs } from './known.ts'
import { type Case, type Found, isCase } from './play/case.ts'
import type { Place } from './play/outcome.ts'
import { newWorld, type World } from './play/world.ts'
import { shrink } from './shrink.ts'
import { cases } from './values/cases.ts'
import { allDriverCases } from './values/drivers.ts'
import { lyingCases } from './values/lies.ts'

export interface Search {
  seed: number
  /** Ends the search: after so many batches, or at a time of Date.now(). */
  batches?: number
  until?: number
  /** Only this plugin. */
  plugin?: string
  /** Only calls of netavark. */
  netavark?: boolean
  worlds?: number
  place?: Place
  /** Told of each new finding, after it was shrunk. */
  report?(found: Found): void
}

export interface Searched {
  /** How many cases were played. */
  played: number
  found: Found[]
}

/** The cases of a batch: they follow from the seed alone. */
const batchSize = 20

/** The search ends after so many different findings. */
const enough = 25

export async function search({ worlds = 2, ...options }: Search): Promise<Searched> {
  const { batches = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options
  const searched: Searched = { played: 0, found: [] }
  const seen = new Set<string>()
  let next = 0
  const isOver = () => next >= batches || Date.now() > until || searched.found.length >= enough
  const searchIn = async (world: World) => {
    while (!isOver()) {
      for (const input of batch(options, next++)) {
        await examine(input, world, seen, (found) => {
          searched.found.push(found)
          options.report?.(found)
        })
        searched.played++
        if (Date.now() > until) break
      }
    }
    world.end()
  }
  await Promise.all(Array.from({ length: worlds }, () => searchIn(newWorld(options.place))))
  return searched
}

function batch({ seed, plugin, netavark, place }: Search, number: number): Case[] {
  const usual = netavark ? allDriverCases : cases
  const arbitrary = place?.inProcess ? lyingCases(plugin) : usual(plugin)
  return fc.sample(arbitrary, { seed: seed + number, numRuns: batchSize })
}

/** Plays a case, and shrinks each finding that is new and not known. */
async function examine(input: Case, world: World, seen: Set<string>, report: (found: Found) => void) {
  for (const finding of await world.play(input)) {
    const found = { ...finding, input }
    const signature = signatureOf(found)
    if (seen.has(signature)) continue
    seen.add(signature)
    if (!knownAs(found)) report(await leastOf(found, world))
  }
}

/** Seconds in which a finding is shrunk, so that also a busy machine ends. */
const longestShrinking = 60

/** The same finding with the least input that is found in time. */
export async function leastOf(found: Found, world: World, seconds = longestShrinking): Promise<Found> {
  let least = found
  const end = Date.now() + seconds * 1000
  await shrink(found.input, isSimilar(found.input), async (input) => {
    if (Date.now() > end) return false
    const again = (await world.play(input)).find((finding) => isSame({ ...finding, input }, found))
    if (again) least = { ...again, input }
    return again !== undefined
  })
  return least
}

/** Cases of the same plugin and verb. */
function isSimilar({ plugin, verb }: Case) {
  return (value: unknown): value is Case => isCase(value) && value.plugin === plugin && value.verb === verb
}

function isSame(one: Found, other: Found): boolean {
  return signatureOf(one) === signatureOf(other)
}

/** What two findings of one fault have in common: the function that failed, or the text without its values. */
function signatureOf({ kind, text, input }: Found): string {
  const [failed] = /\bat \w+ \(\S*\/(shared|plugins)\/[^):]+/.exec(text) ?? []
  const bare = text
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/[0-9a-f]*\d[0-9a-f]*/gi, '0')
    .slice(0, 100)
  return [kind, kind === 'left behind' && input.plugin, failed ?? bare].filter(Boolean).join(' ')
}
