/** Jobs for the pool: test files, and programs that count as one test. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildName } from '../../scripts/build/target.ts'
import { expectedSeconds } from './durations.ts'
import { type Batch, reportName } from './kernel-tests.ts'
import { native } from './kernels.ts'
import { withoutNames } from './names.ts'
import type { Job } from './pool.ts'
import { asOneTest, type Reports } from './reports.ts'

const root = join(import.meta.dirname, '../..')
/** Seconds that one of them may take. */
const longest = 30 * 60

/** The test files below a folder of `test`, in order of name. */
export function filesBelow(folder: string): string[] {
  return globSync(`test/${folder}/**/*.test.ts`, { cwd: root }).sort()
}

/** Guests switch processes all the time; the others calculate. */
function isBusy({ kernel, files }: Batch): boolean {
  return kernel.guest !== undefined || files.some((file) => /^test\/(guest|model|build|fuzz)\//.test(file))
}

/** Runs test files on a kernel, in turn. */
export function filesJob(batch: Batch, reports: Reports): Job {
  const { kernel, files, seconds } = batch
  return {
    ...{ seconds, isBusy: isBusy(batch) },
    run: async () => {
      for (const ended of await kernel.runFiles(files, longest)) {
        const output = withoutNames(ended.file, ended.output)
        reports.ended(reportName(ended.file, kernel), { ...ended, output })
      }
    },
  }
}

/** Runs one test file on this kernel. */
export function fileJob(file: string, reports: Reports): Job {
  return filesJob({ kernel: native, files: [file], seconds: expectedSeconds(file) }, reports)
}

/** Builds executables whose sources have changed; that is one test. */
export function buildJob(build: BuildName, reports: Reports): Job {
  return stepJob(`build of ${build}`, [process.execPath, 'test/harness/build.ts', build], reports)
}

/** Runs a program that is one test: it passes when its exit status is 0. */
export function stepJob(name: string, command: readonly string[], reports: Reports): Job {
  return {
    seconds: expectedSeconds(name),
    run: async () => {
      const start = performance.now()
      const ending = await native.run(command, longest)
      reports.ended(name, { ...ending, seconds: (performance.now() - start) / 1000 }, asOneTest)
    },
  }
}
