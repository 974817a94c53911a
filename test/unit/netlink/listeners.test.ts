/** The filter's code that inet_diag gets, run here as the kernel runs it. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { program } from '../../../shared/netlink/listeners.ts'
import { test } from '../../harness/test.ts'

const [JMP, S_GE, S_LE] = [1, 2, 3]

interface Operation {
  code: number
  yes: number
  no: number
  port: number
}

function operationAt(code: Buffer, at: number): Operation {
  const port = at + 8 <= code.length ? code.readUInt16LE(at + 6) : 0
  return { code: code.readUInt8(at), yes: code.readUInt8(at + 1), no: code.readUInt16LE(at + 2), port }
}

/** inet_diag_bc_run of net/ipv4/inet_diag.c: a socket passes if the code's end is reached exactly. */
function passes(code: Buffer, port: number): boolean {
  let at = 0
  while (at < code.length) {
    const operation = operationAt(code, at)
    const holds =
      (operation.code === S_GE && port >= operation.port) ||
      (operation.code === S_LE && port <= operation.port)
    at += holds ? operation.yes : operation.no
  }
  return at === code.length
}

/** The places that a program without jumps reaches (valid_cc). */
function places(code: Buffer): number[] {
  const found: number[] = []
  for (let at = 0; at < code.length; at += operationAt(code, at).yes) found.push(at)
  return found
}

/** inet_diag_bc_audit, ibidem: what the kernel refuses. */
function isTaken(code: Buffer): boolean {
  const valid = [...places(code), code.length, code.length + 4]
  return places(code).every((at) => {
    const { code: what, yes, no } = operationAt(code, at)
    const shortest = what === JMP ? 4 : 8
    return [JMP, S_GE, S_LE].includes(what) && yes >= shortest && no >= 4 && valid.includes(at + no)
  })
}

const port = fc.integer({ min: 0, max: 65535 })
const ranges = fc.array(
  fc
    .tuple(port, port)
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as [number, number]),
  { minLength: 1, maxLength: 40 },
)

test('the kernel takes the code of any ranges, and a port passes exactly when a range has it', () => {
  fc.assert(
    fc.property(ranges, port, (all, one) => {
      const code = program(all)
      assert.ok(isTaken(code))
      for (const each of [one, ...all.flat()])
        assert.is(
          passes(code, each),
          all.some(([first, last]) => first <= each && each <= last),
        )
    }),
  )
})

test('a range takes 20 bytes', () => {
  assert.is(
    program([[80, 80]]).toString('hex'),
    ['0208180000005000', '0308100000005000', '01040400'].join(''),
  )
})

test.run()
