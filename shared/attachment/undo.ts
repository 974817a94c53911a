/** ADD is all or nothing: each step leaves its inverse, and a failure runs them backwards. */

import { isErrno } from '../kernel/errno.ts'

type Inverse = () => unknown

/** Registers what takes back the step just done. */
export type Undo = (inverse: Inverse) => void

/**
 * Runs an action that registers inverses as it goes. When it fails, they run in reverse; one that fails itself does
 * not keep the others from running, and the first error is the one that counts.
 */
export async function withUndo<T>(action: (undo: Undo) => Promise<T>): Promise<T> {
  const inverses: Inverse[] = []
  try {
    return await action((inverse) => inverses.push(inverse))
  } catch (error) {
    for (const inverse of inverses.reverse()) await quietly(inverse)
    throw error
  }
}

/** The same for what must not be interrupted, as under a lock. */
export function withUndoNow<T>(action: (undo: Undo) => T): T {
  const inverses: Inverse[] = []
  try {
    return action((inverse) => inverses.push(inverse))
  } catch (error) {
    for (const inverse of inverses.reverse()) {
      try {
        inverse()
      } catch {
        // As above.
      }
    }
    throw error
  }
}

async function quietly(inverse: Inverse): Promise<void> {
  try {
    await inverse()
  } catch {
    // What could not be taken back now is taken back by the DEL that follows every ADD.
  }
}

/**
 * Does a step and registers its inverse; also when the step fails, because nobody knows then how far the kernel came.
 * Only what was there already (EEXIST) is somebody else's, and left alone.
 */
export function undoable<T>(undo: Undo, action: () => T, inverse: Inverse): T {
  try {
    const result = action()
    undo(inverse)
    return result
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) undo(inverse)
    throw error
  }
}
