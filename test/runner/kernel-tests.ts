/** Runs kernel tests on each kernel that has the features they need, and the tests of the guest itself. */

import { availableParallelism } from 'node:os'
import { chooseGuest } from '../guest/kernel.ts'
import { installTools } from '../harness/host.ts'
import { guests, native } from './kernels.ts'
import { planOf, takeToFirst } from './plan.ts'
import { failure, filesBelow, type Report, runFile } from './run.ts'
import { sideBySide } from './side-by-side.ts'

type Run = () => Iterable<Promise<Report>>

/** Whether a name given to `npm test` is that of a kernel test, or `kernel` for all. */
export function isKernelTest(name: string): boolean {
  return name === 'kernel' || /^test\/(kernel|guest)\//.test(name)
}

/**
 * Probes the kernels, and installs the packages that the tests need: a guest has no network.
 * @param names `kernel` for all, or files
 * @returns a function that runs them; the reports are in the order of kernel and file
 */
export async function prepareKernelTests(names: readonly string[]): Promise<Run> {
  if (names.length === 0) return () => []
  if (process.getuid?.() !== 0)
    return () => [failed('the kernel tests need root: sudo npm test; without it: npm run unit')]
  const files = names.flatMap((name) =>
    name === 'kernel' ? [...filesBelow('guest'), ...filesBelow('kernel')] : [name],
  )
  try {
    return await prepare(files)
  } catch (error) {
    return () => [failed((error as Error).message)]
  }
}

async function prepare(files: readonly string[]): Promise<Run> {
  const isOfGuest = (file: string) => file.startsWith('test/guest/')
  const kernelFiles = files.filter((file) => !isOfGuest(file))
  const all = guests()
  await installTools(kernelFiles)
  const plan = await planOf(kernelFiles, native, all)
  // The tests of the guest itself run on this kernel and boot the first guest that works. Without User-Mode Linux there are none.
  const guestFiles = all.length > 0 ? files.filter(isOfGuest) : []
  const ofGuest = await takeToFirst(guestFiles, () => [], all)
  const [first] = ofGuest.runs
  if (first?.kernel.guest) chooseGuest(first.kernel.guest)
  const untold = plan.failures.length === 0 ? ofGuest.nowhere : []
  const failures = [...plan.failures, ...untold.map((file) => `${file}: no guest runs here`)]

  return () => {
    const own = [...(first?.items ?? []), ...plan.own].map((file) => () => runFile(file))
    const others = plan.guests.flatMap(({ kernel, items }) =>
      items.map((file) => () => runFile(file, kernel)),
    )
    // One CPU runs the files of this kernel in turn, each other CPU runs a guest.
    return [...failures.map(failed), ...sideBySide(own, others, availableParallelism())]
  }
}

async function failed(sentence: string): Promise<Report> {
  return failure(sentence)
}
