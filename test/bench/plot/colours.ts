/** The colours of candidates, the same in every plot. */

const known: Readonly<Record<string, string>> = {
  quickjs: '#2f81f7',
  node: '#2ea36a',
  nothing: '#8b949e',
  'empty node': '#8b949e',
}
const references = ['#d9722e', '#a56cc1', '#b8912b']

/** The colour of a candidate. @param all the candidates of the plot, in their order: references have colours by that */
export function colourOf(name: string, all: readonly string[]): string {
  const others = all.filter((each) => !known[each])
  return known[name] ?? references[others.indexOf(name) % references.length] ?? '#8b949e'
}
