import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import { readCompanions } from '../api/companions.ts'
import { Board } from './board.ts'
import { toPanels } from './panels.ts'
import type { DeltaFrame, FullFrame, Panels, TestProgress } from './protocol.ts'
import { Viewers, type ViewerLimits } from './viewers.ts'

/** Share of a core that the counters of the dashboards may take. */
const budget = 0.01
const checkUpMs = 15_000

/**
 * Feeds the dashboards: transitions at once, counters every `intervalMs` or, with very many breakers, as often as a
 * hundredth of a core allows. Nothing runs while nobody watches.
 */
export class Hub {
  readonly #app: FastifyInstance
  readonly #viewers: Viewers
  readonly #intervalMs: number
  readonly #checkUpMs: number
  readonly #instance: string
  readonly #board = new Board()
  readonly #touched = new Set<string>()
  readonly #unsubscribe: () => void
  #panels = ''
  #seq = 0
  #test: TestProgress | null = null
  #tick: NodeJS.Timeout | undefined
  #checkUp: NodeJS.Timeout | undefined
  #flush: NodeJS.Immediate | undefined

  constructor(app: FastifyInstance, options: ViewerLimits & { intervalMs: number }, instance: string) {
    this.#app = app
    this.#intervalMs = options.intervalMs
    this.#checkUpMs = Math.min(checkUpMs, options.maxAgeMs)
    this.#instance = instance
    this.#viewers = new Viewers(options, () => performance.now())
    this.#unsubscribe = app.circuitBreakers.on('transition', ({ breaker }) => this.#touch(breaker))
  }

  get isFull(): boolean {
    return this.#viewers.isFull
  }

  get viewers(): number {
    return this.#viewers.size
  }

  /** Everything as it is now: what a dashboard starts with, and what one that polls gets. */
  fullFrame(): FullFrame {
    this.#refresh()
    return {
      type: 'full',
      seq: this.#seq,
      at: Date.now(),
      instance: this.#instance,
      rows: this.#board.rows,
      panels: toPanels(readCompanions(this.#app)),
      test: this.#test,
    }
  }

  join(socket: WebSocket): void {
    socket.send(JSON.stringify(this.fullFrame()))
    this.#viewers.add(socket, () => {
      if (this.#viewers.size === 0) this.#rest()
    })
    if (this.#tick === undefined) this.#begin()
  }

  /** Shows how the test goes. */
  showTest(progress: TestProgress | null): void {
    this.#test = progress
    if (this.#viewers.size > 0) this.#send({ rows: [], test: progress })
  }

  close(): void {
    this.#unsubscribe()
    this.#rest()
    this.#viewers.close()
  }

  #begin(): void {
    this.#checkUp = setInterval(() => this.#viewers.checkUp(), this.#checkUpMs).unref()
    this.#schedule(this.#intervalMs)
  }

  #rest(): void {
    clearTimeout(this.#tick)
    clearInterval(this.#checkUp)
    clearImmediate(this.#flush)
    this.#tick = this.#checkUp = this.#flush = undefined
  }

  #schedule(delayMs: number): void {
    this.#tick = setTimeout(() => {
      const startedAt = performance.now()
      this.#refresh()
      this.#schedule(Math.max(this.#intervalMs, (performance.now() - startedAt) / budget))
    }, delayMs).unref()
  }

  /** Brings the board up to date and tells the viewers what changed; a frame without changes says: still here. */
  #refresh(): void {
    const { rows, gone } = this.#board.replace(this.#app.circuitBreakers.stats())
    if (this.#viewers.size === 0) return
    const panels = toPanels(readCompanions(this.#app))
    const text = JSON.stringify(panels)
    const change: { panels?: Panels } = text === this.#panels ? {} : { panels }
    this.#panels = text
    this.#send({ rows, ...(gone.length === 0 ? {} : { gone }), ...change })
  }

  #touch(breaker: string): void {
    if (this.#viewers.size === 0) return
    this.#touched.add(breaker)
    this.#flush ??= setImmediate(() => this.#flushTouched())
  }

  #flushTouched(): void {
    this.#flush = undefined
    const snapshots = [...this.#touched].flatMap(
      (name) => this.#app.circuitBreakers.get(name)?.snapshot() ?? [],
    )
    this.#touched.clear()
    this.#send({ rows: this.#board.patch(snapshots) })
  }

  #send(content: Omit<DeltaFrame, 'type' | 'seq' | 'at'>): void {
    const frame: DeltaFrame = { type: 'delta', seq: ++this.#seq, at: Date.now(), ...content }
    this.#viewers.send(Buffer.from(JSON.stringify(frame)))
  }
}
