/** Clocks of the kernel. */

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { bootClock } from '../../../shared/kernel/clock.ts'
import { test } from '../../harness/test.ts'

/** Milliseconds since the boot; the kernel writes hundredths of seconds, and cuts off what is less. */
const uptime = () => Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000)
const hundredth = 10

test('the clock since the boot is that of /proc/uptime', () => {
  const before = uptime()
  const clock = bootClock()
  assert.ok(before <= clock && clock < uptime() + hundredth, `${before} ${clock}`)
})

test.run()
