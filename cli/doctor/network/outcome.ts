/** What a rule of a firewall does with a packet, as far as that is known. */

export type Holds = 'yes' | 'no' | 'maybe'

/** Where a rule sends a packet for which it holds. */
export type Verdict =
  | { kind: 'accept' }
  | { kind: 'drop' }
  | { kind: 'continue' }
  | { kind: 'return' }
  | { kind: 'jump'; chain: string }
  | { kind: 'goto'; chain: string }

export interface Outcome {
  holds: Holds
  /** One of these. */
  verdicts: Verdict[]
}
