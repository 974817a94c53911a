/** Runs kernel tests on each kernel that has what they need, and the tests of the guest itself. */

import { availableParallelism } from 'node:os'
import { chooseGuest } from '../guest/kernel.ts'
import { installTools } from '../harness/host.ts'
import { guests, native } from './kernels.ts'
import { planOf } from './plan.ts'
import { failure, filesBelow, type Report, runFile } from './run.ts'
import { sideBySide } from './side-by-side.ts'

/**
 * Asks the kernels what they have, and installs what the tests need: a guest has no network.
 * @param names `kernel` for all, or files
 * @returns what runs them; the reports are in order of kernel and file
 */
export async function prepareKernelTests(names: readonly string[]): Promise<() => Iterable<Promise<Report>>> {
  if (names.length === 0) return () => []
  if (process.getuid?.() !== 0)
    return () => [failed('the kernel tests need root: sudo npm test; without it: npm run unit')]
  const files = names.flatMap((name) => (name === 'kernel' ? filesBelow('kernel') : [name]))
  await installTools(files)
  const plan = await planOf(files, native, guests())
  const [guest] = plan.guests
  if (guest?.kernel.guest) chooseGuest(guest.kernel.guest)
  const ofGuest = guest && names.includes('kernel') ? filesBelow('guest') : []

  return () => {
    const own = [...ofGuest, ...plan.own].map((file) => () => runFile(file))
    const others = plan.guests.flatMap(({ kernel, items }) =>
      items.map((file) => () => runFile(file, kernel)),
    )
    // One CPU runs the files of this kernel in turn, the others a guest each.
    return [...plan.failures.map(failed), ...sideBySide(own, others, availableParallelism())]
  }
}

async function failed(sentence: string): Promise<Report> {
  return failure(sentence)
}
