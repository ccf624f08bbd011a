import type { OptionChecker } from './option-checker.ts'
import type {
  BreakerOptions,
  BulkheadOptions,
  CountWindowOptions,
  ResolvedBreakerOptions,
  TimeWindowOptions,
} from './options.ts'

type Given<Key extends keyof BreakerOptions> = BreakerOptions[Key]
type Resolved<Key extends keyof ResolvedBreakerOptions> = ResolvedBreakerOptions[Key]

const RATIO = { above: 0, to: 1 }
const COUNT = { from: 1, integer: true }
const DURATION = { above: 0 }

export function readWindow(
  check: OptionChecker,
  path: string,
  given: Given<'window'>,
  base: Resolved<'window'>,
): Resolved<'window'> {
  if (given === undefined) return base
  const type = check.oneOf(`${path}.type`, given?.type, base.type, ['time', 'count'])
  if (type === 'count') {
    const { size } = check.object(path, given as CountWindowOptions, ['type', 'size'])
    const before = base.type === 'count' ? base.size : 100
    return { type, size: check.number(`${path}.size`, size, before, { ...COUNT, to: 1_000_000 }) }
  }
  const { durationMs, buckets } = check.object(path, given as TimeWindowOptions, [
    'type',
    'durationMs',
    'buckets',
  ])
  const before = base.type === 'time' ? base : { durationMs: 10_000, buckets: 10 }
  return {
    type,
    durationMs: check.number(`${path}.durationMs`, durationMs, before.durationMs, {
      from: 1,
      to: 86_400_000,
    }),
    buckets: check.number(`${path}.buckets`, buckets, before.buckets, { ...COUNT, to: 3_600 }),
  }
}

export function readSlowCall(
  check: OptionChecker,
  path: string,
  given: Given<'slowCall'>,
  base: Resolved<'slowCall'>,
): Resolved<'slowCall'> {
  if (given === undefined) return base
  if (given === false) return false
  const { durationMs, ratio } = check.object(path, given, ['durationMs', 'ratio'])
  const before = base === false ? { durationMs: undefined, ratio: 0.8 } : base
  const slowMs = durationMs ?? before.durationMs
  if (slowMs === undefined) check.problem(`${path}.durationMs`, slowMs, 'a number above 0')
  return {
    durationMs: check.number(`${path}.durationMs`, slowMs, 0, DURATION),
    ratio: check.number(`${path}.ratio`, ratio, before.ratio, RATIO),
  }
}

export function readOpen(
  check: OptionChecker,
  path: string,
  given: Given<'open'>,
  base: Resolved<'open'>,
): Resolved<'open'> {
  if (given === undefined) return base
  const open = check.object(path, given, ['durationMs', 'maxMs', 'factor', 'jitter'])
  const durationMs = check.number(`${path}.durationMs`, open.durationMs, base.durationMs, DURATION)
  return {
    durationMs,
    maxMs: check.number(`${path}.maxMs`, open.maxMs, Math.max(base.maxMs, durationMs), { from: durationMs }),
    factor: check.number(`${path}.factor`, open.factor, base.factor, { from: 1 }),
    jitter: check.number(`${path}.jitter`, open.jitter, base.jitter, { from: 0, to: 1 }),
  }
}

export function readProbe(
  check: OptionChecker,
  path: string,
  given: Given<'probe'>,
  base: Resolved<'probe'>,
): Resolved<'probe'> {
  if (given === undefined) return base
  const keys = ['max', 'concurrency', 'successRatio', 'timeoutMs', 'maxWaitMs']
  const probe = check.object(path, given, keys)
  const max = check.number(`${path}.max`, probe.max, base.max, COUNT)
  const { timeoutMs } = probe
  return {
    max,
    concurrency: check.number(`${path}.concurrency`, probe.concurrency, Math.min(base.concurrency, max), {
      ...COUNT,
      to: max,
    }),
    successRatio: check.number(`${path}.successRatio`, probe.successRatio, base.successRatio, RATIO),
    timeoutMs:
      timeoutMs === undefined ? base.timeoutMs : check.number(`${path}.timeoutMs`, timeoutMs, 0, DURATION),
    maxWaitMs: check.number(`${path}.maxWaitMs`, probe.maxWaitMs, base.maxWaitMs, DURATION),
  }
}

export function readRecovery(
  check: OptionChecker,
  path: string,
  given: Given<'recovery'>,
  base: Resolved<'recovery'>,
): Resolved<'recovery'> {
  if (given === undefined) return base
  const recovery = check.object(path, given, ['rampMs', 'floor'])
  return {
    rampMs: check.number(`${path}.rampMs`, recovery.rampMs, base.rampMs, { from: 0 }),
    floor: check.number(`${path}.floor`, recovery.floor, base.floor, RATIO),
  }
}

export function readFailOn(
  check: OptionChecker,
  path: string,
  given: Given<'failOn'>,
  base: Resolved<'failOn'>,
): Resolved<'failOn'> {
  if (given === undefined) return base
  const { status = base.status, network = base.network } = check.object(path, given, ['status', 'network'])
  if (typeof network !== 'boolean') check.problem(`${path}.network`, network, 'true or false')
  if (status !== undefined && !isStatusList(status)) {
    check.problem(`${path}.status`, status, 'an array of whole numbers from 100 to 599')
    return base
  }
  return { status: status === undefined ? undefined : Object.freeze([...status]), network }
}

function isStatusList(list: unknown): boolean {
  return (
    Array.isArray(list) &&
    list.every((status) => Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599)
  )
}

export function readBulkhead(
  check: OptionChecker,
  path: string,
  given: Given<'bulkhead'>,
  base: Resolved<'bulkhead'>,
): Resolved<'bulkhead'> {
  if (given === undefined) return base
  if (given === false) return false
  const bulkhead = check.object<BulkheadOptions>(path, given, ['max', 'queue', 'queueTimeoutMs'])
  const before = base === false ? { max: undefined, queue: 0, queueTimeoutMs: 1_000 } : base
  const max = bulkhead.max ?? before.max
  const words: readonly 'auto'[] = ['auto']
  if (max === undefined) check.problem(`${path}.max`, max, 'a whole number from 1 or auto')
  return {
    max: check.numberOr(`${path}.max`, max, 1, { ...COUNT, or: words }),
    queue: check.number(`${path}.queue`, bulkhead.queue, before.queue, { from: 0, integer: true }),
    queueTimeoutMs: check.number(
      `${path}.queueTimeoutMs`,
      bulkhead.queueTimeoutMs,
      before.queueTimeoutMs,
      DURATION,
    ),
  }
}
