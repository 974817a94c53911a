/** The state of the git repository that a release depends on. */

import { join } from 'node:path'
import { run } from '../run.ts'

export interface Repository {
  /** Files that differ from the commit, or are not in it: `git status --porcelain`. */
  changes: string
  head: string
  /** The commit that the tag names, if the tag exists. */
  tagged: string | undefined
  /** The time of the commit, since the epoch. */
  seconds: number
  /** Who made the commit, as `NAME <ADDRESS>`. */
  committer: string
}

export async function repository(tag: string): Promise<Repository> {
  const tagged = await git('for-each-ref', '--format=%(objectname) %(*objectname)', `refs/tags/${tag}`)
  return {
    changes: await git('status', '--porcelain'),
    head: await git('rev-parse', 'HEAD'),
    tagged: tagged === '' ? undefined : tagged.trim().split(' ').at(-1),
    seconds: Number(await git('log', '-1', '--format=%ct')),
    committer: await git('log', '-1', '--format=%cn <%ce>'),
  }
}

function git(...args: string[]): Promise<string> {
  return run('git', args, { cwd: join(import.meta.dirname, '../..') })
}
