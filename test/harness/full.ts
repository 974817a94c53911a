/** `npm run test:full`: what takes long is made in every way. */

/** The environment variable by which the runner tells test files. */
export const fullRun = 'PATCHBAY_TEST_FULL'

export function isFullRun(): boolean {
  return Boolean(process.env[fullRun])
}
