/**
 * Whether a text matches an expression, in time that is proportional to both: all ways through the expression are followed at
 * once, as Go does, so no text and no expression takes long.
 */

import { type Has, word } from './class.ts'
import { parse } from './parse.ts'
import type { Expression, Place } from './syntax.ts'

/** A step of the expression as a program. */
type Step =
  | { is: 'character'; has: Has }
  | { is: 'place'; place: Place }
  | { is: 'either'; to: number[] }
  | { is: 'end' }

/** Whether any part of a text matches, as Go's regexp.MatchString. @throws CniError for an invalid expression */
export function matches(expression: string, text: string): boolean {
  const program: Step[] = []
  compile(parse(expression), program)
  program.push({ is: 'end' })
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  return run(program, points)
}

function compile(expression: Expression, program: Step[]): void {
  if (expression.is === 'sequence') for (const part of expression.of) compile(part, program)
  else if (expression.is === 'choice') compileChoice(expression.of, program)
  else if (expression.is === 'repeat') compileRepeat(expression, program)
  else program.push(expression)
}

function compileChoice(parts: Expression[], program: Step[]): void {
  const fork = { is: 'either' as const, to: [] as number[] }
  program.push(fork)
  const ends = parts.map((part) => {
    fork.to.push(program.length)
    compile(part, program)
    const end = { is: 'either' as const, to: [] as number[] }
    program.push(end)
    return end
  })
  for (const end of ends) end.to.push(program.length)
}

function compileRepeat({ of, min, max }: Expression & { is: 'repeat' }, program: Step[]): void {
  for (let times = 0; times < min; times++) compile(of, program)
  const isEndless = max === Number.POSITIVE_INFINITY
  const exits: { to: number[] }[] = []
  for (let times = min; times < (isEndless ? min + 1 : max); times++) {
    const begin = program.length
    const fork = { is: 'either' as const, to: [begin + 1] }
    program.push(fork)
    compile(of, program)
    if (isEndless) program.push({ is: 'either', to: [begin] })
    exits.push(fork)
  }
  for (const { to } of exits) to.push(program.length)
}

function run(program: readonly Step[], points: readonly number[]): boolean {
  let current = new Set<number>()
  for (let at = 0; at <= points.length; at++) {
    // A match may begin anywhere.
    reach(program, 0, points, at, current)
    if (current.has(program.length - 1)) return true
    const next = new Set<number>()
    for (const index of current) {
      const step = program[index]
      if (step?.is === 'character' && at < points.length && step.has(points[at] ?? 0))
        reach(program, index + 1, points, at + 1, next)
    }
    current = next
  }
  return current.has(program.length - 1)
}

/** Adds a step, and those that follow it without a character. */
function reach(
  program: readonly Step[],
  first: number,
  points: readonly number[],
  at: number,
  reached: Set<number>,
): void {
  const waiting = [first]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (reached.has(index)) continue
    reached.add(index)
    const step = program[index]
    if (step?.is === 'either') waiting.push(...step.to)
    if (step?.is === 'place' && isAt(step.place, points, at)) waiting.push(index + 1)
  }
}

function isAt(place: Place, points: readonly number[], at: number): boolean {
  const [before, after] = [points[at - 1], points[at]]
  const isWord = (point: number | undefined) => point !== undefined && word(point)
  switch (place) {
    case 'text begins':
      return before === undefined
    case 'text ends':
      return after === undefined
    case 'line begins':
      return before === undefined || before === 0xa
    case 'line ends':
      return after === undefined || after === 0xa
    case 'word edge':
      return isWord(before) !== isWord(after)
    case 'no word edge':
      return isWord(before) === isWord(after)
  }
}
