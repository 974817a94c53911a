/** The few elements of SVG that the plots have. Colours are of middle brightness: they are read on white and on black. */

type Attributes = Record<string, string | number>

/** An element with text or elements in it. */
export function element(name: string, attributes: Attributes, ...content: string[]): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(short(value))}"`)
  return `<${name}${words.join('')}>${content.join('')}</${name}>`
}

/** Coordinates have one digit behind the point: files differ less from run to run. */
function short(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
}

/** Text as it stands in XML. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

export const ink = '#767e88'

export interface Point {
  x: number
  y: number
}

export type Anchor = 'start' | 'middle' | 'end'

export function label(
  text: string,
  { x, y }: Point,
  anchor: Anchor = 'start',
  more: Attributes = {},
): string {
  return element('text', { x, y, 'text-anchor': anchor, ...more }, escaped(text))
}

export function line(from: Point, to: Point, more: Attributes = {}): string {
  return element('line', { x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke: ink, ...more })
}

export function box({ x, y }: Point, width: number, height: number, more: Attributes, title = ''): string {
  const tip = title === '' ? [] : [element('title', {}, escaped(title))]
  return element('rect', { x, y, width: Math.max(width, 1), height, ...more }, ...tip)
}

/** A whole picture. @param title what a reader without eyes hears */
export function picture(width: number, height: number, title: string, content: readonly string[]): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': 'system-ui, sans-serif',
    'font-size': 12,
    fill: ink,
  }
  return `${element('svg', attributes, element('title', {}, escaped(title)), ...content.map((part) => `\n${part}`), '\n')}\n`
}
