/** Attachments that are there before a scenario begins. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ipLines } from './host.ts'
import type { Scenario } from './scenarios.ts'
import { act, firstBefore, type Manner, newContainers, type Seat } from './seat.ts'
import { addressOf, type Subject } from './subjects/subject.ts'

/** Of the containers that a plugin attaches at a time. */
const atATime = 100

/**
 * Attaches containers: the first by the candidate itself, so that the network is as it makes it; the others by a batch of
 * `ip` and by host-local's records, if the subject has such lines, else by the candidate.
 */
export function fill(seat: Seat, subject: Subject, scenario: Scenario, manner: Manner): void {
  const [count, first] = [scenario.there, firstBefore(scenario)]
  if (count === 0) return
  attach(seat, 'resident', 1, first, manner)
  if (subject.there) lay(seat, subject, subject.there, count - 1)
  else attachMany(seat, count - 1, first + 1, manner)
}

/** What containers leave on the host, without any plugin. */
function lay(seat: Seat, subject: Subject, linesOf: (number: number) => string[], count: number): void {
  const numbers = Array.from({ length: count }, (_, number) => number)
  ipLines(seat.host, numbers.flatMap(linesOf))
  seat.valid.push(...numbers.map((number) => ({ containerID: `there${number}`, ifname: 'eth0' })))
  if (!usesHostLocal(subject)) return
  for (const number of numbers) note(seat, addressOf(number), `there${number}\r\neth0`)
  if (count > 0) note(seat, 'last_reserved_ip.0', addressOf(count - 1))
}

function attach(seat: Seat, name: string, count: number, first: number, manner: Manner): void {
  newContainers(seat, name, count, first)
  const { failure } = act(seat, 'ADD', manner)
  if (failure !== undefined) throw new Error(`${seat.candidate.name} cannot ADD: ${failure}`)
  seat.valid.push(...seat.containers.map(({ id }) => ({ containerID: id, ifname: 'eth0' })))
}

function attachMany(seat: Seat, count: number, first: number, manner: Manner): void {
  const crowd = { ...manner, atOnce: 4 }
  for (let done = 0; done < count; done += atATime)
    attach(seat, `there${done}`, Math.min(atATime, count - done), first + done, crowd)
}

function usesHostLocal({ plugins }: Subject): boolean {
  return plugins(0).some(({ ipam }) => (ipam as { type?: string } | undefined)?.type === 'host-local')
}

/** A record as every version of the reference writes it (plugins/ipam/host-local/backend/disk). */
function note({ host }: Seat, file: string, content: string): void {
  const directory = join(host.state, 'networks/bench')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, file), content, { mode: 0o600 })
}
