/** What `patchbay plan -o json` prints. */

import { array, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = array(
  object({
    plugin: string().describe('The type of the plugin, as the file has it.'),
    command: string().describe(
      'For a shell; of several lines where a program gets its input. $NETNS is the path of the container’s namespace.',
    ),
    where: oneOf(['host', 'container']).describe(
      'Where it changes something; nsenter is a part of the command.',
    ),
  }),
)
