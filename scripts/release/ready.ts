/** Whether a commit can be released: tree, tag, version and changelog agree. */

import type { Repository } from './repository.ts'

export interface Candidate extends Repository {
  /** The version in package.json, and the tag that it gets. */
  version: string
  tag: string
  changelog: string
}

/** Sentences that say why a commit cannot be released; none when it can. */
export function objections({ changes, head, tagged, tag, version, changelog }: Candidate): string[] {
  const first = headings(changelog)[0]
  const found: string[] = []
  if (changes !== '') found.push(`the tree differs from the commit:\n${changes}`)
  if (first === undefined || nameOf(first) !== version)
    found.push(
      `CHANGELOG.md begins with “${first}”, package.json has version ${version}: name the section “${version} (DATE)”`,
    )
  if (tagged !== undefined && tagged !== head)
    found.push(`the tag ${tag} exists already, on the commit ${tagged}`)
  return found
}

/** The text of a section of the changelog, without its heading. */
export function sectionOf(changelog: string, name: string): string | undefined {
  const sections = `\n${changelog}`.split('\n## ').slice(1)
  const section = sections.find((text) => nameOf(text) === name)
  return section?.replace(/^.*\n/, '').trim().concat('\n')
}

function headings(changelog: string): string[] {
  return [...changelog.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading)
}

/** The version that a heading begins with. */
function nameOf(heading: string): string | undefined {
  return heading.split(/\s/, 1)[0]
}
