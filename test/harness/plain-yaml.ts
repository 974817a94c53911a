/**
 * Reads plain YAML: mappings, lists, values on one line, and text after `|`, indented by two spaces. All else is an error, and
 * so is a key that occurs twice. No package of ours reads YAML.
 */

export type Yaml = string | number | boolean | Yaml[] | { [key: string]: Yaml }

/** What is left to read. */
type Lines = string[]

/** @throws an error with the line that cannot be read */
export function plainYaml(text: string): Yaml {
  const lines = text.trimEnd().split('\n')
  const value = readNode(lines, '')
  if (lines.length > 0) throw unreadable(lines)
  return value
}

function readNode(lines: Lines, indent: string): Yaml {
  return nextAt(lines, indent)?.startsWith('- ') ? readList(lines, indent) : readMapping(lines, indent)
}

function readList(lines: Lines, indent: string): Yaml[] {
  const items: Yaml[] = []
  for (let line = nextAt(lines, indent); line?.startsWith('- '); line = nextAt(lines, indent)) {
    lines[0] = `${indent}  ${line.slice(2)}`
    items.push(pair.test(line.slice(2)) ? readMapping(lines, `${indent}  `) : scalar(lines))
  }
  return items
}

const pair = /^([\w-]+):(?: (.+))?$/

function readMapping(lines: Lines, indent: string): Yaml {
  const mapping: { [key: string]: Yaml } = {}
  for (let line = nextAt(lines, indent); line !== undefined; line = nextAt(lines, indent)) {
    const [, key, value] = pair.exec(line) ?? []
    if (key === undefined || key in mapping) throw unreadable(lines)
    if (value !== undefined && value !== '|') lines[0] = value
    else lines.shift()
    if (value === undefined) mapping[key] = readNode(lines, `${indent}  `)
    else mapping[key] = value === '|' ? readText(lines, `${indent}  `) : scalar(lines)
  }
  if (Object.keys(mapping).length === 0) throw unreadable(lines)
  return mapping
}

function readText(lines: Lines, indent: string): string {
  let text = ''
  while (lines[0]?.startsWith(indent) || lines[0] === '') text += `${lines.shift()?.slice(indent.length)}\n`
  return text
}

/** Takes a line that is one value. A plain word has nothing in it that YAML could read otherwise. */
function scalar(lines: Lines): Yaml {
  const value = (lines[0] ?? '').trim()
  const [, list] = /^\[(.*)\]$/.exec(value) ?? []
  if (list !== undefined) {
    lines.shift()
    return list.split(', ').map((item) => scalar([item]))
  }
  const [, quoted] = /^'([^']*)'$/.exec(value) ?? []
  if (quoted === undefined && !/^[\w/.$](?!.*(: | #|:$))/.test(value)) throw unreadable(lines)
  lines.shift()
  if (quoted !== undefined) return quoted
  if (/^(true|false)$/.test(value)) return value === 'true'
  return /^\d+$/.test(value) ? Number(value) : value
}

/** The next line without its indent; undefined when the block ends. Skips empty lines and comments. */
function nextAt(lines: Lines, indent: string): string | undefined {
  while (lines[0] !== undefined && /^ *(#.*)?$/.test(lines[0])) lines.shift()
  const [, found = '', text] = /^( *)(.*)$/.exec(lines[0] ?? '') ?? []
  if (lines.length === 0 || found.length < indent.length) return undefined
  if (found !== indent) throw unreadable(lines)
  return text
}

function unreadable([line = 'the end']: Lines): Error {
  return new Error(`not plain YAML: ${line}`)
}
