import type { RowState } from '#src/live/protocol'

export interface StateStyle {
  readonly label: string
  /** Nearest to the top of the board first. */
  readonly severity: number
  /** Path in a box of 24 by 24: each state has a shape of its own, for those who cannot tell the colours. */
  readonly shape: string
}

/** In the order in which they are shown. */
export const stateStyles: Readonly<Record<RowState, StateStyle>> = {
  open: {
    label: 'Open',
    severity: 0,
    shape:
      'M8 2h8l6 6v8l-6 6H8l-6-6V8Zm1.2 5.8L7.8 9.2l2.8 2.8-2.8 2.8 1.4 1.4 2.8-2.8 2.8 2.8 1.4-1.4-2.8-2.8 2.8-2.8-1.4-1.4-2.8 2.8Z',
  },
  'forced-open': {
    label: 'Forced open',
    severity: 1,
    shape: 'M3 3h18v18H3Zm5 8V9a4 4 0 0 1 8 0v2h1v7H7v-7Zm2 0h4V9a2 2 0 0 0-4 0Z',
  },
  'half-open': {
    label: 'Half-open',
    severity: 2,
    shape: 'M12 1 23 12 12 23 1 12ZM12 4.2V19.8l7.8-7.8Z',
  },
  recovering: {
    label: 'Recovering',
    severity: 3,
    shape: 'M12 2 23 21H1Zm-1 7.5-3.4 5.8h2.9V18h3v-2.7h2.9Z',
  },
  disabled: {
    label: 'Disabled',
    severity: 4,
    shape: 'M2 9h20v6H2Z',
  },
  closed: {
    label: 'Closed',
    severity: 5,
    shape:
      'M12 1.5a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21ZM16.6 7.6 18.2 9.2 10.6 16.8 5.9 12.1 7.5 10.5 10.6 13.6Z',
  },
}

export const allStates: readonly RowState[] = Object.keys(stateStyles) as RowState[]
