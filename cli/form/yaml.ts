/** An answer as YAML. */

import { dump } from 'js-yaml'

/** All texts are quoted, so that a name such as `no` or `1e3` stays a text for each reader. */
export function yamlOf(data: unknown): string {
  return dump(JSON.parse(JSON.stringify(data)), {
    forceQuotes: true,
    quoteStyle: 'double',
    lineWidth: -1,
    noRefs: true,
  }).trimEnd()
}
