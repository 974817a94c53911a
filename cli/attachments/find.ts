/** Which container an operator means: by its ID or the beginning of it, by its pod, or by the path or the name of its namespace. */

import { namedNamespaces } from '../../shared/kernel/named-namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean } from '../form/slip.ts'
import type { AttachmentView } from '../host/attachment-view.ts'

/** Containers that a slip is told of. */
const named = 10

/** The attachments of a container. @throws CniError when no container has the word, or more than one */
export function findContainer(word: string, views: readonly AttachmentView[]): AttachmentView[] {
  const found = ways(word).map((fits) => idsOf(views.filter(fits)))
  const ids = found.find(({ length }) => length > 0)
  if (!ids) throw unknown(word, views)
  if (ids.length > 1)
    throw misuse(
      `${quoted(word)} is the name of ${ids.length} containers`,
      `name one by its ID: ${some(ids)}`,
    )
  return views.filter(({ containerID }) => containerID === ids[0])
}

type Fits = (view: AttachmentView) => boolean

/** The first way by which a container is found counts. */
function ways(word: string): Fits[] {
  const place = word.startsWith('/') ? word : `${namedNamespaces}/${word}`
  const inode = word.startsWith('/') ? stat(word)?.inode : undefined
  const isAt = (path: string) => path === place || (inode !== undefined && stat(path)?.inode === inode)
  return [
    ({ containerID }) => containerID === word,
    ({ pod }) => pod === word,
    ({ places }) => places.some(({ path }) => isAt(path)),
    ({ containerID }) => containerID.startsWith(word),
    ({ pod }) => pod?.slice(pod.indexOf('/') + 1) === word,
  ]
}

const idsOf = (views: readonly AttachmentView[]) => [...new Set(views.map(({ containerID }) => containerID))]

function unknown(word: string, views: readonly AttachmentView[]): Error {
  const pods = views.flatMap(({ pod }) => pod ?? [])
  const ids = idsOf(views)
  const names = [...pods, ...pods.map((pod) => pod.slice(pod.indexOf('/') + 1)), ...ids]
  const known = pods.length > 0 ? [...new Set(pods)] : ids
  const hint =
    known.length > 0 ? `the containers are ${some(known)}` : 'no container has a network here: patchbay ls'
  return misuse(`no container ${quoted(word)}${didYouMean(word, names)}`, hint)
}

function some(names: readonly string[]): string {
  const more = names.length - named
  return `${names.slice(0, named).join(', ')}${more > 0 ? ` and ${more} more: patchbay ls` : ''}`
}

const quoted = (word: string) => JSON.stringify(word.slice(0, 80))
