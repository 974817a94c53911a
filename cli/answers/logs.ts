/** What `patchbay logs -o json` prints: lines of the log of calls, the oldest first. */

import { array, number, strictObject as object, enum as oneOf, record, string } from 'zod'
import { levels } from '../../shared/call-log/entry.ts'

export const answer = array(
  object({
    time: string().describe('ISO 8601, UTC.'),
    level: oneOf(levels),
    verb: string().describe('OTHER for a command that the specification does not have.'),
    plugin: string(),
    network: string().optional(),
    container: string().optional(),
    interface: string().optional(),
    pod: string().optional().describe('NAMESPACE/NAME, of CNI_ARGS.'),
    trace: string().optional().describe('The trace-id of TRACEPARENT.'),
    pid: number(),
    duration: number().optional().describe('In the last line of a call: seconds.'),
    code: number().optional().describe("The error's code."),
    msg: string().optional(),
    details: string().optional(),
    spent: record(string(), number())
      .optional()
      .describe('With debug: seconds by kind of work, each without the others in it.'),
  }),
)
