const SECONDS = /^\d{1,10}$/
// RFC 9110 §5.6.7: IMF-fixdate, and the two obsolete forms that a recipient must still accept.
const IMF = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/
const RFC_850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/

/**
 * `Retry-After` (RFC 9110 §10.2.3) in ms from `wallNow`: seconds or an HTTP date. A date that has passed is 0; undefined
 * where there is none or where it cannot be read.
 */
export function retryAfterMs(value: string | string[] | undefined, wallNow: number): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim()
  if (text === undefined) return undefined
  if (SECONDS.test(text)) return Number(text) * 1_000
  const at = parseDate(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallNow)
}

function parseDate(text: string): number {
  if (IMF.test(text) || RFC_850.test(text)) return Date.parse(text)
  return ASCTIME.test(text) ? Date.parse(`${text} GMT`) : Number.NaN
}
