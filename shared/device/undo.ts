/** ADD is all or nothing: each step leaves its inverse, and a failure runs them backwards. */

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

async function quietly(inverse: Inverse): Promise<void> {
  try {
    await inverse()
  } catch {
    // What could not be taken back now is taken back by the DEL that follows every ADD.
  }
}
