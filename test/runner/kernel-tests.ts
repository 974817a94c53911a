/** The jobs of kernel tests: on each kernel that has the features a file needs; and of the tests of guests and of clients' programs. */

import { fetchRootsOf, hasRoots } from '../clients/harness/roots.ts'
import { chooseGuest } from '../guest/kernel.ts'
import { installTools } from '../harness/install.ts'
import { batchesOf } from './batches.ts'
import { expectedSeconds } from './durations.ts'
import { guests, type Kernel, native } from './kernels.ts'
import { planOf, takeToFirst } from './plan.ts'

/** Files to run on a kernel, one after another. */
export interface Batch {
  kernel: Kernel
  files: readonly string[]
  seconds: number
}

/** What is to run, and a sentence for each file that cannot run. */
export interface KernelPlan {
  batches: Batch[]
  failures: string[]
}

/** The name of a file in the report. */
export function reportName(file: string, kernel: Kernel): string {
  return kernel === native ? file : `${file} on ${kernel.name}`
}

/**
 * Probes the kernels, and installs the packages that the tests need: a guest has no network.
 * @param everywhere each file runs on every kernel that has what it needs
 * @param output a directory that tests in guests may write to
 */
export async function planKernelTests(
  files: readonly string[],
  everywhere: boolean,
  output?: string,
): Promise<KernelPlan> {
  if (files.length === 0) return { batches: [], failures: [] }
  if (process.getuid?.() !== 0)
    return { batches: [], failures: ['the kernel tests need root: sudo npm test; without it: npm run check'] }
  const below = (folder: string) => files.filter((file) => file.startsWith(`test/${folder}/`))
  const [ofGuests, ofClients] = [below('guest'), below('clients').filter(hasRoots)]
  const others = files.filter((file) => !ofGuests.includes(file) && !ofClients.includes(file))
  await installTools([...others, ...ofClients])
  const fetched = fetchRootsOf(ofClients)
  const all = guests(output)
  const { runs, failures } = await planOf(others, native, all, everywhere)
  // A client's program runs on one kernel, also when all others run on every one.
  const clients = await planOf(ofClients, native, all)
  const boots = await planGuestTests(ofGuests, all, failures.length > 0)
  await fetched
  return {
    batches: [
      ...clients.runs.flatMap(({ kernel, items }) => batchesOn(kernel, items)),
      ...boots.batches,
      ...runs.flatMap(({ kernel, items }) => batchesOn(kernel, items)),
    ],
    failures: [...failures, ...clients.failures, ...boots.failures],
  }
}

/** The tests of the guest itself run on this kernel and boot the first guest that works. Without User-Mode Linux there are none. */
async function planGuestTests(
  files: readonly string[],
  all: readonly Kernel[],
  isToldAlready: boolean,
): Promise<KernelPlan> {
  if (all.length === 0) return { batches: [], failures: [] }
  const { runs, nowhere } = await takeToFirst(files, () => [], all)
  const [first] = runs
  if (first?.kernel.guest) chooseGuest(first.kernel.guest)
  const failures = isToldAlready ? [] : nowhere.map((file) => `${file}: no guest runs here`)
  return { batches: batchesOn(native, first?.items ?? []), failures }
}

/** Each file is its own batch on this kernel; a guest that is booted runs several. */
function batchesOn(kernel: Kernel, files: readonly string[]): Batch[] {
  const secondsOf = (file: string) => expectedSeconds(reportName(file, kernel))
  const divided = kernel.guest ? batchesOf(files, secondsOf) : files.map((file) => [file])
  return divided.map((files) => ({
    kernel,
    files,
    seconds: files.reduce((sum, file) => sum + secondsOf(file), 0),
  }))
}
