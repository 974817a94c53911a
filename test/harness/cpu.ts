/** The CPU time that this program takes for something: a busy machine changes it little, unlike the time on a clock. */

/** @returns seconds of CPU */
export async function cpuSeconds(action: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await action()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
