/** A figure with as many digits as say something. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

export function times(ratio: number): string {
  return Number.isFinite(ratio) ? ratio.toFixed(2) : '–'
}

/** ± of a share. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `± ${Math.round(share * 100)} %` : '–'
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
