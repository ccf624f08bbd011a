export { fail, succeed, trip } from './drive.ts'
export { ManualClock } from './manual-clock.ts'
