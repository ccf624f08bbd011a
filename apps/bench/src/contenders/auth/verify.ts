/** Verification of keys outside of a request: how long a first look-up takes, and whether its time tells about a key. */
import { ApiKeys, memoryKeys } from '@sluice/api-key-auth'
import { announce } from '../../child.ts'
import { quantile, welch } from '../../statistics.ts'

/** Digits at the end of a key that are no part of its secret. */
const CHECKSUM = 6

export interface VerifyFigures {
  /** ns of a key's first verification. */
  readonly firstNs: number
  /** Welch's t between keys wrong in their first and in their last character of the secret. */
  readonly t: number
}

export interface VerifyQuestion {
  readonly keys: number
}

announce({}, async (question) => {
  const { keys: count } = question as VerifyQuestion
  const keys = new ApiKeys({ store: memoryKeys() })
  const issued: string[] = []
  for (let index = 0; index < count; index++) issued.push((await keys.create({ consumer: `c${index}` })).key)
  const half = issued.slice(0, count / 2)
  await timeAll(keys, half)
  const first = await timeAll(keys, issued.slice(count / 2))
  await keys.close()
  return { firstNs: quantile(first, 0.5), t: await timingLeak(keys, half) } satisfies VerifyFigures
})

/** In turns, and each first as often as the other: whatever else the machine does falls on both. */
async function timingLeak(keys: ApiKeys, issued: readonly string[]): Promise<number> {
  const secret = (issued[0]?.lastIndexOf('_') ?? 0) + 1
  const early: number[] = []
  const late: number[] = []
  for (const [index, key] of issued.entries()) {
    const wrong = [tampered(key, secret), tampered(key, key.length - CHECKSUM - 1)]
    if (index % 2 === 1) wrong.reverse()
    const [first = 0, second = 0] = await timeAll(keys, wrong)
    early.push(index % 2 === 1 ? second : first)
    late.push(index % 2 === 1 ? first : second)
  }
  // The scheduler's interruptions say nothing about the comparison.
  return Math.abs(welch(withoutTail(early), withoutTail(late)))
}

async function timeAll(keys: ApiKeys, presented: readonly string[]): Promise<number[]> {
  const times: number[] = []
  for (const key of presented) {
    const start = process.hrtime.bigint()
    await keys.verify(key)
    times.push(Number(process.hrtime.bigint() - start))
  }
  return times
}

function tampered(key: string, at: number): string {
  return key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1)
}

function withoutTail(times: readonly number[]): number[] {
  const limit = quantile(times, 0.9)
  return times.filter((time) => time <= limit)
}
