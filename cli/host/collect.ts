/** Deletes an attachment if its container has ended, and says what it did. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { CniError, Code, type Complaint, toCniError } from '../../shared/error/error.ts'
import { runAll, runAllNow } from '../../shared/error/steps.ts'
import { remove } from '../../shared/kernel/files.ts'
import type { Container, Judged } from './containers.ts'
import { type Context, type Step, stepsOf } from './deletion.ts'
import { inTime } from './in-time.ts'
import { type Host, lookAtOne } from './look.ts'

/** What became of an attachment. `foreign`: none of its plugins is ours. */
export const outcomes = ['lives', 'deleted', 'unknown', 'failed', 'foreign'] as const
export type Outcome = (typeof outcomes)[number]

/** One run for many attachments. */
export interface Run extends Omit<Context, 'configurations'> {
  host: Host
  /** Nothing is changed. */
  isDry: boolean
  say(text: string): void
  complain(where: string, complaint: Complaint): void
  /** The plugins that did not answer in time. */
  slow: Set<string>
}

export async function collect(attachment: Attachment, container: Judged, run: Run): Promise<Outcome> {
  const key = attachmentKey(attachment)
  if (container.life === 'lives') return 'lives'
  if (container.life === 'unknown') {
    const why =
      container.places.length > 0 ? 'its namespace cannot be seen from here' : 'no file tells its namespace'
    run.say(`${key}: stays, ${why}`)
    return 'unknown'
  }
  try {
    return await removeEnded(attachment, container, run)
  } catch (error) {
    run.complain(key, toCniError(error).complaint)
    return 'failed'
  }
}

async function removeEnded(attachment: Attachment, { places }: Container, run: Run): Promise<Outcome> {
  const key = attachmentKey(attachment)
  const netns = places[0]?.path ?? ''
  const steps = stepsOf(attachment, netns, { ...run, configurations: run.host.configurations })
  if ('foreign' in steps) {
    run.say(`${key}: has ended, is left to the plugins of other projects: ${steps.foreign.join(', ')}`)
    return 'foreign'
  }
  if (run.isDry) runAllNow(steps.map(({ prepare }) => prepare))
  else if (!(await removeBy(steps, attachment, run))) return 'lives'
  run.say(`${key}: ${run.isDry ? 'would be deleted' : 'deleted'}, its namespace ${netns} is gone`)
  return 'deleted'
}

/**
 * Runs all steps, also after a failure. Before each it looks again: a container may have been started again with its ID meanwhile.
 * @returns false when it was
 * @throws CniError of the first failure
 */
async function removeBy(
  steps: readonly Step[],
  attachment: Attachment,
  { host, slow }: Run,
): Promise<boolean> {
  let lives = false
  const runs = steps.map((step) => async () => {
    lives ||= lookAtOne(attachment, host).lives
    if (!lives) await inTime(step, slow)
  })
  await runAll(runs)
  return !lives && forget(attachment, host)
}

/** Removes the caches' entries when nothing else names the attachment any more. @returns false when its container was started again */
function forget(attachment: Attachment, host: Host): boolean {
  const { lives, cached, seen } = lookAtOne(attachment, host)
  if (lives) return false
  if (seen.length > 0) throw remaining(seen.map(({ source }) => source))
  for (const { file } of cached) remove(file)
  return true
}

function remaining(sources: readonly string[]): CniError {
  return new CniError(Code.Internal, {
    msg: `DEL of all its plugins succeeded, and yet files name it: ${[...new Set(sources)].join(', ')}`,
    hint: 'was it added with another configuration of its network? Run gc with that one',
  })
}
