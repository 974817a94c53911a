/** The way of a packet through the rules of a chain. Where a rule cannot be evaluated, both ways are followed: often they end alike. */

import { Code, type Effect, execute, type Run } from './expressions.ts'
import type { Packet } from './packet.ts'
import type { BaseChain, ReadRule, Ruleset } from './ruleset.ts'
import type { Situation } from './situation.ts'

/** What a base chain does with a packet. `where` is the rule that decides, or the chain with its policy. */
export type Judgement =
  | {
      kind: 'accept'
      packet: Packet /** It was translated: no other chain of type nat is asked. */
      by?: string
    }
  | { kind: 'drop'; where: string; how: string }
  | { kind: 'unknown'; where: string; why: string }

/** Where a run goes on: a rule of a chain, and in it an expression. */
interface Position {
  rules: readonly ReadRule[]
  rule: number
  expression: number
}

interface Course {
  ruleset: Ruleset
  base: BaseChain
  /** How many more times a run may split. */
  splits: { left: number }
}

/** So many rules that cannot be evaluated are followed both ways. */
const mostSplits = 64

export function judge(ruleset: Ruleset, base: BaseChain, situation: Situation): Judgement {
  const rules = ruleset.rulesOf(base.table, base.name)
  const run: Run = { table: base.table, situation, registers: Array(64).fill(undefined) }
  const course = { ruleset, base, splits: { left: mostSplits } }
  return follow(course, run, [{ rules, rule: 0, expression: 0 }])
}

/** @param stack the position, above those to which chains return; it belongs to this run */
function follow(course: Course, run: Run, stack: Position[]): Judgement {
  for (let at = stack.at(-1); at; at = stack.at(-1)) {
    const rule = at.rules[at.rule]
    const expression = rule?.expressions[at.expression]
    if (!rule) stack.pop()
    else if (!expression) nextRule(at, run)
    else {
      at.expression++
      const effect = execute(expression.name, expression.data, run)
      const judgement = apply(course, run, stack, at, rule, effect)
      if (judgement) return judgement
    }
  }
  const { table, name, drops } = course.base
  if (!drops) return { kind: 'accept', packet: run.situation.packet }
  return { kind: 'drop', where: `nftables ${table.family} ${table.name} ${name}`, how: 'policy drop' }
}

function nextRule(at: Position, run: Run): void {
  at.rule++
  at.expression = 0
  run.registers = Array(64).fill(undefined)
}

/** @returns a judgement when the packet's way through the base chain ends */
function apply(
  course: Course,
  run: Run,
  stack: Position[],
  at: Position,
  rule: ReadRule,
  effect: Effect,
): Judgement | undefined {
  if (!effect) return undefined
  if (effect.kind === 'break') return void nextRule(at, run)
  if (effect.kind === 'unknown') return split(course, run, stack, rule, effect)
  if (effect.kind === 'reject') return { kind: 'drop', where: rule.where, how: 'reject' }
  if (effect.kind === 'translated') return { kind: 'accept', packet: effect.packet, by: rule.where }
  const { code, chain } = effect
  if (code === Code.ACCEPT) return { kind: 'accept', packet: run.situation.packet }
  if (code === Code.DROP) return { kind: 'drop', where: rule.where, how: 'drop' }
  if (code === Code.BREAK) return void nextRule(at, run)
  if (code === Code.CONTINUE) return undefined
  if (code === Code.RETURN) return void stack.pop()
  if (chain === undefined) return { kind: 'unknown', where: rule.where, why: 'its verdict is not read' }
  if (code === Code.GOTO) stack.pop()
  else if (code === Code.JUMP) nextRule(at, run)
  stack.push({ rules: course.ruleset.rulesOf(course.base.table, chain), rule: 0, expression: 0 })
  run.registers = Array(64).fill(undefined)
  return undefined
}

/** The judgement of both ways, if they agree. */
function split(
  course: Course,
  run: Run,
  stack: Position[],
  rule: ReadRule,
  { why, isAction }: { why: string; isAction?: true },
): Judgement {
  const unknown: Judgement = { kind: 'unknown', where: rule.where, why }
  if (isAction || course.splits.left-- <= 0) return unknown
  const copy = () => stack.map((position) => ({ ...position }))
  const matched = follow(course, { ...run, registers: [...run.registers] }, copy())
  const others = copy()
  const own = { ...run }
  nextRule(others.at(-1) as Position, own)
  const unmatched = follow(course, own, others)
  return isSame(matched, unmatched) ? unmatched : unknown
}

function isSame(one: Judgement, other: Judgement): boolean {
  if (one.kind === 'drop') return other.kind === 'drop'
  if (one.kind !== 'accept' || other.kind !== 'accept' || one.by !== other.by) return false
  const tell = ({ source, destination, sourcePort, destinationPort, mark, isUntracked }: Packet) =>
    [source.value, destination.value, sourcePort, destinationPort, mark, isUntracked].join()
  return tell(one.packet) === tell(other.packet)
}
