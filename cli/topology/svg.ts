/** The few elements of SVG that the picture has. Every text of other programs goes through `label` or `tip`. */

type Attributes = Record<string, string | number | undefined>

/** An element with elements in it. @param content SVG */
export function element(name: string, attributes: Attributes, ...content: string[]): string {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === 'number' ? short(value) : escaped(value)}"`],
  )
  const start = `<${name}${words.join('')}`
  return content.length === 0 ? `${start}/>` : `${start}>${content.join('')}</${name}>`
}

/** One digit behind the point is enough. */
const short = (value: number) => String(Math.round(value * 10) / 10)

/** Characters that XML 1.0 does not have (section 2.2), and marks of direction. */
const forbidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu

/** Text as it stands in XML, also within an attribute. */
export function escaped(text: string): string {
  return text
    .replace(forbidden, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

export interface Point {
  x: number
  y: number
}

/** A text; its class has font and colour. @param anchor where the point is */
export function label(text: string, { x, y }: Point, style: string, anchor?: 'middle' | 'end'): string {
  return element('text', { x, y, class: style, 'text-anchor': anchor }, escaped(text))
}

/** What a browser shows when the pointer is over the element around it. */
export function tip(text: string): string {
  return element('title', {}, escaped(text))
}

export function box({ x, y }: Point, width: number, height: number, style: string, rx = 6): string {
  return element('rect', { x, y, width, height, rx, class: style })
}

/** A line along points. */
export function path(style: string, ...points: readonly Point[]): string {
  const d = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${short(x)} ${short(y)}`).join('')
  return element('path', { d, class: style })
}
