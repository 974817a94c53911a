/** What `patchbay doctor -o json` prints: the findings; an empty list on a healthy node. */

import { array, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = array(
  object({
    fault: string().describe('The name of the fault, which stays the same from release to release.'),
    title: string(),
    severity: oneOf(['error', 'warning', 'leak']).describe(
      'error: it stops pods or their traffic. warning: it will, or may. leak: something is held that no container uses.',
    ),
    subject: string().describe('What has the fault: a file, a link, a network.'),
    cause: string(),
    evidence: array(
      object({ where: string().describe('A file, or a command that shows the same.'), value: string() }),
    ),
    mend: array(string().describe('A command for a shell of root.')),
  }),
)
