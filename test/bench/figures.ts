/** Figures of a budget, by name, and how they compare with recorded ones. */

/** Figures that noise hardly moves, by what they are: `quickjs bridge ADD: system calls`. */
export type Figures = Record<string, number>

/** How much a figure may be above its recorded one: 5 %. */
export const tolerance = 0.05

/** Where the kernel puts a program moves its faults by a few pages: as many more are always accepted. */
const movedByLayout = 5

export interface Comparison {
  /** A sentence for each figure beyond the tolerance. */
  worse: string[]
  /** The same for figures that are so much better that they ought to be recorded. */
  better: string[]
  /** Names without a counterpart, as sentences. */
  missing: string[]
}

/** Compares figures with recorded ones. A figure that was not measured here, such as one of a kind that this kernel lacks, is no failure. */
export function compare(figures: Figures, recorded: Figures): Comparison {
  const known = Object.keys(figures).filter((name) => name in recorded)
  const excess = (name: string) => (figures[name] ?? 0) - (recorded[name] ?? 0)
  const limit = (name: string) =>
    Math.max(tolerance * (recorded[name] ?? 0), name.endsWith(': faults') ? movedByLayout : 0)
  const percent = (name: string) => (100 * excess(name)) / (recorded[name] ?? 0)
  const sentence = (name: string) =>
    `${name}: ${figures[name]}, recorded ${recorded[name]} (${excess(name) > 0 ? '+' : ''}${percent(name).toFixed(1)} %)`
  return {
    worse: known.filter((name) => excess(name) > limit(name)).map(sentence),
    better: known.filter((name) => excess(name) < -limit(name)).map(sentence),
    missing: [
      ...Object.keys(recorded)
        .filter((name) => !(name in figures))
        .map((name) => `${name}: not measured here`),
      ...Object.keys(figures)
        .filter((name) => !(name in recorded))
        .map((name) => `${name}: not recorded`),
    ],
  }
}
