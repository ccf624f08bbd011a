import { fleet } from '../fleet/index.ts'
import type { Suite } from '../suite.ts'
import { auth } from './auth.ts'
import { cache } from './cache.ts'
import { dashboard } from './dashboard.ts'
import { growth } from './growth.ts'
import { micro } from './micro.ts'
import { proxy } from './proxy.ts'

/** All suites, in the order in which they run. */
export const suites: readonly Suite[] = [micro, proxy, cache, auth, fleet, dashboard, growth]
