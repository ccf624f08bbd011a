import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'

/** The scripts in `lua/`, one method each; what their keys and arguments are stands at the head of each file. */
export interface CacheCommands {
  sluicePutEntry(
    index: string,
    entry: string,
    seen: string,
    wanted: string,
    bytes: Buffer,
    ttlMs: number,
  ): Promise<string | null>
  sluiceInvalidateResource(index: string, mode: string, epoch: string, ttlMs: number): Promise<0 | 1>
  sluiceNoteInvalidation(
    latest: string,
    log: string,
    channel: string,
    member: string,
    message: string,
    maxMembers: number,
    ttlMs: number,
  ): Promise<string>
  sluiceTakeLease(lease: string, waited: string, token: string, ttlMs: number): Promise<0 | 1>
  sluiceEndLease(
    lease: string,
    waited: string,
    token: string,
    channel: string,
    message: string,
  ): Promise<0 | 1>
}

const scripts: Readonly<Record<keyof CacheCommands, { file: string; numberOfKeys: number }>> = {
  sluicePutEntry: { file: 'put-entry', numberOfKeys: 2 },
  sluiceInvalidateResource: { file: 'invalidate-resource', numberOfKeys: 1 },
  sluiceNoteInvalidation: { file: 'note-invalidation', numberOfKeys: 2 },
  sluiceTakeLease: { file: 'take-lease', numberOfKeys: 2 },
  sluiceEndLease: { file: 'end-lease', numberOfKeys: 2 },
}

export type CacheRedis = (Redis | Cluster) & CacheCommands

/** The client with our scripts as commands; ioredis sends each by its SHA, and whole where the server lacks it. */
export function cacheCommands(redis: Redis | Cluster): CacheRedis {
  for (const [name, { file, numberOfKeys }] of Object.entries(scripts)) {
    if (name in redis) continue
    const lua = readFileSync(new URL(`../../lua/${file}.lua`, import.meta.url), 'utf8')
    redis.defineCommand(name, { numberOfKeys, lua })
  }
  return redis as CacheRedis
}
