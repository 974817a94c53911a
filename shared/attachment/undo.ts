/** ADD is all or nothing: each step registers its inverse, and a failure runs the inverses backwards. */

import { isErrno } from '../kernel/errno.ts'

type Inverse = () => unknown

/** Registers the inverse of a step. */
export type Undo = (inverse: Inverse) => void

/**
 * Runs an action that registers inverses. When it fails, all inverses run, the last one first, also when one of them
 * fails; the action's error is thrown.
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

/** The same, synchronously: for actions under a lock. */
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
    // The DEL that follows a failed ADD removes what is left.
  }
}

/**
 * Does a step and registers its inverse; also when the step fails, because the kernel may have done a part of it.
 * Not on EEXIST: what existed before belongs to another attachment or tool.
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
