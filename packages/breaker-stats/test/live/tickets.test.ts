import { test } from 'tap'
import { Tickets } from '../../src/live/tickets.ts'

test('a ticket is good once, for half a minute', (t) => {
  let now = 0
  const tickets = new Tickets(() => now)
  const [first, second] = [tickets.issue().ticket, tickets.issue().ticket]
  t.not(first, second)
  t.equal(tickets.redeem(first), true)
  t.equal(tickets.redeem(first), false)
  now = 30_000
  t.equal(tickets.redeem(second), false)
  t.end()
})

test('there are a thousand at most: the oldest goes', (t) => {
  const tickets = new Tickets(() => 0)
  const issued = Array.from({ length: 1_001 }, () => tickets.issue().ticket)
  t.equal(tickets.redeem(issued.at(0) ?? ''), false)
  t.equal(tickets.redeem(issued.at(1) ?? ''), true)
  t.equal(tickets.redeem(issued.at(1_000) ?? ''), true)
  t.end()
})
