import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { anchors, pagesOf, relativeLinks } from '../../harness/markdown.ts'
import { test } from '../../harness/test.ts'

const root = new URL('../../..', import.meta.url).pathname
const pages = pagesOf(root)

/** The fault of a link on a page, or undefined. */
function fault(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(target)) return `${page}: ${link}: no such file`
  if (anchor === undefined) return
  const file = statSync(target).isDirectory() ? join(target, 'README.md') : target
  if (!existsSync(file) || !anchors(readFileSync(file, 'utf8')).has(anchor))
    return `${page}: ${link}: no such heading`
}

test('every relative link of every page leads to a file and a heading that exist', () => {
  assert.ok(pages.length > 30)
  const faults = pages.flatMap((page) =>
    relativeLinks(readFileSync(join(root, page), 'utf8')).flatMap((link) => fault(page, link) ?? []),
  )
  assert.equal(faults, [])
})

test('links in code are not links; a heading becomes its anchor as on GitHub', () => {
  const page =
    '# A: `b` and C\n[x](a.md#b) `[y](no.md)`\n```\n[z](no.md)\n# no\n```\n## Same\n## Same\n[w](https://x.y)'
  assert.equal(relativeLinks(page), ['a.md#b'])
  assert.equal([...anchors(page)], ['a-b-and-c', 'same', 'same-1'])
})

test.run()
