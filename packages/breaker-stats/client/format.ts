/** `2 m 14 s`: the two largest units. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return two(seconds, 60, 'm', 1, 's')
  return seconds < 86_400 ? two(seconds, 3600, 'h', 60, 'm') : two(seconds, 86_400, 'd', 3600, 'h')
}

function two(seconds: number, larger: number, unit: string, smaller: number, rest: string): string {
  const left = Math.floor((seconds % larger) / smaller)
  return `${Math.floor(seconds / larger)} ${unit}${left === 0 ? '' : ` ${left} ${rest}`}`
}

/** `840 ms`, `1.2 s`. */
export function latency(ms: number): string {
  if (ms === 0) return '–'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
}

/** `12 %`, `0.4 %`. */
export function percent(ratio: number): string {
  const value = Math.round(ratio * 1000) / 10
  return `${value < 10 ? value : Math.round(value)} %`
}

/** `1,240`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** `12.4k`. */
export function compact(value: number): string {
  if (value < 10 && value % 1 !== 0) return value.toFixed(1)
  if (value < 10_000) return count(value)
  return value < 1_000_000 ? `${(value / 1000).toFixed(1)}k` : `${(value / 1_000_000).toFixed(1)}M`
}

/** `12.4 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** `14:03:22`, with the day if it is not today's. */
export function clock(epochMs: number, now: number): string {
  const date = new Date(epochMs)
  const time = date.toLocaleTimeString('en-GB')
  return date.toDateString() === new Date(now).toDateString()
    ? time
    : `${date.toLocaleDateString('en-GB')} ${time}`
}
