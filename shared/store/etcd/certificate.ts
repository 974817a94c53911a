/** What is wrong with a certificate: since when it has expired, or from when on it is valid. */

import type { X509Certificate } from 'node:crypto'

/** A sentence about a certificate's time; undefined when it is valid. @param whose it is, in a sentence */
export function timeFault(certificate: X509Certificate, whose: string, now: Date): string | undefined {
  const { validFromDate: from, validToDate: to } = certificate
  if (now > to) return `${whose} has expired: it was valid until ${text(to)}`
  if (now < from) return `${whose} is not valid yet: only from ${text(from)} on`
  return undefined
}

/** A certificate and those that have signed it, as far as they are known. */
export function chainOf(certificate: X509Certificate): X509Certificate[] {
  const chain = [certificate]
  for (
    let next = certificate.issuerCertificate;
    next && !chain.some(isSame(next));
    next = next.issuerCertificate
  )
    chain.push(next)
  return chain
}

const isSame = (one: X509Certificate) => (other: X509Certificate) =>
  one.fingerprint256 === other.fingerprint256

/** `CN=etcd-1` of a certificate's name, in one line. */
export function nameOf({ subject }: X509Certificate): string {
  return (subject ?? '').split('\n').join(', ') || 'a certificate without a name'
}

function text(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
