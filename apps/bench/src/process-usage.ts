import { readFileSync } from 'node:fs'

export interface ProcessUsage {
  /** Processor time since its start, user and system, in µs. */
  readonly cpuUs: number
  /** Resident memory, bytes. */
  readonly rssBytes: number
}

/** `USER_HZ`: what Linux counts processor time in, whatever the kernel's own tick. */
const TICK_US = 10_000

/** What a process has used, by /proc; undefined where there is none. */
export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const cpuUs = (Number(fields[11]) + Number(fields[12])) * TICK_US
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return { cpuUs, rssBytes: Number(resident?.[1] ?? 0) * 1024 }
  } catch {
    return undefined
  }
}

/** The same of this process, on any system. */
export function ownUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() }
}
