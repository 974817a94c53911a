/** The host's lock: one process at a time enters the store, claims or gives back. The wait lets other work of the process go on. */

import { now } from '../../shared/kernel/clock.ts'
import { close, type Fd, makeDirectory, Open, open } from '../../shared/kernel/files.ts'
import { lockIfFree } from '../../shared/kernel/lock.ts'
import { heldTooLong } from '../../shared/state/lock.ts'
import { home } from '../../shared/store/files.ts'
import { pause } from './timing.ts'

/** How often it is tried, milliseconds. */
const PAUSE = 20

/**
 * @param milliseconds how long to wait for it
 * @throws CniError of code 11, which names the process that has it
 */
export async function withHostLock<T>(
  milliseconds: number,
  action: () => Promise<T>,
  directory = home,
): Promise<T> {
  makeDirectory(directory, 0o700)
  const path = `${directory}/host.lock`
  const fd = open(path, Open.RDONLY | Open.CREAT | Open.NONBLOCK | Open.NOFOLLOW)
  try {
    await locked(fd, path, milliseconds)
    return await action()
  } finally {
    close(fd)
  }
}

async function locked(fd: Fd, path: string, milliseconds: number): Promise<void> {
  const end = now() + milliseconds
  while (!lockIfFree(fd, path)) {
    if (now() > end) throw heldTooLong(path)
    await pause(PAUSE)
  }
}
