/** Scales: from milliseconds to a place in the picture, by the logarithm. A factor has the same length everywhere. */

export interface Scale {
  /** The place of a value. */
  at(value: number): number
  /** Values that have a line: 1, 2, 5, 10 … */
  ticks: number[]
}

/** A scale on which these values lie between two places. */
export function logarithmic(values: readonly number[], from: number, to: number): Scale {
  const usable = values.filter((value) => value > 0 && Number.isFinite(value))
  const [low, high] = [Math.min(...usable), Math.max(...usable)]
  const steps = [-1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))
  const first = steps.findLast((step) => step <= low) ?? low
  const last = steps.find((step) => step >= high && step > first) ?? high
  const share = (value: number) => Math.log(value / first) / Math.log(last / first)
  return {
    at: (value) => from + (to - from) * share(Math.max(value, first)),
    ticks: steps.filter((step) => step >= first && step <= last),
  }
}
