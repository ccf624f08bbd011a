import type {
  CircuitBreaker,
  FleetFacts,
  FleetStatus,
  InstanceVerdict,
  PastVerdict,
} from '@sluice/circuit-breaker'
import { stateName, type StateName } from './breaker-view.ts'

const LATEST = 50

/** What `GET /stats/circuit-breakers/:name/fleet` answers: a breaker as each instance has it. */
export interface FleetView extends FleetStatus {
  readonly standings: readonly StandingView[]
  /** State → instances that have it so. */
  readonly states: Readonly<Partial<Record<StateName, number>>>
  /** Whether some instance has it otherwise than the fleet decided. */
  readonly disagreement: boolean
  /** The last 50 verdicts, latest first, at times by the store's clock. */
  readonly history: readonly VerdictView[]
  /** Why nothing is known of the others. */
  readonly storeError?: string
}

export interface StandingView extends Omit<InstanceVerdict, 'state'> {
  readonly state: StateName
}

export interface VerdictView {
  readonly at: string
  readonly state: StateName
  readonly reason: string
  readonly actor?: string
  readonly votes?: number
}

export async function fleetView(
  { name }: CircuitBreaker,
  fleet: FleetFacts,
  status: FleetStatus,
): Promise<FleetView> {
  try {
    const [instances, history] = await Promise.all([fleet.instances(name), fleet.history(name, LATEST)])
    const standings = instances.map((one) => Object.assign({}, one, { state: stateName(one.state) }))
    return {
      ...status,
      standings,
      states: count(standings),
      disagreement: standings.some(({ scope }) => scope !== 'fleet'),
      history: history.map(verdictView),
    }
  } catch (error) {
    const storeError = (error as Error).message
    return { ...status, standings: [], states: {}, disagreement: false, history: [], storeError }
  }
}

function count(standings: readonly StandingView[]): FleetView['states'] {
  const states: Partial<Record<StateName, number>> = {}
  for (const { state } of standings) states[state] = (states[state] ?? 0) + 1
  return states
}

function verdictView({ at, state, reason, actor, votes }: PastVerdict): VerdictView {
  return {
    at: new Date(at).toISOString(),
    state: stateName(state),
    reason,
    ...(actor === undefined ? {} : { actor }),
    ...(votes === undefined ? {} : { votes }),
  }
}
