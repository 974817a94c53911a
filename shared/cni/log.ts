/** Log lines on standard error: the only place besides the answer where a plugin may speak. */

export interface Log {
  /** Something the operator should know although the call succeeds. */
  warn(message: string): void
  /** What was decided on the way, when it is not obvious from the configuration. */
  info(message: string): void
}
