import { fleet } from '../fleet/index.ts'
import type { Suite } from '../suite.ts'
import { micro } from './micro.ts'
import { proxy } from './proxy.ts'

/** All suites, in the order in which they run. */
export const suites: readonly Suite[] = [micro, proxy, fleet]
