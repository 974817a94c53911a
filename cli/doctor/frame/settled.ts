/** A finding counts when a second look has it, too: an ADD or a DEL may be at work, between a record and its rules. */

import { oncePer } from '../../../shared/config/once.ts'
import { sleep } from '../../../shared/kernel/clock.ts'
import type { Fault, View } from './fault.ts'

/** Milliseconds between the looks, much more than an ADD or a DEL takes. */
const INTERVAL = 300

/** A view that has remembered nothing. What cannot be seen was told before. */
const later: (view: View) => View = oncePer((view: View) => {
  sleep(INTERVAL)
  return { ...view, leftOut: () => {} }
})

/** The fault, with findings that are there twice. Where the first look finds nothing there is no second. */
export function settled(fault: Fault): Fault {
  return {
    ...fault,
    async look(view) {
      const subjects = new Set((await fault.look(view)).map(({ subject }) => subject))
      return subjects.size === 0
        ? []
        : (await fault.look(later(view))).filter(({ subject }) => subjects.has(subject))
    },
  }
}
