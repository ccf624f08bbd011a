const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const CENTURY_WINDOW_YEARS = 50

const IMF_FIXDATE = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/
const RFC_850 =
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/
const LONGEST_DATE = 40

/**
 * An HTTP-date in any of its three formats (RFC 9110 §5.6.7) as epoch ms, or undefined where it is none. Case does not
 * matter, and a zone other than GMT makes it invalid (RFC 9111 §4.2). A two-digit year is the one within 50 years of `now`.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  if (text.length > LONGEST_DATE) return undefined
  return text === latest.text ? latest.atMs : parse(text, now)
}

function parse(text: string, now: number): number | undefined {
  const date = text.trim().toLowerCase()
  const imf = IMF_FIXDATE.exec(date)
  if (imf !== null) return instant(imf[3], imf[2], imf[1], imf[4], imf[5], imf[6])
  const rfc850 = RFC_850.exec(date)
  if (rfc850 !== null) {
    return instant(fullYear(Number(rfc850[3]), now), rfc850[2], rfc850[1], rfc850[4], rfc850[5], rfc850[6])
  }
  const asctime = ASCTIME.exec(date)
  if (asctime !== null) return instant(asctime[6], asctime[1], asctime[2], asctime[3], asctime[4], asctime[5])
  return undefined
}

/** The IMF-fixdate of an instant, cut to the second. */
export function formatHttpDate(atMs: number): string {
  const second = Math.floor(atMs / 1000) * 1000
  if (latest.atMs !== second) latest = { text: new Date(second).toUTCString(), atMs: second }
  return latest.text
}

/** All answers of one second have one date: the one last written is the one most often asked for again. */
let latest = { text: 'Thu, 01 Jan 1970 00:00:00 GMT', atMs: 0 }

type Digits = string | number | undefined

function instant(
  year: Digits,
  monthName: string | undefined,
  day: Digits,
  hour: Digits,
  minute: Digits,
  second: Digits,
): number | undefined {
  const month = MONTHS.indexOf(monthName ?? '')
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0)
  date.setUTCFullYear(Number(year), month, Number(day))
  // A day that the month lacks would roll over into the next.
  if (date.getUTCDate() !== Number(day)) return undefined
  // A leap second has no instant of its own: it is the second before.
  return date.setUTCHours(Number(hour), Number(minute), Math.min(Number(second), 59))
}

function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + CENTURY_WINDOW_YEARS ? year - 100 : year
}
