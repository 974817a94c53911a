/** Findings about one kernel parameter, and the command that sets it. */

import { word } from '../../form/shell.ts'
import type { Finding } from '../frame/fault.ts'

/** A parameter as `sysctl` takes it: with slashes, since the name of an interface may have a dot. */
export function sysctlName(components: readonly string[]): string {
  return ['net', ...components].join(components.some((one) => one.includes('.')) ? '/' : '.')
}

/** @param components below /proc/sys/net */
export function setting(components: readonly string[], value: string): string {
  return `sysctl -w ${word(`${sysctlName(components)}=${value}`)}`
}

/** A finding that one parameter explains. @param before its value @param wanted the one that mends it */
export function sysctlFinding(
  components: readonly string[],
  before: string,
  wanted: string,
  told: Pick<Finding, 'subject' | 'cause'> & Partial<Finding>,
): Finding {
  const evidence = [{ where: `/proc/sys/net/${components.join('/')}`, value: before }]
  return { ...told, evidence: [...evidence, ...(told.evidence ?? [])], mend: [setting(components, wanted)] }
}
