/** The Markdown pages of a repository, their links and headings. */

import { globSync } from 'node:fs'

/** Paths of all pages from the root, without packages, builds and caches. */
export function pagesOf(root: string): string[] {
  const exclude = ['node_modules/**', 'dist/**', '.cache/**']
  return globSync('**/*.md', { cwd: root, exclude })
}

/** Targets of links that lead to other files or headings of this repository. */
export function relativeLinks(page: string): string[] {
  const text = withoutBlocks(page).replace(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}

/** Anchors of the headings as on GitHub: lower case, hyphens for spaces, a number for a repeated name. */
export function anchors(page: string): Set<string> {
  const found = new Set<string>()
  for (const [, heading = ''] of withoutBlocks(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let n = 1; found.has(anchor); n++) anchor = `${slug}-${n}`
    found.add(anchor)
  }
  return found
}

/** The page without code blocks. */
export function withoutBlocks(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, '')
}
