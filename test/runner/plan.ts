/** Assigns test files to kernels by the features that the files need and the kernels have. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { needsOf as needsOfSource, probeCommand } from '../guest/features.ts'
import type { Kernel } from './kernels.ts'

const root = join(import.meta.dirname, '../..')

/** The items that run on a kernel. */
export interface Share<T> {
  kernel: Kernel
  items: T[]
}

/** A kernel that could not be started, and the reason as a sentence. */
interface Dead {
  kernel: Kernel
  sentence: string
}

export interface Shares<T> {
  runs: Share<T>[]
  /** The items that no kernel can run. */
  nowhere: T[]
  dead: Dead[]
}

/**
 * Assigns each item to the first kernel that has what it needs. A kernel without items is not started. The output says
 * which kernels are used, and why one is not.
 * @param always whether a kernel runs an item even when one before it does
 */
export async function takeToFirst<T>(
  items: readonly T[],
  needsOf: (item: T) => readonly string[],
  kernels: readonly Kernel[],
  always: (kernel: Kernel, item: T) => boolean = () => false,
): Promise<Shares<T>> {
  const shares: Shares<T> = { runs: [], nowhere: [...items], dead: [] }
  for (const kernel of kernels) {
    const wanted = items.filter((item) => shares.nowhere.includes(item) || always(kernel, item))
    if (wanted.length === 0) continue
    const { features, sentence } = await ask(kernel)
    if (!features) shares.dead.push({ kernel, sentence })
    const taken = wanted.filter((item) => features && needsOf(item).every((name) => features.has(name)))
    if (taken.length > 0) shares.runs.push({ kernel, items: taken })
    shares.nowhere = shares.nowhere.filter((item) => !taken.includes(item))
  }
  return shares
}

/** The features of a kernel, if it runs, and a sentence about it for the user. */
interface Answer {
  features?: Set<string>
  sentence: string
}

const asked = new Map<Kernel, Promise<Answer>>()

/** Probes a kernel once. */
function ask(kernel: Kernel): Promise<Answer> {
  const answer = asked.get(kernel) ?? answerOf(kernel)
  asked.set(kernel, answer)
  return answer
}

async function answerOf({ name, run }: Kernel): Promise<Answer> {
  const { output, status } = await run(probeCommand(), 600)
  const [version, ...features] = output.trim().split('\n')
  const runs = status === 0
  const sentence = `${name}: ${runs ? `Linux ${version}` : `does not run here. ${output.trim()}`}`
  console.log(sentence)
  return runs ? { features: new Set(features), sentence } : { sentence }
}

/** Where test files run, and why others cannot run. */
export interface Plan {
  runs: Share<string>[]
  /** A sentence for each failure. */
  failures: string[]
}

/**
 * Assigns each test file to the first kernel that has all that the file needs, and to those that always run it.
 * @param everywhere each file runs on every kernel that has what it needs
 */
export async function planOf(
  files: readonly string[],
  own: Kernel,
  guests: readonly Kernel[],
  everywhere = false,
): Promise<Plan> {
  const needs = new Map(files.map((file) => [file, needsOfSource(readFileSync(join(root, file), 'utf8'))]))
  const needsOf = (file: string) => needs.get(file) ?? []
  const always = everywhere ? () => true : isAlwaysOn
  const { runs, nowhere, dead } = await takeToFirst(files, needsOf, [own, ...guests], always)
  const failures = areAllDead(guests, dead)
    ? [withoutGuest(nowhere, dead)]
    : [...nowhere.map((file) => withoutKernel(file, needsOf(file))), ...missed(files, dead)]
  return { runs, failures }
}

/** Whether guests are wanted but none works. */
export function areAllDead(guests: readonly Kernel[], dead: readonly Dead[]): boolean {
  return guests.length > 0 && dead.length === guests.length
}

/** A dead guest that always runs some file is a failure, even when others can run the file. */
function missed(files: readonly string[], dead: readonly Dead[]): string[] {
  return dead
    .filter(({ kernel }) => files.some((file) => isAlwaysOn(kernel, file)))
    .map(({ sentence }) => sentence)
}

function isAlwaysOn({ always = [] }: Kernel, file: string): boolean {
  return always.includes(file)
}

/** One failure, however many files it concerns. */
function withoutGuest(lost: readonly string[], dead: readonly Dead[]): string {
  const sentences = dead.map(({ sentence }) => sentence).join('\n')
  return `no guest runs here, and test files that need one are left: ${lost.length}\n${sentences}`
}

function withoutKernel(file: string, needs: readonly string[]): string {
  return `${file}: no kernel here has all that it needs: ${needs.join(', ')}`
}
