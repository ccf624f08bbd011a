import type { Sample } from './history.ts'

const slots = 60

export interface SparklineColours {
  readonly ok: string
  readonly failed: string
  readonly rejected: string
}

/** The last minute as bars: successes below, failures and refusals on top. */
export function drawSparkline(
  canvas: HTMLCanvasElement,
  samples: readonly Sample[],
  colours: SparklineColours,
): void {
  const ratio = devicePixelRatio
  const width = Math.round(canvas.clientWidth * ratio)
  const height = Math.round(canvas.clientHeight * ratio)
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')
  if (context === null || width === 0) return
  context.clearRect(0, 0, width, height)
  const shown = samples.slice(-slots)
  const highest = Math.max(
    1,
    ...shown.map(({ successes, failures, rejects }) => successes + failures + rejects),
  )
  const step = width / slots
  const bar = Math.max(1, step - ratio * 0.5)
  shown.forEach(({ successes, failures, rejects }, i) => {
    const x = width - (shown.length - i) * step
    let y = height
    const stack = (value: number, colour: string): void => {
      if (value <= 0) return
      const tall = Math.max(ratio, (value / highest) * (height - ratio))
      context.fillStyle = colour
      context.fillRect(x, y - tall, bar, tall)
      y -= tall
    }
    stack(successes, colours.ok)
    stack(failures, colours.failed)
    stack(rejects, colours.rejected)
  })
}
