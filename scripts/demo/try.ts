/** Run by the demo in new namespaces: tries the given examples one after another, and prints their rows as JSON. */

import { readExample } from '../example.ts'
import { makeHosts } from './host.ts'
import { tryOut } from './pair.ts'
import type { Row } from './row.ts'

const [executables = '', ...files] = process.argv.slice(2)
await makeHosts()
const rows: Row[] = []
for (const file of files) rows.push(await tryOut(readExample(file), executables))
console.log(JSON.stringify(rows))
