/** What netavark asks of a driver's standard output. */

import type { Outcome } from './outcome.ts'

/** Why it is not what netavark reads; undefined when it is. */
export function faultOfDriver({ status, stdout }: Outcome, word: string): string | undefined {
  const shown = `${word}: ${JSON.stringify(stdout.slice(0, 300))}`
  if (status === 0 && word === 'teardown') return stdout === '' ? undefined : shown
  const isAnswer = status === 0 ? answers[word] : isError
  return (isAnswer ?? isError)(parse(stdout)) ? undefined : shown
}

type Answer = Record<string, unknown>

/** netavark's types: a network and a StatusBlock. */
const answers: Record<string, (answer: Answer) => boolean> = {
  create: ({ name, id, driver, error }) => [name, id, driver].every(isText) && error === undefined,
  setup: ({ interfaces, dns_server_ips, error }) =>
    typeof interfaces === 'object' && Array.isArray(dns_server_ips) && error === undefined,
}

/** podman shows it in one line. */
function isError({ error }: Answer): boolean {
  return isText(error) && /^[^\n]{5,3000}$/.test(error)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function parse(stdout: string): Answer {
  try {
    return Object(JSON.parse(stdout))
  } catch {
    return {}
  }
}
